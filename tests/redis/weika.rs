//! A Weika that does nothing but issue tokens and count them.

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

/// A call that takes a token, for [`WeikaClient::post_json`](tower_weika::client::weika::WeikaClient::post_json).
pub(crate) const CALL: &str = "/open/call";

/// The tokens of an application `key` are `key.1`, `key.2` …, in the order in which they are asked for. Lives as long
/// as the runtime of the test.
#[derive(Clone)]
pub(crate) struct Weika {
    pub(crate) url: String,
    book: Arc<Mutex<Book>>,
}

#[derive(Default)]
struct Book {
    issued: Vec<Issued>,
    numbers: HashMap<String, u64>,
    latency: Duration,
    held: Option<oneshot::Receiver<()>>,
    ends_former: bool,
}

/// A token that was issued.
#[derive(Clone)]
pub(crate) struct Issued {
    pub(crate) app_key: String,
    /// With what secret: tells who has asked.
    pub(crate) secret: String,
    pub(crate) at: Instant,
}

impl Weika {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let weika = Self {
            url,
            book: Arc::default(),
        };
        let app = Router::new()
            .route("/open/cgi-bin/access-token", post(token))
            .route(CALL, post(call));
        let app = app.with_state(weika.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        weika
    }

    /// Answers come a random time later, up to this long.
    pub(crate) fn set_latency(&self, up_to: Duration) {
        self.book().latency = up_to;
    }

    /// The next answer comes when the sender is used or dropped.
    pub(crate) fn hold_next(&self) -> oneshot::Sender<()> {
        let (release, held) = oneshot::channel();
        self.book().held = Some(held);
        release
    }

    /// A new token ends the one before, from now on.
    pub(crate) fn end_former_tokens(&self) {
        self.book().ends_former = true;
    }

    /// All tokens of all applications, in the order in which they were asked for.
    pub(crate) fn issued(&self) -> Vec<Issued> {
        self.book().issued.clone()
    }

    /// The token that was asked for last.
    pub(crate) fn newest(&self, app_key: &str) -> String {
        let number = self.book().numbers.get(app_key).copied().unwrap_or(0);
        format!("{app_key}.{number}")
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn token(State(weika): State<Weika>, Json(asked): Json<Value>) -> Json<Value> {
    let text = |name: &str| {
        asked[name]
            .as_str()
            .expect("the client sends it")
            .to_owned()
    };
    let (app_key, secret) = (text("app_key"), text("app_secret"));
    let (token, latency, held) = {
        let mut book = weika.book();
        let number = book.numbers.entry(app_key.clone()).or_default();
        *number += 1;
        let token = format!("{app_key}.{number}");
        book.issued.push(Issued {
            app_key,
            secret,
            at: now(),
        });
        (token, book.latency.mul_f64(fraction()), book.held.take())
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
    let is_good = !weika.book().ends_former || *token == weika.newest(app_key);
    Json(json!({ "errcode": if is_good { 0 } else { 40_005 } }))
}

/// Between 0 and 1, at random.
pub(crate) fn fraction() -> f64 {
    use std::hash::{BuildHasher, RandomState};

    let number = u32::try_from(RandomState::new().hash_one(0) >> 32).expect("32 bits");
    f64::from(number) / f64::from(u32::MAX)
}
