//! What the visitors of a site notice while Redis is away, and what its operator reads in the log.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use http::header::{LOCATION, SET_COOKIE};
use tower_weika::store::{Redis, RedisStatus};
use tracing::Dispatch;
use tracing::subscriber::NoSubscriber;

use crate::kit::{connect, timed, until, until_within};
use crate::proxy::{Fault, Proxy};
use crate::redis_server;
use crate::site::{NOBODY, Site};

const RETURN: Duration = Duration::from_secs(2);

/// What visitors with and without a cookie get while the store cannot be reached.
async fn assert_outage(site: &Site, cookie: &str) {
    for _ in 0..50 {
        for target in ["/", "/guarded"] {
            site.get(target, cookie).await.assert_unavailable();
        }
        site.get("/", "").await.assert_page_for(NOBODY);
        site.get("/", "other=cookie").await.assert_page_for(NOBODY);
        site.get("/", "__Host-reception-session=no-id").await.assert_page_for(NOBODY);
        let stranger = site.get("/guarded", "").await;
        assert!(stranger.status.is_redirection(), "{stranger:?}");
        // Who cannot be logged out is told so, and keeps the cookie.
        site.log_out(cookie).await.assert_unavailable();
    }
    assert_eq!(site.log_in("o2").await.unwrap_err().status, StatusCode::SERVICE_UNAVAILABLE);
}

async fn assert_same_cookie_works_again(site: &Site, cookie: &str) {
    let is_back = async || site.get("/guarded", cookie).await.status == StatusCode::OK;
    until_within(RETURN, "the cookie works", is_back).await;
    for _ in 0..20 {
        site.get("/guarded", cookie).await.assert_page_for("o1");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn visitors_with_a_cookie_get_503_while_redis_hangs_or_is_down_and_others_notice_nothing() {
    let mut redis = redis_server::Redis::start();
    for near in [0, 100] {
        let store = connect(Redis::builder(redis.url()).near_capacity(near)).await;
        let site = Site::new(store.clone());
        let cookie = site.log_in("o1").await.expect("to be logged in");
        site.get("/guarded", &cookie).await.assert_page_for("o1");

        redis.stop_the_world();
        // Copies count for a moment more.
        let is_out = async || site.get("/", &cookie).await.status != StatusCode::OK;
        until_within(Duration::from_millis(2_250), "the outage shows", is_out).await;
        assert_outage(&site, &cookie).await;
        let ((), took) = timed(async {
            for _ in 0..200 {
                site.get("/", &cookie).await.assert_unavailable();
            }
        })
        .await;
        assert!(took < Duration::from_secs(1), "200 refusals took {took:?}");
        redis.resume();
        assert_same_cookie_works_again(&site, &cookie).await;

        redis.kill();
        until_within(Duration::from_millis(2_250), "the outage shows", is_out).await;
        assert_outage(&site, &cookie).await;
        redis.restart();
        assert_same_cookie_works_again(&site, &cookie).await;

        let out = site.log_out(&cookie).await;
        assert!(out.status.is_redirection() && out.headers.contains_key(SET_COOKIE), "{out:?}");
        site.get("/", &cookie).await.assert_page_for(NOBODY);
        assert!(site.get("/guarded", &cookie).await.headers.contains_key(LOCATION));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn site_that_starts_without_redis_serves_strangers_and_everybody_once_it_is_there() {
    let mut redis = redis_server::Redis::start();
    let cookie = Site::new(connect(Redis::builder(redis.url())).await).log_in("o1").await.expect("to be logged in");
    redis.kill();
    let site = Site::new(connect(Redis::builder(redis.url()).start_degraded()).await);
    assert_outage(&site, &cookie).await;
    redis.restart();
    assert_same_cookie_works_again(&site, &cookie).await;
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Those about Redis that an operator sees, at the levels that are usual.
    fn about_redis(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().filter(|line| line.contains("tower_weika::store")).map(str::to_owned).collect()
    }
}

// On one thread, so that its subscriber sees everything.
#[tokio::test]
async fn outage_is_one_line_in_the_log_and_so_is_its_end() {
    // With a single dispatcher, a call site that another thread reaches first is silenced for everybody.
    let _elsewhere = Dispatch::new(NoSubscriber::new());
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).with_ansi(false);
    let _here = tracing::subscriber::set_default(subscriber.with_writer(move || writer.clone()).finish());

    let mut redis = redis_server::Redis::start();
    let proxy = Proxy::start(&redis);
    // Without copies, so that everybody asks.
    let store = connect(Redis::builder(proxy.url()).near_capacity(0)).await;
    let site = Site::new(store.clone());
    let cookie = site.log_in("o1").await.expect("to be logged in");
    for outage in 1..=4 {
        match outage {
            1 => redis.stop_the_world(),
            2 => redis.kill(),
            3 => {
                proxy.set(Fault::Refuse);
                proxy.cut();
            }
            _ => proxy.set(Fault::BlackHole),
        }
        // Many notice at once.
        let callers = (0..50).map(|_| {
            let (site, cookie) = (site.clone(), cookie.clone());
            tokio::spawn(async move { site.get("/", &cookie).await.assert_unavailable() })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.expect("the answer is 503");
        }
        let refused = async || site.get("/", &cookie).await.status == StatusCode::SERVICE_UNAVAILABLE;
        until("the outage shows", refused).await;
        until("the breaker is open", async || store.redis().status() == RedisStatus::Unreachable).await;
        for _ in 0..2_000 {
            site.get("/", &cookie).await.assert_unavailable();
        }
        match outage {
            1 => redis.resume(),
            2 => redis.restart(),
            _ => proxy.set(Fault::None),
        }
        assert_same_cookie_works_again(&site, &cookie).await;
        let lines = lines.about_redis();
        let count = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
        let is_each_told_once = count("cannot be reached") == outage && count("can be reached again") == outage;
        assert!(is_each_told_once && lines.len() == 2 * outage, "{lines:#?}");
    }
    assert!(!lines.about_redis().join("").contains("127.0.0.1:"), "{:?}", lines.about_redis());
}
