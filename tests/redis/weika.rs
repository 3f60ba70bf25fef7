//! A Weika server that only issues tokens and counts them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Query, State};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::redis_server::now;

/// An API call that takes a token, for
/// [`WeikaClient::post_json`](tower_weika::client::weika::WeikaClient::post_json).
pub(crate) const CALL: &str = "/open/call";

/// The tokens of an application `key` are `key.1`, `key.2` …, in the order of the requests. Lives
/// as long as the runtime of the test.
#[derive(Clone)]
pub(crate) struct Weika {
    pub(crate) url: String,
    tokens: Arc<Mutex<Tokens>>,
}

#[derive(Default)]
struct Tokens {
    issued: Vec<Issued>,
    numbers: HashMap<String, u64>,
    latency: Duration,
    held: Option<oneshot::Receiver<()>>,
    invalidates_previous: bool,
}

/// An issued token.
#[derive(Clone)]
pub(crate) struct Issued {
    pub(crate) app_key: String,
    /// The secret of the request, which identifies the instance.
    pub(crate) secret: String,
    pub(crate) at: Instant,
}

impl Weika {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let weika = Self {
            url,
            tokens: Arc::default(),
        };
        let app = Router::new()
            .route("/open/cgi-bin/access-token", post(token))
            .route(CALL, post(call));
        let app = app.with_state(weika.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        weika
    }

    /// Delays responses by a random time up to this long.
    pub(crate) fn set_latency(&self, up_to: Duration) {
        self.tokens().latency = up_to;
    }

    /// Holds the next response until the sender is used or dropped.
    pub(crate) fn hold_next(&self) -> oneshot::Sender<()> {
        let (release, held) = oneshot::channel();
        self.tokens().held = Some(held);
        release
    }

    /// From now on a new token invalidates the previous one.
    pub(crate) fn invalidate_previous_tokens(&self) {
        self.tokens().invalidates_previous = true;
    }

    /// Returns all tokens of all applications, in the order of the requests.
    pub(crate) fn issued(&self) -> Vec<Issued> {
        self.tokens().issued.clone()
    }

    /// Returns the newest token of an application.
    pub(crate) fn newest(&self, app_key: &str) -> String {
        let number = self.tokens().numbers.get(app_key).copied().unwrap_or(0);
        format!("{app_key}.{number}")
    }

    fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn token(State(weika): State<Weika>, Json(body): Json<Value>) -> Json<Value> {
    let text = |name: &str| body[name].as_str().expect("the client sends it").to_owned();
    let (app_key, secret) = (text("app_key"), text("app_secret"));
    let (token, latency, held) = {
        let mut tokens = weika.tokens();
        let number = tokens.numbers.entry(app_key.clone()).or_default();
        *number += 1;
        let token = format!("{app_key}.{number}");
        tokens.issued.push(Issued {
            app_key,
            secret,
            at: now(),
        });
        (
            token,
            tokens.latency.mul_f64(fraction()),
            tokens.held.take(),
        )
    };
    if let Some(held) = held {
        let _released_or_dropped = held.await;
    }
    sleep(latency).await;
    Json(json!({ "errcode": 0, "access_token": token, "expires_in": 7_200 }))
}

async fn call(
    State(weika): State<Weika>,
    Query(query): Query<HashMap<String, String>>,
) -> Json<Value> {
    let token = &query["access_token"];
    let (app_key, _) = token.split_once('.').expect("a token of this server");
    let is_good = !weika.tokens().invalidates_previous || *token == weika.newest(app_key);
    Json(json!({ "errcode": if is_good { 0 } else { 40_005 } }))
}

/// Returns a random number between 0 and 1.
pub(crate) fn fraction() -> f64 {
    use std::hash::{BuildHasher, RandomState};

    let number = u32::try_from(RandomState::new().hash_one(0) >> 32).expect("32 bits");
    f64::from(number) / f64::from(u32::MAX)
}
