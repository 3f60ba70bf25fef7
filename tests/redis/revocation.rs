//! Sessions of several logins over one Redis, and revocations: with lost records, and during a
//! login.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::time::Duration;

use http::StatusCode;
use http::header::SET_COOKIE;
use tower_weika::clock::{Clock, ManualClock};
use tower_weika::identity::Manager;
use tower_weika::session::SessionId;
use tower_weika::store::{Inserted, Redis, RedisStore, SessionStore};

use crate::kit::{
    connect, create_session, found, is_cached, load, namespace, new_id, now, session, until,
    wait_until_cached,
};
use crate::redis_server::{self, Value};
use crate::site::{ANONYMOUS, Site, SiteResponse};

const SCHOOLS: [&str; 3] = ["KEY-A", "KEY-B", "KEY-C"];

async fn shown_user(site: &Site, cookie: &str) -> String {
    site.get("/", cookie).await.text
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn c2_three_schools_over_one_redis_accept_only_their_own_sessions() {
    let redis = redis_server::Redis::start();
    let mut sites = Vec::new();
    for school in SCHOOLS {
        let store: RedisStore<Manager> = RedisStore::connect(redis.url()).await.unwrap();
        sites.push(Site::of(school, store, Clock::system()));
    }
    let mut cookies = Vec::new();
    for site in &sites {
        cookies.push(site.log_in("o1").await.unwrap());
    }
    let seen = async || {
        let mut seen = Vec::new();
        for site in &sites {
            for cookie in &cookies {
                seen.push(shown_user(site, cookie).await == "o1");
            }
        }
        seen
    };
    // Twice: the second time from the local caches.
    for _ in 0..2 {
        assert_eq!(
            seen().await,
            [true, false, false, false, true, false, false, false, true]
        );
    }
    // Neither a logout nor a login at another school revokes the session.
    sites[1].log_out(&cookies[0]).await;
    sites[1].log_in_with("o2", &cookies[0]).await.unwrap();
    assert_eq!(shown_user(&sites[0], &cookies[0]).await, "o1");

    sites[0].revoke(Some("o1")).await;
    assert_eq!(
        seen().await,
        [false, false, false, false, true, false, false, false, true]
    );
    sites[1].revoke(None).await;
    assert_eq!(
        seen().await,
        [false, false, false, false, false, false, false, false, true]
    );

    let (callback, flow) = sites[0].start_login("o1").await.unwrap();
    let rejected = sites[1].get(&callback, &flow).await;
    assert_eq!(
        rejected.status,
        StatusCode::BAD_REQUEST,
        "a state of another school"
    );
    assert!(!rejected.headers.contains_key(SET_COOKIE), "{rejected:?}");
}

/// Two instances with one clock that have cached a session, and the key of its record.
async fn cached(
    redis: &redis_server::Redis,
) -> ([RedisStore<Manager>; 2], ManualClock, SessionId, String) {
    let hand = ManualClock::new(now());
    let [a, b] = [Redis::builder(redis.url()), Redis::builder(redis.url())]
        .map(|builder| builder.clock(hand.clock()));
    let (a, b) = (connect(a).await, connect(b).await);
    let id = create_session(&a, "o1").await;
    wait_until_cached(&a, &id).await;
    wait_until_cached(&b, &id).await;
    let key = redis
        .keys()
        .into_iter()
        .find(|key| key.contains(":session:"))
        .unwrap();
    ([a, b], hand, id, key)
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn c1_lost_record_is_refused_everywhere_within_a_minute_and_for_good() {
    for lose in ["FLUSHALL", "DEL"] {
        let redis = redis_server::Redis::start();
        let (stores, hand, id, key) = cached(&redis).await;
        match lose {
            "DEL" => redis.command(&["DEL", &key]),
            lose => redis.command(&[lose]),
        };
        hand.advance(Duration::from_secs(40));
        for store in &stores {
            until("the cache is valid", async || is_cached(store, &id)).await;
        }
        hand.advance(Duration::from_secs(20));
        for _ in 0..200 {
            for store in &stores {
                assert_eq!(found(store, &id).await, None, "{lose}");
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn s7_session_in_use_is_confirmed_in_the_background() {
    let redis = redis_server::Redis::start();
    let ([a, b], hand, id, key) = cached(&redis).await;
    hand.advance(Duration::from_secs(50));
    // The request that finds the expired confirmation is served and starts a new one.
    until("the cache is valid", async || is_cached(&a, &id)).await;
    hand.advance(Duration::from_secs(20));
    until("it was confirmed 20 seconds ago", async || {
        is_cached(&a, &id)
    })
    .await;
    assert!(
        !is_cached(&b, &id),
        "it was last confirmed there 70 seconds ago"
    );

    redis.command(&["DEL", &key]);
    hand.advance(Duration::from_secs(30));
    until("the store is read", async || {
        let _is_near = is_cached(&a, &id);
        found(&a, &id).await.is_none()
    })
    .await;
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn s7_use_of_a_lost_session_drops_it_and_a_recorded_use_confirms_it() {
    let redis = redis_server::Redis::start();
    let ([a, b], hand, id, key) = cached(&redis).await;
    let held = load(&a, &id).await.unwrap().unwrap();
    hand.advance(Duration::from_secs(44));
    held.touch(held.created().plus(Duration::from_secs(61)));
    a.touch(&held);
    let used = held.last_used().unix_millis().to_string();
    until("the use is recorded", async || {
        redis.command(&["HGET", &key, "used"]).text() == used
    })
    .await;
    hand.advance(Duration::from_secs(40));
    until("it is confirmed by the use", async || is_cached(&a, &id)).await;

    redis.command(&["DEL", &key]);
    held.touch(held.created().plus(Duration::from_secs(200)));
    a.touch(&held);
    until("the use finds no record", async || {
        found(&a, &id).await.is_none()
    })
    .await;
    assert_eq!(redis.command(&["EXISTS", &key]), Value::Int(0));
    assert_eq!(
        found(&b, &id).await,
        None,
        "it was not confirmed for 84 seconds"
    );
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn s7_unknown_ids_publish_and_keep_nothing() {
    let redis = redis_server::Redis::start();
    let store = connect(Redis::builder(redis.url())).await;
    let id = create_session(&store, "o1").await;
    let keys = redis.keys().len();
    let monitor = redis.monitor();
    for _ in 0..100 {
        store.remove(&namespace(), &new_id()).await.unwrap();
    }
    assert_eq!(redis.keys().len(), keys);
    store.remove(&namespace(), &id).await.unwrap();
    until("a revocation is published", async || {
        monitor.text().contains("\"PUBLISH\"")
    })
    .await;
    let published = monitor
        .text()
        .lines()
        .filter(|line| line.contains("\"PUBLISH\""))
        .count();
    assert_eq!(published, 1);
}

/// A login whose code is at the provider while something is revoked.
async fn log_in_during(
    site: &Site,
    cookie: &str,
    revoke: impl Future<Output = ()>,
) -> SiteResponse {
    let (callback, flow) = site.start_login("o1").await.unwrap();
    let held = site.hold_exchanges().await;
    let (waiting, before) = (site.clone(), site.codes());
    let cookies = format!("{flow}; {cookie}");
    let response = tokio::spawn(async move { waiting.get(&callback, &cookies).await });
    until("the code is at the provider", async || {
        site.codes() > before
    })
    .await;
    revoke.await;
    drop(held);
    response.await.unwrap()
}

#[track_caller]
fn assert_rejected(response: &SiteResponse) {
    assert_eq!(response.status, StatusCode::BAD_REQUEST, "{response:?}");
    assert!(!response.headers.contains_key(SET_COOKIE), "{response:?}");
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn c4_revocation_on_one_instance_covers_a_pending_login_on_another() {
    let redis = redis_server::Redis::start();
    for local_cache_capacity in [0, 1_000] {
        let instance = async || {
            let store =
                connect(Redis::builder(redis.url()).local_cache_capacity(local_cache_capacity))
                    .await;
            Site::new(store)
        };
        let (here, elsewhere) = (instance().await, instance().await);
        let other = elsewhere.log_in("o2").await.unwrap();
        assert_rejected(&log_in_during(&here, "", elsewhere.revoke(Some("o1"))).await);
        assert_eq!(shown_user(&here, &other).await, "o2");
        assert_rejected(&log_in_during(&here, "", elsewhere.revoke(None)).await);

        let former = here.log_in("o1").await.unwrap();
        let revoked = log_in_during(&here, &former, async {
            drop(elsewhere.log_out(&former).await)
        })
        .await;
        assert_rejected(&revoked);
        assert_eq!(shown_user(&here, &former).await, ANONYMOUS);

        let unrelated = here.log_in("o1").await.unwrap();
        let kept = log_in_during(&here, "", async {
            drop(elsewhere.log_out(&unrelated).await)
        })
        .await;
        assert_eq!(
            kept.status,
            StatusCode::SEE_OTHER,
            "a logout revokes only its session"
        );
        assert_eq!(
            shown_user(&here, &here.log_in("o1").await.unwrap()).await,
            "o1",
            "later logins succeed"
        );
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn stale_revocation_stamp_rejects_the_insert() {
    let redis = redis_server::Redis::start();
    let store = connect(Redis::builder(redis.url())).await;
    let stamp = store.stamp(&namespace()).await.unwrap();
    let aged = |by: Duration| {
        let number = stamp.number() - u64::try_from(by.as_micros()).unwrap();
        tower_weika::store::Stamp::new(number)
    };
    let fresh = aged(Duration::from_secs(9 * 60));
    assert_eq!(
        store.insert(session("o1"), None, fresh).await.unwrap(),
        Inserted::Kept
    );
    let stale = aged(Duration::from_secs(10 * 60));
    assert_eq!(
        store.insert(session("o1"), None, stale).await.unwrap(),
        Inserted::Revoked,
        "the revocations since then are unknown"
    );
}
