//! Instances of a site that need access tokens, each in a separate process.

use std::collections::HashMap;
use std::env;
use std::time::Duration;

use serde_json::json;
use tokio::task::block_in_place;
use tower_weika::ErrorKind;
use tower_weika::client::weika::WeikaClient;
use tower_weika::store::Redis;

use crate::child::{self, Child};
use crate::weika::{CALL, Weika};

/// One instance.
pub(crate) struct Instance {
    pub(crate) process: Child,
}

/// The result of a request to an instance.
#[derive(Debug)]
pub(crate) struct TokenResult {
    pub(crate) app_key: String,
    /// The token, or the kind of the error.
    pub(crate) outcome: Result<String, String>,
}

impl Instance {
    /// Starts a process that shares its tokens through the Redis at this URL. The Weika server
    /// knows it by this name.
    #[track_caller]
    pub(crate) fn start(name: &str, redis_url: &str, weika: &Weika) -> Self {
        let process = Child::run(
            "instance::instance",
            &[("NAME", name), ("REDIS", redis_url), ("WEIKA", &weika.url)],
        );
        assert_eq!(process.receive(), "ready");
        Self { process }
    }

    /// Sends a request without waiting for the result, see [`receive`](Self::receive). `get`: a
    /// token from the cache. `renew`: a new token because the current one was rejected. `call`: an
    /// API call, which returns the token that was accepted.
    #[track_caller]
    pub(crate) fn request(&mut self, what: &str, app_key: &str) {
        self.process.send(&format!("{what} {app_key}"));
    }

    /// Returns the next result.
    #[track_caller]
    pub(crate) fn receive(&self) -> TokenResult {
        let line = self.process.receive();
        let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
        match <[String; 3]>::try_from(words).expect("three words") {
            [app_key, what, token] if what == "token" => TokenResult {
                app_key,
                outcome: Ok(token),
            },
            [app_key, _, kind] => TokenResult {
                app_key,
                outcome: Err(kind),
            },
        }
    }

    /// Sends a request and waits for the result.
    #[track_caller]
    pub(crate) fn now(&mut self, what: &str, app_key: &str) -> Result<String, String> {
        self.request(what, app_key);
        self.receive().outcome
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a role: other tests run it in a child process"]
async fn instance() {
    let Some(parent) = child::role() else { return };
    let variable = |name| env::var(name).expect("the parent gives it");
    let redis = Redis::connect(variable("REDIS"))
        .await
        .expect("a server that runs");
    let coordinator = redis.coordinator();
    let new_client = |app_key: &str| {
        // A long timeout, because processes are paused in these tests.
        let client = WeikaClient::builder(app_key, variable("NAME")).base_url(variable("WEIKA"));
        let client = client
            .total_timeout(Duration::from_secs(60))
            .build()
            .expect("a client");
        client
            .attach_coordinator(&coordinator)
            .expect("the first one");
        client
    };
    let mut clients = HashMap::new();
    parent.send("ready");
    loop {
        let line = block_in_place(|| parent.receive());
        let (what, app_key) = line.split_once(' ').expect("two words");
        let client = clients
            .entry(app_key.to_owned())
            .or_insert_with(|| new_client(app_key))
            .clone();
        let (what, app_key) = (what.to_owned(), app_key.to_owned());
        tokio::spawn(async move {
            match done(&what, &client).await {
                Ok(token) => child::send(&format!("{app_key} token {token}")),
                Err(kind) => child::send(&format!("{app_key} error {kind:?}")),
            }
        });
    }
}

async fn done(what: &str, client: &WeikaClient) -> Result<String, ErrorKind> {
    match what {
        "get" => {}
        "renew" => {
            if let Some(token) = client.tokens().current() {
                client.tokens().invalidate(&token);
            }
        }
        "call" => {
            client
                .post_json(None, CALL, &json!({}))
                .await
                .map_err(|error| error.kind())?;
        }
        other => panic!("unknown request {other:?}"),
    }
    let token = client.access_token().await.map_err(|error| error.kind())?;
    Ok(token.expose().to_owned())
}
