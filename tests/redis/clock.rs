//! Changes of the system time, and instances with wrong clocks, with sessions at Redis and in the
//! local cache.

use std::time::Duration;

use tower_weika::clock::{ManualClock, Timestamp};
use tower_weika::identity::Manager;
use tower_weika::session::{Session, SessionTimeouts};
use tower_weika::store::{Inserted, Redis, RedisStatus, RedisStore, SessionStore};

use crate::kit::{Log, connect, found, is_cached, load, new_id, now, until};
use crate::redis_server;
use crate::site::Site;

const MINUTE: Duration = Duration::from_secs(60);
const IDLE: Duration = Duration::from_secs(30 * 60);
const ABSOLUTE: Duration = Duration::from_secs(12 * 3_600);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3_600);

/// Returns a site with its clock. Without a local cache, every request reads the record.
async fn site(
    redis: &redis_server::Redis,
    local_cache_capacity: u64,
) -> (Site, RedisStore<Manager>, ManualClock) {
    let clock = ManualClock::new(now());
    let builder = Redis::builder(redis.url())
        .local_cache_capacity(local_cache_capacity)
        .clock(clock.clock());
    let store = connect(builder).await;
    (Site::with_clock(store.clone(), clock.clock()), store, clock)
}

/// System times that a test sets: ahead, behind, and correct again.
fn wrong_times(clock: &ManualClock) -> [Timestamp; 4] {
    let right = clock.clock().now();
    [
        right.plus(YEAR),
        right.minus(YEAR),
        right.minus(IDLE),
        right,
    ]
}

/// Whether the page shows the user.
async fn shows(site: &Site, cookie: &str, subject: &str) -> bool {
    site.get("/", cookie).await.text == subject
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn expired_session_stays_expired_when_the_system_time_is_set_back() {
    let redis = redis_server::Redis::start();
    for capacity in [0, 100] {
        let (site, _, clock) = site(&redis, capacity).await;
        let cookie = site.log_in("o1").await.expect("to be logged in");
        clock.advance(IDLE - MINUTE);
        for wall in wrong_times(&clock) {
            clock.set(wall);
            assert!(shows(&site, &cookie, "o1").await, "it has not expired yet");
        }
        clock.advance(IDLE);
        for wall in wrong_times(&clock) {
            clock.set(wall);
            assert!(
                !shows(&site, &cookie, "o1").await,
                "with room for {capacity} sessions in the local cache"
            );
        }
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn absolute_timeout_holds_when_the_system_time_is_set_back() {
    let redis = redis_server::Redis::start();
    for capacity in [0, 100] {
        let (site, _, clock) = site(&redis, capacity).await;
        let cookie = site.log_in("o1").await.expect("to be logged in");
        let uses = ABSOLUTE.as_secs() / (20 * 60) - 1;
        for number in 0..uses {
            clock.advance(20 * MINUTE);
            clock.set(
                clock
                    .clock()
                    .now()
                    .minus(ABSOLUTE * u32::try_from(number % 3).expect("small")),
            );
            assert!(shows(&site, &cookie, "o1").await, "use {number}");
            // The use is recorded in the background.
            let field = async || {
                let key = redis
                    .keys()
                    .into_iter()
                    .find(|key| key.contains(":session:"))
                    .expect("a session");
                redis.command(&["HGET", &key, "used"]).text()
                    == clock.clock().now().unix_millis().to_string()
            };
            until("the use is recorded", field).await;
        }
        clock.advance(20 * MINUTE);
        for wall in wrong_times(&clock) {
            clock.set(wall);
            assert!(!shows(&site, &cookie, "o1").await);
        }
        redis.command(&["FLUSHALL"]);
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn session_created_at_a_wrong_system_time_stays_valid_when_the_time_is_corrected() {
    let redis = redis_server::Redis::start();
    for capacity in [0, 100] {
        let (site, _, clock) = site(&redis, capacity).await;
        for wall in wrong_times(&clock) {
            let right = clock.clock().now();
            clock.set(wall);
            let cookie = site.log_in("o1").await.expect("to be logged in");
            assert!(shows(&site, &cookie, "o1").await);
            clock.set(right);
            assert!(shows(&site, &cookie, "o1").await);
            clock.advance(IDLE);
            assert!(!shows(&site, &cookie, "o1").await);
        }
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn local_cache_and_connection_survive_a_system_time_that_is_set() {
    let redis = redis_server::Redis::start();
    let (site, store, clock) = site(&redis, 100).await;
    let _cookie = site.log_in("o1").await.expect("to be logged in");
    let session = Session::new(
        new_id(),
        Manager::new("o2"),
        SessionTimeouts::default(),
        clock.clock().now(),
    );
    let id = *session.id();
    let since = store
        .stamp(session.namespace())
        .await
        .expect("the store responds");
    assert_eq!(
        store
            .insert(session, None, since)
            .await
            .expect("the store responds"),
        Inserted::Kept
    );
    for wall in wrong_times(&clock) {
        clock.set(wall);
        until(
            "a heartbeat renews the validity of the local cache",
            async || {
                // Longer than the validity window of the local cache: only a heartbeat afterwards
                // renews it.
                clock.advance(Duration::from_secs(1));
                tokio::time::sleep(Duration::from_millis(300)).await;
                let _loaded = load(&store, &id).await;
                is_cached(&store, &id)
            },
        )
        .await;
        assert_eq!(store.redis().status(), RedisStatus::Reachable);
    }
    // Without a heartbeat the local cache expires by elapsed time, even if the system time
    // changes.
    clock.set(clock.clock().now().minus(YEAR));
    clock.advance(Duration::from_secs(1));
    assert!(!is_cached(&store, &id));
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn session_of_an_instance_whose_clock_is_ahead_is_refused_beyond_ten_minutes() {
    let redis = redis_server::Redis::start();
    let store = connect(Redis::builder(redis.url()).local_cache_capacity(0)).await;
    let create_session = async |ahead| {
        let session = Session::new(
            new_id(),
            Manager::new("o1"),
            SessionTimeouts::default(),
            now().plus(ahead),
        );
        let id = *session.id();
        let since = store
            .stamp(session.namespace())
            .await
            .expect("the store responds");
        assert_eq!(
            store
                .insert(session, None, since)
                .await
                .expect("the store responds"),
            Inserted::Kept
        );
        id
    };
    let log = Log::capture();
    let within_skew = create_session(9 * MINUTE).await;
    assert_eq!(found(&store, &within_skew).await.as_deref(), Some("o1"));
    assert_eq!(log.count("its login lies in the future"), 0);
    for ahead in [11 * MINUTE, YEAR] {
        let beyond_skew = create_session(ahead).await;
        for _ in 0..10 {
            assert_eq!(found(&store, &beyond_skew).await, None);
        }
    }
    assert_eq!(
        log.count("its login lies in the future"),
        1,
        "{:?}",
        log.lines()
    );
}
