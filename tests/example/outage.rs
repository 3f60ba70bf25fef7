//! A Redis that is not there, and one that goes and comes back.

use std::time::Duration;

use serde_json::{Value, json};
use tower_weika_sandbox::{Browser, Visit};

use crate::instances::{Instances, ORIGIN, at, me};
use crate::redis_server::{Options, Redis, now};
use crate::support::{DEADLINE, Site, command};
use crate::{SECRET_HEX, end_of, free_address, log_in, phone};

async fn get(browser: &Browser, site: &Site, path: &str) -> Visit {
    at(browser, site)
        .get_no_follow(&format!("{ORIGIN}{path}"))
        .await
        .expect("the site answers")
}

/// What the probe says of the store, and whether the site counts as ready.
async fn readiness(site: &Site) -> (u16, Value) {
    let answer = get(&Browser::new(), site, "/readyz").await;
    (
        answer.status().as_u16(),
        answer.json().expect("JSON")["store"].clone(),
    )
}

/// Waits until the site is ready or not, asking nothing but what an orchestrator asks. How long that took.
async fn until_ready(site: &Site, expected: bool) -> Duration {
    let since = now();
    loop {
        let asked = since.elapsed();
        let status = if expected { 200 } else { 503 };
        if readiness(site).await.0 == status {
            return asked;
        }
        assert!(asked < DEADLINE, "the site never becomes {status}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The exit code and everything that is said by a site that does not start.
#[track_caller]
fn refusal(url: &str) -> (Option<i32>, String) {
    let variables = [
        ("REDIS_URL", url),
        ("SESSION_SECRET", SECRET_HEX),
        ("RUST_LOG", "trace"),
    ];
    let (status, said) = end_of(&mut command("login", &variables));
    assert!(
        !said.contains("s3cr3t") && !said.contains("listening on"),
        "{said}"
    );
    (status.code(), said)
}

#[test]
fn address_that_is_none_is_a_mistake_in_the_settings() {
    for url in [
        "garbage",
        "http://:s3cr3t@127.0.0.1",
        "redis://:s3cr3t@",
        "redis://:s3cr3t@127.0.0.1:port/",
    ] {
        let (code, said) = refusal(url);
        assert_eq!(code, Some(2), "{url}: {said}");
        assert!(said.contains("invalid settings:\n  - REDIS_URL "), "{said}");
        assert!(
            said.contains("redis://127.0.0.1:6379"),
            "it says what it should be like: {said}"
        );
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[test]
fn redis_that_cannot_be_reached_or_lets_nobody_in_is_told_at_the_start() {
    let nobody = free_address().unwrap();
    let (code, said) = refusal(&format!("redis://:s3cr3t@{nobody}/"));
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("fatal: REDIS_URL: redis: ") && said.contains("refused"),
        "{said}"
    );

    let redis = Redis::start_with(&Options {
        password: Some("right"),
        ..Options::default()
    });
    for password in [":s3cr3t@", "somebody:s3cr3t@", ""] {
        let (code, said) = refusal(&format!("redis://{password}{}/", redis.address()));
        assert_eq!(code, Some(1), "{said}");
        assert!(
            said.contains("fatal: REDIS_URL: redis: ")
                && said.contains("the user and the password"),
            "{said}"
        );
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn site_says_where_its_sessions_are() {
    let instances = Instances::none_yet().await;
    let site = instances.start();
    assert_eq!(
        readiness(&site).await,
        (200, json!({ "status": "ok", "kind": "redis" }))
    );
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn outage_is_seen_by_those_whom_it_concerns_and_by_the_orchestrator() {
    let mut instances = Instances::none_yet().await;
    let sites = [instances.start(), instances.start()];
    let (browser, stranger) = (phone(), Browser::new());
    log_in(&at(&browser, &sites[0]), &format!("{ORIGIN}/admin"), "wang").await;
    log_in(
        &at(&browser, &sites[1]),
        &format!("{ORIGIN}/app"),
        "xiaoming",
    )
    .await;
    for site in &sites {
        assert_eq!(me(&browser, site).await.0, 200);
        assert_eq!(readiness(site).await.0, 200);
    }
    for _ in 0..3 {
        instances.redis.kill();
        for site in &sites {
            until_ready(site, false).await;
            assert_eq!(
                readiness(site).await,
                (503, json!({ "status": "unreachable", "kind": "redis" }))
            );
            for path in ["/healthz", "/metrics", "/"] {
                assert_eq!(get(&stranger, site, path).await.status(), 200, "{path}");
            }
            assert_eq!(
                get(&stranger, site, "/admin").await.status(),
                303,
                "logins begin"
            );
            for path in ["/", "/admin", "/app", "/api/me", "/nowhere"] {
                // Copies count for not quite a second.
                let since = now();
                let refused = loop {
                    let asked = since.elapsed();
                    let answer = get(&browser, site, path).await;
                    if answer.status() == 503 {
                        break answer;
                    }
                    assert!(asked < Duration::from_secs(1), "{path}: {answer:?}");
                };
                assert!(refused.header("retry-after").is_some(), "{path}");
                assert_eq!(
                    refused.header("set-cookie"),
                    None,
                    "{path}: nobody is logged out"
                );
            }
            assert_eq!(get(&browser, site, "/healthz").await.status(), 200);
        }
        instances.redis.restart();
        for site in &sites {
            let asked = until_ready(site, true).await;
            assert!(
                asked < Duration::from_secs(2),
                "not ready {asked:?} after Redis is back"
            );
            assert_eq!(
                readiness(site).await,
                (200, json!({ "status": "ok", "kind": "redis" }))
            );
            let (status, people) = me(&browser, site).await;
            assert_eq!(status, 200, "nobody was logged out");
            assert!(
                people["manager"].is_object() && people["wechat"].is_object(),
                "{people}"
            );
        }
    }
    let page = log_in(&at(&stranger, &sites[0]), &format!("{ORIGIN}/admin"), "li").await;
    assert_eq!(page.status(), 200);
    assert_eq!(me(&stranger, &sites[1]).await.0, 200);
}
