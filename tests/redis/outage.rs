//! Redis is down, hangs, or is misconfigured: calls fail fast with a clear error, and work again
//! without a restart.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::time::Duration;

use tower_weika::identity::Manager;
use tower_weika::store::{Redis, RedisStatus, RedisStore, SessionStore};
use tower_weika::{Error, ErrorKind};

use crate::kit::{
    SLACK, connect, create_session, find_subject, found, load, new_id, shown, timed, unique_prefix,
    until, until_within, wait_until_cached,
};
use crate::proxy::{Fault, Proxy};
use crate::redis_server::{self, Options, Value};

/// The operation timeout.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(1);
/// A recovered Redis is used again within this time.
const RECOVERY: Duration = Duration::from_secs(2);

#[track_caller]
fn assert_store_error(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Store, "{error:?}");
}

/// No caller waits for a Redis that is known to be down.
async fn assert_calls_fail_at_once(store: &RedisStore<Manager>) {
    assert_eq!(store.redis().status(), RedisStatus::Unreachable);
    let fail = async {
        let coordinator = store.coordinator().expect("a shared store");
        for _ in 0..40 {
            assert_store_error(&find_subject(store, &new_id()).await.unwrap_err());
            assert_store_error(
                &crate::kit::insert(store, crate::kit::session("o1"))
                    .await
                    .unwrap_err(),
            );
            assert_store_error(
                &store
                    .remove(&crate::kit::namespace(), &new_id())
                    .await
                    .unwrap_err(),
            );
            assert_store_error(
                &store
                    .remove_subject(&crate::kit::namespace(), "o1", None)
                    .await
                    .unwrap_err(),
            );
            assert_store_error(&coordinator.acquire_lease("x", 0).await.unwrap_err());
        }
    };
    let ((), took) = timed(fail).await;
    assert!(took < Duration::from_secs(1), "200 calls took {took:?}");
}

async fn assert_recovers(store: &RedisStore<Manager>) {
    until_within(RECOVERY, "the store responds", async || {
        find_subject(store, &new_id()).await.is_ok()
    })
    .await;
    assert_eq!(store.redis().status(), RedisStatus::Reachable);
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn operation_takes_a_second_at_most_and_then_calls_fail_at_once() {
    let redis = redis_server::Redis::start();
    let store = connect(Redis::builder(redis.url())).await;
    let id = create_session(&store, "o1").await;
    let coordinator = store.coordinator().expect("a shared store");
    // Each kind of operation is the first to notice the outage once.
    for operation in 0..6 {
        until("Redis is reachable", async || {
            store.redis().status() == RedisStatus::Reachable
        })
        .await;
        redis.pause();
        let call = async {
            match operation {
                0 => find_subject(&store, &new_id()).await.map(drop),
                1 => crate::kit::insert(&store, crate::kit::session("o1")).await,
                2 => store
                    .remove(&crate::kit::namespace(), &new_id())
                    .await
                    .map(drop),
                3 => {
                    store
                        .remove_subject(&crate::kit::namespace(), "o2", None)
                        .await
                }
                4 => coordinator.flow_state("x").await.map(drop),
                _ => coordinator.acquire_lease("x", 0).await.map(drop),
            }
        };
        let (outcome, took) = timed(call).await;
        assert_store_error(&outcome.unwrap_err());
        assert!(
            took < OPERATION_TIMEOUT + SLACK,
            "operation {operation} took {took:?}"
        );
        assert_calls_fail_at_once(&store).await;
        redis.resume();
        assert_recovers(&store).await;
        assert_eq!(found(&store, &id).await.as_deref(), Some("o1"));
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn status_is_accurate_without_calls() {
    let mut redis = redis_server::Redis::start();
    let store = connect(Redis::builder(redis.url())).await;
    for _ in 0..2 {
        until("Redis is reachable", async || {
            store.redis().status() == RedisStatus::Reachable
        })
        .await;
        redis.pause();
        until("the outage is noticed", async || {
            store.redis().status() == RedisStatus::Unreachable
        })
        .await;
        redis.resume();
        until("Redis is reachable", async || {
            store.redis().status() == RedisStatus::Reachable
        })
        .await;
        redis.kill();
        until("the outage is noticed", async || {
            store.redis().status() == RedisStatus::Unreachable
        })
        .await;
        redis.restart();
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn callers_that_do_not_wait_do_not_hide_an_outage() {
    let redis = redis_server::Redis::start();
    let store = connect(Redis::builder(redis.url())).await;
    redis.pause();
    until_within(
        Duration::from_secs(5),
        "the outage is noticed",
        async || {
            let _given_up =
                tokio::time::timeout(Duration::from_millis(5), load(&store, &new_id())).await;
            store.redis().status() == RedisStatus::Unreachable
        },
    )
    .await;
    redis.resume();
    assert_recovers(&store).await;
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn server_that_was_killed_is_used_again_within_two_seconds() {
    let mut redis = redis_server::Redis::start();
    let [cached, uncached] = [
        connect(Redis::builder(redis.url())).await,
        connect(Redis::builder(redis.url()).local_cache_capacity(0)).await,
    ];
    let id = create_session(&cached, "o1").await;
    wait_until_cached(&cached, &id).await;
    for _ in 0..3 {
        redis.kill();
        for store in [&cached, &uncached] {
            until_within(
                OPERATION_TIMEOUT + SLACK,
                "the outage is noticed",
                async || find_subject(store, &new_id()).await.is_err(),
            )
            .await;
            assert_calls_fail_at_once(store).await;
        }
        until_within(
            OPERATION_TIMEOUT + SLACK,
            "the cached session is not served",
            async || find_subject(&cached, &id).await.is_err(),
        )
        .await;
        redis.restart();
        for store in [&cached, &uncached] {
            assert_recovers(store).await;
            assert_eq!(found(store, &id).await.as_deref(), Some("o1"));
        }
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn configured_operation_timeout_is_kept() {
    let redis = redis_server::Redis::start();
    let limit = Duration::from_millis(100);
    let store = connect(
        Redis::builder(redis.url())
            .operation_timeout(limit)
            .local_cache_capacity(0),
    )
    .await;
    redis.pause();
    let (outcome, took) = timed(find_subject(&store, &new_id())).await;
    assert_store_error(&outcome.unwrap_err());
    assert!(took >= limit && took < limit + SLACK, "{took:?}");
    assert_calls_fail_at_once(&store).await;
    let (outcome, took) = timed(
        Redis::builder(redis.url())
            .operation_timeout(limit)
            .connect(),
    )
    .await;
    assert_store_error(&outcome.unwrap_err());
    assert!(took >= limit && took < limit + SLACK, "{took:?}");
    redis.resume();
    assert_recovers(&store).await;
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn replica_counts_as_unreachable() {
    let [redis, other] = [redis_server::Redis::start(), redis_server::Redis::start()];
    let [cached, uncached] = [
        connect(Redis::builder(redis.url())).await,
        connect(Redis::builder(redis.url()).local_cache_capacity(0)).await,
    ];
    let id = create_session(&uncached, "o1").await;
    redis.command(&["REPLICAOF", "127.0.0.1", &other.port().to_string()]);
    // It drops all sessions when it follows the other server. No user may be treated as
    // unauthenticated because of that.
    assert_store_error(&find_subject(&uncached, &id).await.unwrap_err());
    for store in [&cached, &uncached] {
        until("the status is unreachable", async || {
            store.redis().status() == RedisStatus::Unreachable
        })
        .await;
        assert_calls_fail_at_once(store).await;
        assert_store_error(
            &store
                .remove_all(&crate::kit::namespace())
                .await
                .unwrap_err(),
        );
    }
    let error = Redis::connect(redis.url()).await.unwrap_err();
    assert_store_error(&error);
    assert!(shown(&error).contains("ReadOnly"), "{}", shown(&error));
    redis.command(&["REPLICAOF", "NO", "ONE"]);
    assert_recovers(&uncached).await;
    assert_recovers(&cached).await;
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_read_from_a_server_that_has_become_a_replica() {
    let [redis, other] = [redis_server::Redis::start(), redis_server::Redis::start()];
    for operation in 0..5 {
        let store = connect(Redis::builder(redis.url()).local_cache_capacity(0)).await;
        let coordinator = store.coordinator().expect("a shared store");
        redis.command(&["REPLICAOF", "127.0.0.1", &other.port().to_string()]);
        let error = match operation {
            0 => find_subject(&store, &new_id()).await.map(drop),
            1 => {
                store
                    .remove_subject(&crate::kit::namespace(), "o2", None)
                    .await
            }
            2 => store.remove_all(&crate::kit::namespace()).await,
            3 => coordinator.flow_state("x").await.map(drop),
            _ => coordinator.acquire_lease("x", 0).await.map(drop),
        };
        assert_store_error(&error.expect_err("a replica"));
        assert_eq!(
            store.redis().status(),
            RedisStatus::Unreachable,
            "operation {operation}"
        );
        redis.command(&["REPLICAOF", "NO", "ONE"]);
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn server_that_is_loading_counts_as_unreachable() {
    // Makes each key take a while to load after a restart.
    let slow = [
        "--key-load-delay",
        "5000",
        "--loading-process-events-interval-bytes",
        "1024",
    ];
    let mut redis = redis_server::Redis::start_with(&Options {
        arguments: &slow,
        ..Options::default()
    });
    let (url, store) = (redis.url(), connect(Redis::builder(redis.url())).await);
    let id = create_session(&store, "o1").await;
    let mut connection = redis.connect().unwrap();
    for number in 0..400 {
        connection
            .call(&["SET", &format!("filler {number}"), "x"])
            .unwrap();
    }
    connection.call(&["BGREWRITEAOF"]).unwrap();
    redis_server::until("the file is rewritten", || {
        let about = redis.command(&["INFO", "persistence"]).text();
        about.contains("aof_rewrite_in_progress:0") && about.contains("aof_rewrite_scheduled:0")
    });
    redis.kill();
    let restarted = tokio::task::spawn_blocking(move || {
        redis.restart();
        redis
    });
    until("it is loading", async || match Redis::connect(&url).await {
        Ok(_) => panic!("it finished loading before the first attempt"),
        Err(error) => {
            assert_store_error(&error);
            shown(&error).contains("BusyLoading")
        }
    })
    .await;
    assert_calls_fail_at_once(&store).await;
    let _redis = restarted.await.unwrap();
    assert_recovers(&store).await;
    assert_eq!(found(&store, &id).await.as_deref(), Some("o1"));
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn redis_that_is_down_at_start_is_one_clear_error_or_retried_after_a_degraded_start() {
    let mut redis = redis_server::Redis::start_with(&Options {
        password: Some("sesame"),
        ..Options::default()
    });
    let name = unique_prefix();
    let url = redis.url();
    let builder = || Redis::builder(url.clone()).key_prefix(name.clone());
    let id = create_session(&connect(builder()).await, "o1").await;
    redis.kill();
    let (outcome, took) = timed(builder().connect()).await;
    let error = outcome.unwrap_err();
    assert!(took < OPERATION_TIMEOUT + SLACK, "{took:?}");
    assert_store_error(&error);
    assert!(std::error::Error::source(&error).is_some());
    assert!(!shown(&error).contains("sesame"), "{}", shown(&error));
    assert!(
        shown(&error).to_lowercase().contains("refused"),
        "{}",
        shown(&error)
    );

    for capacity in [0, 100] {
        let store = connect(builder().local_cache_capacity(capacity).start_degraded()).await;
        assert_calls_fail_at_once(&store).await;
        assert!(!format!("{store:?} {:?}", store.redis()).contains("sesame"));
        redis.restart();
        assert_recovers(&store).await;
        assert_eq!(found(&store, &id).await.as_deref(), Some("o1"));
        redis.kill();
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn wrong_password_is_one_clear_error() {
    let redis = redis_server::Redis::start_with(&Options {
        password: Some("sesame"),
        ..Options::default()
    });
    for url in [
        redis.url().replace("sesame", "mustard"),
        redis.url().replace(":sesame@", ""),
    ] {
        let error = Redis::connect(url.clone()).await.unwrap_err();
        assert_store_error(&error);
        let shown = shown(&error);
        assert!(
            !shown.contains("mustard") && !shown.contains("sesame"),
            "{shown}"
        );
        assert!(
            shown.contains("WRONGPASS")
                || shown.contains("NOAUTH")
                || shown.contains("uthentication"),
            "{shown}"
        );
        let store: RedisStore<Manager> = Redis::builder(url)
            .start_degraded()
            .connect()
            .await
            .unwrap()
            .store();
        assert_calls_fail_at_once(&store).await;
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn cut_connection_is_reopened() {
    let redis = redis_server::Redis::start();
    let proxy = Proxy::start(&redis);
    let store = connect(Redis::builder(proxy.url())).await;
    for fault in [
        Fault::None,
        Fault::Refuse,
        Fault::BlackHole,
        Fault::LoseReplies,
    ] {
        proxy.set(fault);
        proxy.cut();
        let (outcome, took) = timed(find_subject(&store, &new_id())).await;
        assert!(took < OPERATION_TIMEOUT + SLACK, "{took:?}");
        if fault != Fault::None {
            assert_store_error(&outcome.unwrap_err());
            assert_calls_fail_at_once(&store).await;
        }
        proxy.set(Fault::None);
        assert_recovers(&store).await;
    }
    let clients = || {
        let reply = redis.command(&["CLIENT", "LIST"]);
        assert!(!matches!(reply, Value::Error(_)));
        reply
            .text()
            .lines()
            .filter(|line| !line.contains("cmd=client"))
            .count()
    };
    until(
        "one connection for calls and one for the subscription",
        async || clients() == 2,
    )
    .await;
    assert_recovers(&store).await;
    assert_eq!(clients(), 2, "no call opens a connection");
}
