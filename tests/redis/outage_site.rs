//! An outage of Redis as the visitors of a site see it, and as the log shows it.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::time::Duration;

use http::StatusCode;
use http::header::{LOCATION, SET_COOKIE};
use tower_weika::store::{Redis, RedisStatus};

use crate::kit::{Log, connect, timed, until, until_within};
use crate::proxy::{Fault, Proxy};
use crate::redis_server;
use crate::site::{ANONYMOUS, Site};

const RECOVERY: Duration = Duration::from_secs(2);

/// Asserts the responses to visitors with and without a cookie while the store is unreachable.
async fn assert_outage(site: &Site, cookie: &str) {
    for _ in 0..50 {
        for target in ["/", "/guarded"] {
            site.get(target, cookie).await.assert_unavailable();
        }
        site.get("/", "").await.assert_page_for(ANONYMOUS);
        site.get("/", "other=cookie")
            .await
            .assert_page_for(ANONYMOUS);
        site.get("/", "__Host-test-session=no-id")
            .await
            .assert_page_for(ANONYMOUS);
        let anonymous = site.get("/guarded", "").await;
        assert!(anonymous.status.is_redirection(), "{anonymous:?}");
        // A logout that cannot be performed is reported, and the cookie is kept.
        site.log_out(cookie).await.assert_unavailable();
    }
    assert_eq!(
        site.log_in("o2").await.unwrap_err().status,
        StatusCode::SERVICE_UNAVAILABLE
    );
}

async fn assert_same_cookie_works_again(site: &Site, cookie: &str) {
    let is_back = async || site.get("/guarded", cookie).await.status == StatusCode::OK;
    until_within(RECOVERY, "the cookie works", is_back).await;
    for _ in 0..20 {
        site.get("/guarded", cookie).await.assert_page_for("o1");
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn visitors_with_a_cookie_get_503_while_redis_hangs_or_is_down_and_others_notice_nothing() {
    let mut redis = redis_server::Redis::start();
    for capacity in [0, 100] {
        let store = connect(Redis::builder(redis.url()).local_cache_capacity(capacity)).await;
        let site = Site::new(store.clone());
        let cookie = site.log_in("o1").await.expect("a session");
        site.get("/guarded", &cookie).await.assert_page_for("o1");

        redis.pause();
        // Cached sessions are served for a short time more.
        let is_out = async || site.get("/", &cookie).await.status != StatusCode::OK;
        until_within(
            Duration::from_millis(2_250),
            "the outage is visible",
            is_out,
        )
        .await;
        assert_outage(&site, &cookie).await;
        let ((), took) = timed(async {
            for _ in 0..200 {
                site.get("/", &cookie).await.assert_unavailable();
            }
        })
        .await;
        assert!(took < Duration::from_secs(1), "200 responses took {took:?}");
        redis.resume();
        assert_same_cookie_works_again(&site, &cookie).await;

        redis.kill();
        until_within(
            Duration::from_millis(2_250),
            "the outage is visible",
            is_out,
        )
        .await;
        assert_outage(&site, &cookie).await;
        redis.restart();
        assert_same_cookie_works_again(&site, &cookie).await;

        let out = site.log_out(&cookie).await;
        assert!(
            out.status.is_redirection() && out.headers.contains_key(SET_COOKIE),
            "{out:?}"
        );
        site.get("/", &cookie).await.assert_page_for(ANONYMOUS);
        assert!(
            site.get("/guarded", &cookie)
                .await
                .headers
                .contains_key(LOCATION)
        );
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn application_that_starts_without_redis_serves_anonymous_users_and_all_users_afterwards() {
    let mut redis = redis_server::Redis::start();
    let cookie = Site::new(connect(Redis::builder(redis.url())).await)
        .log_in("o1")
        .await
        .expect("to be logged in");
    redis.kill();
    let site = Site::new(connect(Redis::builder(redis.url()).start_degraded()).await);
    assert_outage(&site, &cookie).await;
    redis.restart();
    assert_same_cookie_works_again(&site, &cookie).await;
}

// On one thread, so that its subscriber receives all events.
#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn outage_is_logged_once_for_each_reason_and_its_recovery_once() {
    let log = Log::capture();
    let mut redis = redis_server::Redis::start();
    let proxy = Proxy::start(&redis);
    // Without a local cache, so that every request calls Redis.
    let store = connect(Redis::builder(proxy.url()).local_cache_capacity(0)).await;
    let site = Site::new(store.clone());
    let cookie = site.log_in("o1").await.expect("to be logged in");
    for outage in 1..=4 {
        match outage {
            1 => redis.pause(),
            2 => redis.kill(),
            3 => {
                proxy.set(Fault::Refuse);
                proxy.cut();
            }
            _ => proxy.set(Fault::BlackHole),
        }
        // Many callers notice at once.
        let callers = (0..50).map(|_| {
            let (site, cookie) = (site.clone(), cookie.clone());
            tokio::spawn(async move { site.get("/", &cookie).await.assert_unavailable() })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.expect("the response is 503");
        }
        let unavailable =
            async || site.get("/", &cookie).await.status == StatusCode::SERVICE_UNAVAILABLE;
        until("the outage is visible", unavailable).await;
        until("the circuit breaker is open", async || {
            store.redis().status() == RedisStatus::Unreachable
        })
        .await;
        for _ in 0..2_000 {
            site.get("/", &cookie).await.assert_unavailable();
        }
        match outage {
            1 => redis.resume(),
            2 => redis.restart(),
            _ => proxy.set(Fault::None),
        }
        assert_same_cookie_works_again(&site, &cookie).await;
        let (lost, back) = (
            log.count("redis: connection lost"),
            log.count("redis: connected again"),
        );
        assert!(lost == outage && back == outage, "{:#?}", log.lines());
        // Of these, one for each other reason: refused, reset, loading.
        let others = log.count("redis: cannot connect");
        assert!(
            others <= 4 * outage && log.count("redis: ") == lost + back + others,
            "{:#?}",
            log.lines()
        );
    }
    assert!(log.count("127.0.0.1:") == 0, "{:?}", log.lines());
}
