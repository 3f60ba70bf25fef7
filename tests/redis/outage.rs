//! Redis is away, hangs, or is not what it should be: calls fail, soon and clearly, and work again by themselves.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::time::Duration;

use tower_weika::identity::Manager;
use tower_weika::store::{Redis, RedisStatus, RedisStore, SessionStore};
use tower_weika::{Error, ErrorKind};

use crate::kit::{
    SLACK, begin, connect, found, load, new_id, shown, site, timed, until, until_within,
    wait_until_cached, who,
};
use crate::proxy::{Fault, Proxy};
use crate::redis_server::{self, Options, Value};

/// How long an operation may take.
const BUDGET: Duration = Duration::from_secs(1);
/// Within this time a Redis that is back is used.
const RETURN: Duration = Duration::from_secs(2);

#[track_caller]
fn assert_store_error(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Store, "{error:?}");
}

/// Nobody waits for a Redis that is known to be away.
async fn assert_calls_fail_at_once(store: &RedisStore<Manager>) {
    assert_eq!(store.redis().status(), RedisStatus::Unreachable);
    let fail = async {
        let fleet = store.coordinator().expect("a shared store");
        for _ in 0..40 {
            assert_store_error(&who(store, &new_id()).await.unwrap_err());
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
                    .remove_subject(&crate::kit::namespace(), "o1")
                    .await
                    .unwrap_err(),
            );
            assert_store_error(&fleet.acquire_lease("x", 0).await.unwrap_err());
        }
    };
    let ((), took) = timed(fail).await;
    assert!(took < Duration::from_secs(1), "200 calls took {took:?}");
}

async fn assert_returns(store: &RedisStore<Manager>) {
    until_within(RETURN, "the store answers", async || {
        who(store, &new_id()).await.is_ok()
    })
    .await;
    assert_eq!(store.redis().status(), RedisStatus::Reachable);
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn operation_takes_a_second_at_most_and_then_calls_fail_at_once() {
    let redis = redis_server::Redis::start();
    let store = connect(Redis::builder(redis.url())).await;
    let id = begin(&store, "o1").await;
    let fleet = store.coordinator().expect("a shared store");
    // Each operation is once the first to notice.
    for operation in 0..6 {
        until("it can be reached", async || {
            store.redis().status() == RedisStatus::Reachable
        })
        .await;
        redis.stop_the_world();
        let call = async {
            match operation {
                0 => who(&store, &new_id()).await.map(drop),
                1 => crate::kit::insert(&store, crate::kit::session("o1")).await,
                2 => store.remove(&crate::kit::namespace(), &new_id()).await,
                3 => store.remove_subject(&crate::kit::namespace(), "o2").await,
                4 => fleet.flow_state("x").await.map(drop),
                _ => fleet.acquire_lease("x", 0).await.map(drop),
            }
        };
        let (outcome, took) = timed(call).await;
        assert_store_error(&outcome.unwrap_err());
        assert!(took < BUDGET + SLACK, "operation {operation} took {took:?}");
        assert_calls_fail_at_once(&store).await;
        redis.resume();
        assert_returns(&store).await;
        assert_eq!(found(&store, &id).await.as_deref(), Some("o1"));
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn status_is_accurate_without_calls() {
    let mut redis = redis_server::Redis::start();
    let store = connect(Redis::builder(redis.url())).await;
    for _ in 0..2 {
        until("it can be reached", async || {
            store.redis().status() == RedisStatus::Reachable
        })
        .await;
        redis.stop_the_world();
        until("it is missed", async || {
            store.redis().status() == RedisStatus::Unreachable
        })
        .await;
        redis.resume();
        until("it can be reached", async || {
            store.redis().status() == RedisStatus::Reachable
        })
        .await;
        redis.kill();
        until("it is missed", async || {
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
    redis.stop_the_world();
    until_within(Duration::from_secs(5), "it is missed", async || {
        let _given_up =
            tokio::time::timeout(Duration::from_millis(5), load(&store, &new_id())).await;
        store.redis().status() == RedisStatus::Unreachable
    })
    .await;
    redis.resume();
    assert_returns(&store).await;
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn server_that_was_killed_is_used_again_within_two_seconds() {
    let mut redis = redis_server::Redis::start();
    let [cached, uncached] = [
        connect(Redis::builder(redis.url())).await,
        connect(Redis::builder(redis.url()).local_cache_capacity(0)).await,
    ];
    let id = begin(&cached, "o1").await;
    wait_until_cached(&cached, &id).await;
    for _ in 0..3 {
        redis.kill();
        for store in [&cached, &uncached] {
            until_within(BUDGET + SLACK, "the outage is seen", async || {
                who(store, &new_id()).await.is_err()
            })
            .await;
            assert_calls_fail_at_once(store).await;
        }
        until_within(BUDGET + SLACK, "the copy does not count", async || {
            who(&cached, &id).await.is_err()
        })
        .await;
        redis.restart();
        for store in [&cached, &uncached] {
            assert_returns(store).await;
            assert_eq!(found(store, &id).await.as_deref(), Some("o1"));
        }
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn budget_of_ones_own_is_kept() {
    let redis = redis_server::Redis::start();
    let budget = Duration::from_millis(100);
    let store = connect(
        Redis::builder(redis.url())
            .operation_timeout(budget)
            .local_cache_capacity(0),
    )
    .await;
    redis.stop_the_world();
    let (outcome, took) = timed(who(&store, &new_id())).await;
    assert_store_error(&outcome.unwrap_err());
    assert!(took >= budget && took < budget + SLACK, "{took:?}");
    assert_calls_fail_at_once(&store).await;
    let (outcome, took) = timed(
        Redis::builder(redis.url())
            .operation_timeout(budget)
            .connect(),
    )
    .await;
    assert_store_error(&outcome.unwrap_err());
    assert!(took >= budget && took < budget + SLACK, "{took:?}");
    redis.resume();
    assert_returns(&store).await;
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn replica_counts_as_unreachable() {
    let [redis, other] = [redis_server::Redis::start(), redis_server::Redis::start()];
    let [cached, uncached] = [
        connect(Redis::builder(redis.url())).await,
        connect(Redis::builder(redis.url()).local_cache_capacity(0)).await,
    ];
    let id = begin(&uncached, "o1").await;
    redis.command(&["REPLICAOF", "127.0.0.1", &other.port().to_string()]);
    // It forgets all sessions when it follows the other one. Nobody may be taken for a stranger because of that.
    assert_store_error(&who(&uncached, &id).await.unwrap_err());
    for store in [&cached, &uncached] {
        until("it counts as unreachable", async || {
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
    assert_returns(&uncached).await;
    assert_returns(&cached).await;
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_read_from_a_server_that_has_become_a_replica() {
    let [redis, other] = [redis_server::Redis::start(), redis_server::Redis::start()];
    for operation in 0..5 {
        let store = connect(Redis::builder(redis.url()).local_cache_capacity(0)).await;
        let fleet = store.coordinator().expect("a shared store");
        redis.command(&["REPLICAOF", "127.0.0.1", &other.port().to_string()]);
        let error = match operation {
            0 => who(&store, &new_id()).await.map(drop),
            1 => store.remove_subject(&crate::kit::namespace(), "o2").await,
            2 => store.remove_all(&crate::kit::namespace()).await,
            3 => fleet.flow_state("x").await.map(drop),
            _ => fleet.acquire_lease("x", 0).await.map(drop),
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
    // Takes a while for each key when it starts again.
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
    let id = begin(&store, "o1").await;
    let mut connection = redis.connect().unwrap();
    for number in 0..400 {
        connection
            .call(&["SET", &format!("filler {number}"), "x"])
            .unwrap();
    }
    connection.call(&["BGREWRITEAOF"]).unwrap();
    redis_server::until("the file is written anew", || {
        let about = redis.command(&["INFO", "persistence"]).text();
        about.contains("aof_rewrite_in_progress:0") && about.contains("aof_rewrite_scheduled:0")
    });
    redis.kill();
    let restarted = tokio::task::spawn_blocking(move || {
        redis.restart();
        redis
    });
    until("it loads", async || match Redis::connect(&url).await {
        Ok(_) => panic!("it has been missed while it was loading"),
        Err(error) => {
            assert_store_error(&error);
            shown(&error).contains("BusyLoading")
        }
    })
    .await;
    assert_calls_fail_at_once(&store).await;
    let _redis = restarted.await.unwrap();
    assert_returns(&store).await;
    assert_eq!(found(&store, &id).await.as_deref(), Some("o1"));
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn redis_that_is_down_at_the_start_is_one_clear_error_or_is_waited_for() {
    let mut redis = redis_server::Redis::start_with(&Options {
        password: Some("sesame"),
        ..Options::default()
    });
    let name = site();
    let url = redis.url();
    let builder = || Redis::builder(url.clone()).key_prefix(name.clone());
    let id = begin(&connect(builder()).await, "o1").await;
    redis.kill();
    let (outcome, took) = timed(builder().connect()).await;
    let error = outcome.unwrap_err();
    assert!(took < BUDGET + SLACK, "{took:?}");
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
        assert_returns(&store).await;
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
async fn connection_that_is_cut_is_made_again() {
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
        let (outcome, took) = timed(who(&store, &new_id())).await;
        assert!(took < BUDGET + SLACK, "{took:?}");
        if fault != Fault::None {
            assert_store_error(&outcome.unwrap_err());
            assert_calls_fail_at_once(&store).await;
        }
        proxy.set(Fault::None);
        assert_returns(&store).await;
    }
    let clients = || {
        let answer = redis.command(&["CLIENT", "LIST"]);
        assert!(!matches!(answer, Value::Error(_)));
        answer
            .text()
            .lines()
            .filter(|line| !line.contains("cmd=client"))
            .count()
    };
    until(
        "there is one connection for calls and one to listen",
        async || clients() == 2,
    )
    .await;
    assert_returns(&store).await;
    assert_eq!(clients(), 2, "no call makes a connection");
}
