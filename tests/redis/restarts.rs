//! A Redis that is killed again and again loses nothing that it has acknowledged, and nobody is logged out.
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

/// Who has been given a session, and its cookie.
type Given = Arc<Mutex<Vec<(String, String)>>>;

#[derive(Default)]
struct Counts {
    is_over: AtomicBool,
    pages: AtomicU64,
    refusals: AtomicU64,
}

/// Logs in, and visits pages until it is over; now and then somebody else comes.
async fn visit(sites: [Site; 2], number: u32, given: Given, counts: Arc<Counts>) {
    let mut logins = 0;
    while !counts.is_over.load(Ordering::Relaxed) {
        let who = format!("o{number}-{logins}");
        let site = &sites[(number + logins) as usize % 2];
        logins += 1;
        let cookie = match site.log_in(&who).await {
            Ok(cookie) => cookie,
            Err(answer) => {
                assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
        };
        given.lock().unwrap().push((who.clone(), cookie.clone()));
        for visit in 0..60 {
            let answer = sites[visit % 2].get("/guarded", &cookie).await;
            assert!(
                !answer.headers.contains_key(SET_COOKIE) && !answer.headers.contains_key(LOCATION),
                "{answer:?}"
            );
            if answer.status == StatusCode::OK {
                answer.assert_page_for(&who);
                counts.pages.fetch_add(1, Ordering::Relaxed);
            } else {
                answer.assert_unavailable();
                counts.refusals.fetch_add(1, Ordering::Relaxed);
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
        let (pages, refusals) = (
            counts.pages.load(Ordering::Relaxed),
            counts.refusals.load(Ordering::Relaxed),
        );
        until("pages are served", async || {
            counts.pages.load(Ordering::Relaxed) > pages + 200
        })
        .await;
        redis.kill();
        until("visitors notice", async || {
            counts.refusals.load(Ordering::Relaxed) > refusals + 50
        })
        .await;
        redis = tokio::task::spawn_blocking(move || {
            redis.restart();
            redis
        })
        .await
        .expect("it starts again");
    }
    counts.is_over.store(true, Ordering::Relaxed);
    for visitor in visitors {
        visitor.await.expect("no visitor was treated wrongly");
    }
    let given = given.lock().unwrap().clone();
    assert!(given.len() > 100, "{}", given.len());
    for site in &sites {
        for (who, cookie) in &given {
            until("the store answers", async || {
                site.get("/", cookie).await.status == StatusCode::OK
            })
            .await;
            site.get("/guarded", cookie).await.assert_page_for(who);
        }
    }
}
