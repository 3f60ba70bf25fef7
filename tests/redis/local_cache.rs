//! Local cache: a revocation is effective at all instances within a second, even if messages get
//! lost.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::sync::Arc;
use std::time::Duration;

use tower_weika::clock::{Clock, ManualClock};
use tower_weika::identity::Manager;
use tower_weika::store::{Redis, RedisBuilder, RedisStore, SessionStore};

use crate::kit::{
    PROPAGATION, SLACK, connect, create_session, find_subject, found, is_cached, load, now, until,
    until_within, wait_until_cached,
};
use crate::proxy::{Fault, Proxy};
use crate::redis_server::{self, Value};
use crate::site::Site;

/// Two instances at one server.
async fn instances(redis: &redis_server::Redis) -> [RedisStore<Manager>; 2] {
    [
        connect(Redis::builder(redis.url())).await,
        connect(Redis::builder(redis.url())).await,
    ]
}

/// Revokes at `one` a session that `other` has cached, and checks that `other` notices.
pub(crate) async fn assert_revocation_is_seen(
    one: &RedisStore<Manager>,
    other: &RedisStore<Manager>,
) {
    let id = create_session(one, "o1").await;
    wait_until_cached(other, &id).await;
    one.remove(&crate::kit::namespace(), &id)
        .await
        .expect("the store responds");
    until_within(PROPAGATION, "the revocation is effective", async || {
        found(other, &id).await.is_none()
    })
    .await;
}

/// The message of the revocation may arrive before the reply or after it: the instance does not wait
/// for it.
#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn sessions_that_an_instance_has_revoked_are_absent_there_at_once() {
    let redis = redis_server::Redis::start();
    let store = connect(Redis::builder(redis.url())).await;
    let namespace = crate::kit::namespace();
    for round in 0..100 {
        let [id, other] = [
            create_session(&store, "o1").await,
            create_session(&store, "o2").await,
        ];
        wait_until_cached(&store, &id).await;
        wait_until_cached(&store, &other).await;
        let revokes_all = round % 2 == 0;
        let revoked = if revokes_all {
            store.remove_all(&namespace).await
        } else {
            store.remove_subject(&namespace, "o1", None).await
        };
        revoked.unwrap();
        assert!(!is_cached(&store, &id), "{round}");
        assert_eq!(found(&store, &other).await.is_none(), revokes_all);
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn session_revoked_on_one_instance_is_absent_on_the_other_within_a_second() {
    let redis = redis_server::Redis::start();
    let [a, b] = instances(&redis).await;
    let mut slowest = Duration::ZERO;
    for round in 0..300 {
        let id = create_session(&a, "o1").await;
        let [other, same] = [
            create_session(&a, "o2").await,
            create_session(&b, "o1").await,
        ];
        for id in [&id, &other, &same] {
            wait_until_cached(&b, id).await;
        }
        let (ends_other, ends_same) = match round % 3 {
            0 => {
                a.remove(&crate::kit::namespace(), &id).await.unwrap();
                (false, false)
            }
            1 => {
                a.remove_subject(&crate::kit::namespace(), "o1", None)
                    .await
                    .unwrap();
                (false, true)
            }
            _ => {
                a.remove_all(&crate::kit::namespace()).await.unwrap();
                (true, true)
            }
        };
        let gone = async || found(&b, &id).await.is_none();
        slowest = slowest.max(until_within(PROPAGATION, "the revocation is effective", gone).await);
        assert_eq!(
            found(&a, &id).await,
            None,
            "a revocation is effective at once where it was made"
        );
        assert_eq!(found(&b, &other).await.is_none(), ends_other);
        // Revoked by the same message.
        assert_eq!(found(&b, &same).await.is_none(), ends_same);
    }
    assert!(slowest < PROPAGATION, "{slowest:?}");
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn cached_session_needs_no_round_trip() {
    let redis = redis_server::Redis::start();
    let [store, _] = instances(&redis).await;
    let id = create_session(&store, "o1").await;
    wait_until_cached(&store, &id).await;
    let monitor = redis.monitor();
    for _ in 0..1_000 {
        assert_eq!(found(&store, &id).await.as_deref(), Some("o1"));
    }
    let reads = monitor
        .text()
        .lines()
        .filter(|line| line.contains(":session:"))
        .count();
    // On a busy machine the validity window of the cache may expire now and then.
    assert!(reads < 50, "{reads}");
}

/// Revokes at A a session that B has cached while B receives nothing; B must not serve it for
/// longer than a second.
async fn assert_disconnected_instance_stops_serving(fault: Fault, operation_timeout: Duration) {
    let redis = redis_server::Redis::start();
    let proxy = Proxy::start(&redis);
    let a = connect(Redis::builder(redis.url())).await;
    let b = Redis::builder(proxy.url()).operation_timeout(operation_timeout);
    let b = connect(b).await;
    for end in 0..3 {
        let id = create_session(&a, "o1").await;
        wait_until_cached(&b, &id).await;
        proxy.set(fault);
        match end {
            0 => assert!(a.remove(&crate::kit::namespace(), &id).await.unwrap()),
            1 => a
                .remove_subject(&crate::kit::namespace(), "o1", None)
                .await
                .unwrap(),
            _ => a.remove_all(&crate::kit::namespace()).await.unwrap(),
        }
        // From now on absent or a failure; until then the session may be served.
        let (start, mut served) = (redis_server::now(), Duration::ZERO);
        while start.elapsed() < 2 * PROPAGATION {
            let reads = start.elapsed();
            if matches!(find_subject(&b, &id).await, Ok(Some(_))) {
                served = reads;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert!(served < PROPAGATION, "it was still served after {served:?}");
        proxy.set(Fault::None);
        until("B finds no session", async || {
            matches!(find_subject(&b, &id).await, Ok(None))
        })
        .await;
        assert_revocation_is_seen(&a, &b).await;
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn instance_that_is_cut_off_without_notice_serves_cached_sessions_for_a_second_at_most() {
    assert_disconnected_instance_stops_serving(Fault::BlackHole, Duration::from_secs(1)).await;
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn instance_whose_replies_get_lost_serves_cached_sessions_for_a_second_at_most() {
    assert_disconnected_instance_stops_serving(Fault::LoseReplies, Duration::from_secs(1)).await;
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn instance_that_gets_no_messages_serves_cached_sessions_for_a_second_at_most() {
    // Shorter than the time for which a heartbeat permits the use of the cache: one that fails must
    // not count.
    let operation_timeout = Duration::from_millis(300);
    assert_disconnected_instance_stops_serving(Fault::LoseMessages, operation_timeout).await;
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn cache_is_not_used_at_a_server_that_has_become_a_replica() {
    let redis = redis_server::Redis::start();
    // A master that does not exist, so that the replica keeps its data.
    let port = redis_server::free_port().to_string();
    let store = connect(Redis::builder(redis.url())).await;
    let id = create_session(&store, "o1").await;
    wait_until_cached(&store, &id).await;
    assert_eq!(
        redis.command(&["REPLICAOF", "127.0.0.1", &port]),
        Value::from("OK")
    );
    until_within(
        PROPAGATION + SLACK,
        "the cached session is not served",
        async || find_subject(&store, &id).await.is_err(),
    )
    .await;
    redis.command(&["REPLICAOF", "NO", "ONE"]);
    until("the session is served again", async || {
        find_subject(&store, &id)
            .await
            .is_ok_and(|subject| subject.is_some())
    })
    .await;
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn subscription_that_is_killed_empties_the_cache_and_is_restored() {
    let redis = redis_server::Redis::start();
    let [a, b] = instances(&redis).await;
    for _ in 0..5 {
        let [id, kept] = [
            create_session(&a, "o1").await,
            create_session(&a, "o2").await,
        ];
        wait_until_cached(&b, &id).await;
        wait_until_cached(&b, &kept).await;
        // In one transaction, so that no instance receives the invalidation.
        let mut connection = redis.connect().unwrap();
        let key = redis
            .keys()
            .into_iter()
            .find(|key| key.ends_with(&hex(id.digest().as_bytes())))
            .unwrap();
        for command in [
            &["MULTI"][..],
            &["CLIENT", "KILL", "TYPE", "pubsub"],
            &["UNLINK", &key],
            &["EXEC"],
        ] {
            connection.call(command).unwrap();
        }
        until_within(
            PROPAGATION + SLACK,
            "the revocation is effective",
            async || found(&b, &id).await.is_none(),
        )
        .await;
        until("there is a subscription again", async || {
            let _loaded = load(&b, &kept).await;
            is_cached(&b, &kept)
        })
        .await;
        assert!(!is_cached(&b, &id), "the cache was emptied");
        assert_revocation_is_seen(&a, &b).await;
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn load_that_races_a_revocation_is_not_cached() {
    let redis = redis_server::Redis::start();
    let proxy = Proxy::start(&redis);
    let a = connect(Redis::builder(redis.url())).await;
    let b = connect(Redis::builder(proxy.url())).await;
    let mut raced = 0;
    for round in 0..60 {
        let mut loads = Vec::new();
        let id = create_session(&a, "o1").await;
        proxy.set(Fault::Delay {
            up_to: Duration::from_millis(60),
            seed: round,
        });
        for _ in 0..4 {
            let b = b.clone();
            loads.push(tokio::spawn(async move { found(&b, &id).await }));
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        // Revoked at the instance with the cache, or at the other one.
        let ender = if round % 2 == 0 { &a } else { &b };
        ender.remove(&crate::kit::namespace(), &id).await.unwrap();
        for load in loads {
            raced += u32::from(load.await.unwrap().is_some());
        }
        proxy.set(Fault::None);
        until_within(PROPAGATION, "the revocation is effective", async || {
            found(&b, &id).await.is_none()
        })
        .await;
        for _ in 0..10 {
            assert_eq!(found(&b, &id).await, None, "round {round}");
        }
    }
    assert!(
        raced > 20,
        "late replies still contained the session: {raced}"
    );
}

fn builder(redis: &redis_server::Redis, clock: Clock) -> RedisBuilder {
    Redis::builder(redis.url()).clock(clock)
}

/// The field with the time of the last use.
fn used(redis: &redis_server::Redis) -> u64 {
    let key = redis
        .keys()
        .into_iter()
        .find(|key| key.contains(":session:"))
        .expect("a session");
    redis
        .command(&["HGET", &key, "used"])
        .text()
        .parse()
        .expect("a number")
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn session_that_is_used_on_one_instance_does_not_idle_out_on_the_other() {
    let redis = redis_server::Redis::start();
    let start = now();
    let hand = ManualClock::new(start);
    let a = connect(builder(&redis, hand.clock())).await;
    let b = connect(builder(&redis, hand.clock())).await;
    let id = create_session(&a, "o1").await;
    wait_until_cached(&b, &id).await;
    // For an hour, with an idle timeout of half an hour.
    for minute in 1..=6 {
        hand.advance(Duration::from_secs(600));
        let held = load(&a, &id).await.unwrap().unwrap();
        let at = hand.clock().now();
        assert!(held.touch(at));
        a.touch(&held);
        until("the use is recorded", async || {
            used(&redis) == at.unix_millis()
        })
        .await;
        assert!(held.is_live(at), "{minute}");
    }
    let held = load(&b, &id).await.unwrap().unwrap();
    assert!(
        held.is_live(hand.clock().now()),
        "the session cached at B has reached its idle timeout, but Redis has the later use"
    );
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn late_use_neither_lowers_the_last_use_nor_restores_a_session() {
    let redis = redis_server::Redis::start();
    let proxy = Proxy::start(&redis);
    let start = now();
    let hand = ManualClock::new(start);
    let a = connect(Redis::builder(proxy.url()).clock(hand.clock())).await;
    let b = connect(builder(&redis, hand.clock())).await;
    let id = create_session(&b, "o1").await;
    let [one, other] = [
        load(&a, &id).await.unwrap().unwrap(),
        load(&b, &id).await.unwrap().unwrap(),
    ];
    // A's use arrives after a later use at B.
    let [earlier, later] = [120, 240].map(|seconds| start.plus(Duration::from_secs(seconds)));
    assert!(other.touch(later));
    b.touch(&other);
    until("the use is recorded", async || {
        used(&redis) == later.unix_millis()
    })
    .await;
    // A distinct value in memory, as each instance has.
    assert!(!Arc::ptr_eq(&one, &other) && one.touch(earlier));
    let monitor = redis.monitor();
    a.touch(&one);
    let has_arrived = async || {
        monitor
            .text()
            .contains(&format!("\"{}\"", earlier.unix_millis()))
    };
    until("A's use arrives", has_arrived).await;
    assert_eq!(used(&redis), later.unix_millis());

    // A use that arrives after the revocation.
    b.remove(&crate::kit::namespace(), &id).await.unwrap();
    assert!(one.touch(later.plus(Duration::from_secs(120))));
    a.touch(&one);
    let last = later.plus(Duration::from_secs(120)).unix_millis();
    until("A's use arrives", async || {
        monitor.text().contains(&format!("\"{last}\""))
    })
    .await;
    assert!(
        redis.keys().iter().all(|key| !key.contains(":session:")),
        "{:?}",
        redis.keys()
    );
    assert_eq!(found(&b, &id).await, None);
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn use_is_written_at_most_once_a_minute_by_each_instance() {
    let redis = redis_server::Redis::start();
    let hand = ManualClock::new(now());
    let mut sites = Vec::new();
    for _ in 0..2 {
        sites.push(Site::with_clock(
            connect(builder(&redis, hand.clock())).await,
            hand.clock(),
        ));
    }
    let cookie = sites[0].log_in("o1").await.expect("to be logged in");
    let monitor = redis.monitor();
    let writes = || {
        let text = monitor.text();
        text.lines()
            .filter(|line| line.contains("\"HSET\"") && line.contains("\"used\""))
            .count()
    };
    // For slightly more than ten minutes.
    for _ in 0..=120 {
        for site in &sites {
            for _ in 0..3 {
                site.get("/guarded", &cookie).await.assert_page_for("o1");
            }
        }
        hand.advance(Duration::from_secs(5));
    }
    // Each instance may find that the other one has written already.
    until("most uses are written", async || writes() >= 8).await;
    assert!(writes() <= 20, "{}", writes());
}
