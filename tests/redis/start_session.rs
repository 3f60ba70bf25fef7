//! Sessions that the application starts, and the events of several instances, over Redis.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use http::StatusCode;
use tower_weika::ErrorKind;
use tower_weika::store::Redis;

use crate::kit::{connect, until};
use crate::redis_server;
use crate::site::{ANONYMOUS, Site};

/// `name=value` of a `Set-Cookie` header.
fn pair(set_cookie: &str) -> &str {
    set_cookie.split(';').next().unwrap()
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn started_session_is_live_at_every_instance_until_its_logout() {
    let redis = redis_server::Redis::start();
    let mut sites = Vec::new();
    for _ in 0..2 {
        sites.push(Site::new(connect(Redis::builder(redis.url())).await));
    }
    let [one, other] = sites.try_into().ok().unwrap();
    let previous = one.log_in("o1").await.unwrap();
    let started = one.start_session("o2", &previous).await.unwrap();
    assert!(
        started.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"),
        "{started}"
    );
    let cookie = pair(&started);
    assert_eq!(one.get("/guarded", cookie).await.text, "o2");
    assert_eq!(other.get("/guarded", cookie).await.text, "o2");
    for site in [&one, &other] {
        until("the previous session is revoked", async || {
            site.get("/", &previous).await.text == ANONYMOUS
        })
        .await;
    }
    assert_eq!(one.events(), ["logged_in o1", "session_started o2"]);

    assert_eq!(other.log_out(cookie).await.status, StatusCode::SEE_OTHER);
    until("the session is revoked", async || {
        one.get("/", cookie).await.text == ANONYMOUS
    })
    .await;
    one.log_out(cookie).await;
    one.revoke(Some("o2")).await;
    assert_eq!(other.events(), ["logged_out o2"]);
    assert_eq!(one.events(), ["subject_revoked o2"], "no second logout");
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn unreachable_store_is_an_error_of_kind_store_and_no_event() {
    let redis = redis_server::Redis::start();
    let site = Site::new(connect(Redis::builder(redis.url())).await);
    drop(redis);
    let started = site.start_session("o1", "").await;
    assert_eq!(started.unwrap_err().kind(), ErrorKind::Store);
    assert!(site.events().is_empty());
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn callback_at_two_instances_at_once_is_one_event() {
    let redis = redis_server::Redis::start();
    let one = Site::new(connect(Redis::builder(redis.url())).await);
    let other = Site::new(connect(Redis::builder(redis.url())).await);
    for (code, expected) in [("o1", "logged_in o1"), ("invalid", "failed ")] {
        let (callback, flow) = one.start_login(code).await.unwrap();
        let mut callbacks = tokio::task::JoinSet::new();
        for index in 0..50 {
            let site = if index % 2 == 0 {
                one.clone()
            } else {
                other.clone()
            };
            let (callback, flow) = (callback.clone(), flow.clone());
            callbacks.spawn(async move { site.get(&callback, &flow).await.status });
        }
        for status in callbacks.join_all().await {
            assert_eq!(status, StatusCode::SEE_OTHER);
        }
        let events = [one.events(), other.events()].concat();
        assert_eq!(events, [expected]);
    }
}
