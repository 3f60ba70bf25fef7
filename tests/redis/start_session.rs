//! Sessions that the application starts, and the events of several instances, over Redis.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::time::Duration;

use http::StatusCode;
use tower_weika::ErrorKind;
use tower_weika::store::{Redis, SessionStore};

use crate::kit::{connect, create_session, namespace, until, wait_until_cached};
use crate::proxy::{Fault, Proxy};
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

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn logout_at_two_instances_at_once_is_one_event() {
    let redis = redis_server::Redis::start();
    let one = Site::new(connect(Redis::builder(redis.url())).await);
    let other = Site::new(connect(Redis::builder(redis.url())).await);
    let cookie = one.log_in("o1").await.unwrap();
    assert_eq!(other.get("/", &cookie).await.text, "o1");
    assert_eq!(one.events(), ["logged_in o1"]);
    let mut logouts = tokio::task::JoinSet::new();
    for index in 0..50 {
        let site = if index % 2 == 0 { &one } else { &other };
        let (site, cookie) = (site.clone(), cookie.clone());
        logouts.spawn(async move { site.log_out(&cookie).await.status });
    }
    for status in logouts.join_all().await {
        assert_eq!(status, StatusCode::SEE_OTHER);
    }
    let events = [one.events(), other.events()].concat();
    assert_eq!(events, ["logged_out o1"]);
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn logout_whose_reply_redis_loses_has_its_event_when_it_is_repeated() {
    let redis = redis_server::Redis::start();
    let proxy = Proxy::start(&redis);
    let settings = Redis::builder(proxy.url()).operation_timeout(Duration::from_millis(200));
    let store = connect(settings).await;
    let site = Site::new(store.clone());
    let direct = Site::new(connect(Redis::builder(redis.url())).await);
    // The local cache serves sessions from now on, so that only the removal waits for Redis.
    let cached = create_session(&store, "o2").await;
    wait_until_cached(&store, &cached).await;
    // Redis knows the script of a removal from now on.
    assert!(store.remove(&namespace(), &cached).await.unwrap());
    let cookie = site.log_in("o1").await.unwrap();
    assert_eq!(site.get("/", &cookie).await.text, "o1");
    assert_eq!(site.events(), ["logged_in o1"]);
    proxy.set(Fault::LoseReplies);
    let failed = site.log_out(&cookie).await;
    assert_eq!(failed.status, StatusCode::SERVICE_UNAVAILABLE);
    until("the removal took effect", async || {
        direct.get("/", &cookie).await.text == ANONYMOUS
    })
    .await;
    assert!(site.events().is_empty());
    proxy.set(Fault::None);
    until("the logout succeeds", async || {
        site.log_out(&cookie).await.status == StatusCode::SEE_OTHER
    })
    .await;
    site.log_out(&cookie).await;
    assert_eq!(site.events(), ["logged_out o1"]);
}
