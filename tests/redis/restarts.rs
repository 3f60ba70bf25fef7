//! A Redis that is killed repeatedly loses no acknowledged write, and no user is logged out.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use http::header::{LOCATION, SET_COOKIE};
use tower_weika::store::Redis;

use crate::kit::{connect, until};
use crate::redis_server;
use crate::site::Site;

const RESTARTS: u32 = 20;
const VISITORS: u32 = 24;

/// The users that were given a session, each with its cookie.
type Given = Arc<Mutex<Vec<(String, String)>>>;

#[derive(Default)]
struct Counts {
    is_over: AtomicBool,
    pages: AtomicU64,
    unavailable: AtomicU64,
}

/// Logs in and visits pages until the test is over; from time to time as another user.
async fn visit(sites: [Site; 2], number: u32, given: Given, counts: Arc<Counts>) {
    let mut logins = 0;
    while !counts.is_over.load(Ordering::Relaxed) {
        let subject = format!("o{number}-{logins}");
        let site = &sites[(number + logins) as usize % 2];
        logins += 1;
        let cookie = match site.log_in(&subject).await {
            Ok(cookie) => cookie,
            Err(response) => {
                assert_eq!(
                    response.status,
                    StatusCode::SERVICE_UNAVAILABLE,
                    "{response:?}"
                );
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
        };
        given
            .lock()
            .unwrap()
            .push((subject.clone(), cookie.clone()));
        for visit in 0..60 {
            let response = sites[visit % 2].get("/guarded", &cookie).await;
            assert!(
                !response.headers.contains_key(SET_COOKIE)
                    && !response.headers.contains_key(LOCATION),
                "{response:?}"
            );
            if response.status == StatusCode::OK {
                response.assert_page_for(&subject);
                counts.pages.fetch_add(1, Ordering::Relaxed);
            } else {
                response.assert_unavailable();
                counts.unavailable.fetch_add(1, Ordering::Relaxed);
            }
            tokio::time::sleep(Duration::from_millis(4)).await;
        }
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_sessions_survive_twenty_kills_under_load_and_no_user_is_logged_out() {
    let mut redis = redis_server::Redis::start();
    let cached = connect(Redis::builder(redis.url())).await;
    let uncached = connect(Redis::builder(redis.url()).local_cache_capacity(0)).await;
    let sites = [Site::new(cached.clone()), Site::new(uncached.clone())];
    let (given, counts) = (Given::default(), Arc::new(Counts::default()));
    let visitors: Vec<_> = (0..VISITORS)
        .map(|number| {
            tokio::spawn(visit(
                sites.clone(),
                number,
                Arc::clone(&given),
                Arc::clone(&counts),
            ))
        })
        .collect();
    for _ in 0..RESTARTS {
        let (pages, unavailable) = (
            counts.pages.load(Ordering::Relaxed),
            counts.unavailable.load(Ordering::Relaxed),
        );
        until("pages are served", async || {
            counts.pages.load(Ordering::Relaxed) > pages + 200
        })
        .await;
        redis.kill();
        until("visitors notice the outage", async || {
            counts.unavailable.load(Ordering::Relaxed) > unavailable + 50
        })
        .await;
        redis = tokio::task::spawn_blocking(move || {
            redis.restart();
            redis
        })
        .await
        .expect("Redis restarts");
    }
    counts.is_over.store(true, Ordering::Relaxed);
    for visitor in visitors {
        visitor.await.expect("no visitor was treated wrongly");
    }
    let given = given.lock().unwrap().clone();
    assert!(given.len() > 100, "{}", given.len());
    for site in &sites {
        for (subject, cookie) in &given {
            until("the store responds", async || {
                site.get("/", cookie).await.status == StatusCode::OK
            })
            .await;
            site.get("/guarded", cookie).await.assert_page_for(subject);
        }
    }
}
