//! Instances of a site, each a process of its own, that need access tokens.

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

/// What an instance says of an application.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) app_key: String,
    /// The token that it has, or why it has none.
    pub(crate) outcome: Result<String, String>,
}

impl Instance {
    /// A process that shares its tokens through the Redis at this URL. Weika knows it by this name.
    #[track_caller]
    pub(crate) fn start(name: &str, redis_url: &str, weika: &Weika) -> Self {
        let process = Child::run(
            "instance::instance",
            &[("NAME", name), ("REDIS", redis_url), ("WEIKA", &weika.url)],
        );
        assert_eq!(process.hear(), "ready");
        Self { process }
    }

    /// Does not wait for the answer, see [`hear`](Self::hear). `get`: a token from the cache. `renew`: what it is when
    /// the present one was refused. `call`: a call with it, and which token it was that was taken.
    #[track_caller]
    pub(crate) fn ask(&mut self, what: &str, app_key: &str) {
        self.process.say(&format!("{what} {app_key}"));
    }

    /// The next answer.
    #[track_caller]
    pub(crate) fn hear(&self) -> Told {
        let line = self.process.hear();
        let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
        match <[String; 3]>::try_from(words).expect("three words") {
            [app_key, what, token] if what == "token" => Told {
                app_key,
                outcome: Ok(token),
            },
            [app_key, _, kind] => Told {
                app_key,
                outcome: Err(kind),
            },
        }
    }

    /// Asks and waits for the answer.
    #[track_caller]
    pub(crate) fn now(&mut self, what: &str, app_key: &str) -> Result<String, String> {
        self.ask(what, app_key);
        self.hear().outcome
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a role: other tests run it in a process of its own"]
async fn instance() {
    let Some(parent) = child::role() else { return };
    let variable = |name| env::var(name).expect("the parent gives it");
    let redis = Redis::connect(variable("REDIS"))
        .await
        .expect("a server that runs");
    let coordinator = redis.coordinator();
    let new_client = |app_key: &str| {
        // Patient: what takes long here is a process that stands still.
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
    parent.say("ready");
    loop {
        let line = block_in_place(|| parent.hear());
        let (what, app_key) = line.split_once(' ').expect("two words");
        let client = clients
            .entry(app_key.to_owned())
            .or_insert_with(|| new_client(app_key))
            .clone();
        let (what, app_key) = (what.to_owned(), app_key.to_owned());
        tokio::spawn(async move {
            match done(&what, &client).await {
                Ok(token) => child::say(&format!("{app_key} token {token}")),
                Err(kind) => child::say(&format!("{app_key} error {kind:?}")),
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
        other => panic!("{other:?} is nothing that it can do"),
    }
    let token = client.access_token().await.map_err(|error| error.kind())?;
    Ok(token.expose().to_owned())
}
