//! A Redis that is unreachable at start, and one that goes down and comes back.

use std::time::Duration;

use serde_json::{Value, json};
use tower_weika_sandbox::{Browser, Visit};

use crate::instances::{Instances, ORIGIN, at, me};
use crate::redis_server::{Options, Redis, now};
use crate::support::{DEADLINE, Site, command};
use crate::{SECRET_HEX, free_address, log_in, phone, run_to_exit};

async fn get(browser: &Browser, site: &Site, path: &str) -> Visit {
    at(browser, site)
        .get_no_follow(&format!("{ORIGIN}{path}"))
        .await
        .expect("the site responds")
}

/// The status of the readiness probe, and its entry for the store.
async fn readiness(site: &Site) -> (u16, Value) {
    let response = get(&Browser::new(), site, "/readyz").await;
    (
        response.status().as_u16(),
        response.json().expect("JSON")["store"].clone(),
    )
}

/// Polls only the readiness probe, as an orchestrator does, until the site is ready or not. Returns
/// how long that took.
async fn until_ready(site: &Site, expected: bool) -> Duration {
    let since = now();
    loop {
        let elapsed = since.elapsed();
        let status = if expected { 200 } else { 503 };
        if readiness(site).await.0 == status {
            return elapsed;
        }
        assert!(elapsed < DEADLINE, "the probe never responds {status}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The exit code and the output of a site that does not start.
#[track_caller]
fn failed_start(url: &str) -> (Option<i32>, String) {
    let variables = [
        ("REDIS_URL", url),
        ("SESSION_SECRET", SECRET_HEX),
        ("RUST_LOG", "trace"),
    ];
    let (status, printed) = run_to_exit(&mut command("login", &variables));
    assert!(
        !printed.contains("s3cr3t") && !printed.contains("listening on"),
        "{printed}"
    );
    (status.code(), printed)
}

#[test]
fn invalid_redis_url_is_a_configuration_error() {
    for url in [
        "garbage",
        "http://:s3cr3t@127.0.0.1",
        "redis://:s3cr3t@",
        "redis://:s3cr3t@127.0.0.1:port/",
    ] {
        let (code, printed) = failed_start(url);
        assert_eq!(code, Some(2), "{url}: {printed}");
        assert!(
            printed.contains("invalid settings:\n  - REDIS_URL "),
            "{printed}"
        );
        assert!(
            printed.contains("redis://127.0.0.1:6379"),
            "it shows a valid URL: {printed}"
        );
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[test]
fn unreachable_redis_or_a_rejected_password_is_reported_at_start() {
    let unused = free_address().unwrap();
    let (code, printed) = failed_start(&format!("redis://:s3cr3t@{unused}/"));
    assert_eq!(code, Some(1), "{printed}");
    assert!(
        printed.contains("fatal: REDIS_URL: redis: ") && printed.contains("refused"),
        "{printed}"
    );

    let redis = Redis::start_with(&Options {
        password: Some("right"),
        ..Options::default()
    });
    for password in [":s3cr3t@", "unknown:s3cr3t@", ""] {
        let (code, printed) = failed_start(&format!("redis://{password}{}/", redis.address()));
        assert_eq!(code, Some(1), "{printed}");
        assert!(
            printed.contains("fatal: REDIS_URL: redis: ")
                && printed.contains("the user and the password"),
            "{printed}"
        );
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn readiness_names_the_kind_of_the_store() {
    let instances = Instances::none_yet().await;
    let site = instances.start();
    assert_eq!(
        readiness(&site).await,
        (200, json!({ "status": "ok", "kind": "redis" }))
    );
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn outage_is_503_for_authenticated_users_and_for_the_readiness_probe() {
    let mut instances = Instances::none_yet().await;
    let sites = [instances.start(), instances.start()];
    let (browser, visitor) = (phone(), Browser::new());
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
                assert_eq!(get(&visitor, site, path).await.status(), 200, "{path}");
            }
            assert_eq!(
                get(&visitor, site, "/admin").await.status(),
                303,
                "a login begins"
            );
            for path in ["/", "/admin", "/app", "/api/me", "/nowhere"] {
                // The local cache is valid for not quite a second.
                let since = now();
                let unavailable = loop {
                    let elapsed = since.elapsed();
                    let response = get(&browser, site, path).await;
                    if response.status() == 503 {
                        break response;
                    }
                    assert!(elapsed < Duration::from_secs(1), "{path}: {response:?}");
                };
                assert!(unavailable.header("retry-after").is_some(), "{path}");
                assert_eq!(
                    unavailable.header("set-cookie"),
                    None,
                    "{path}: the session cookie is left alone"
                );
            }
            assert_eq!(get(&browser, site, "/healthz").await.status(), 200);
        }
        instances.redis.restart();
        for site in &sites {
            let elapsed = until_ready(site, true).await;
            assert!(
                elapsed < Duration::from_secs(2),
                "not ready {elapsed:?} after Redis is back"
            );
            assert_eq!(
                readiness(site).await,
                (200, json!({ "status": "ok", "kind": "redis" }))
            );
            let (status, identities) = me(&browser, site).await;
            assert_eq!(status, 200, "the user is still logged in");
            assert!(
                identities["manager"].is_object() && identities["wechat"].is_object(),
                "{identities}"
            );
        }
    }
    let page = log_in(&at(&visitor, &sites[0]), &format!("{ORIGIN}/admin"), "li").await;
    assert_eq!(page.status(), 200);
    assert_eq!(me(&visitor, &sites[1]).await.0, 200);
}
