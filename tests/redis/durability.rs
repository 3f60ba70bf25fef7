//! Warnings about servers that may lose sessions and revocations.

use tower_weika::store::{Redis, RedisStatus};

use crate::cluster::Cluster;
use crate::kit::{Log, connect, until};
use crate::redis_server::{self, Options};
use crate::sentinel::Sentinel;

const EVICTS: &str = "redis: maxmemory-policy is ";
const NO_PERSISTENCE: &str = "redis: the server has no persistence";

fn start(arguments: &[&str]) -> redis_server::Redis {
    redis_server::Redis::start_with(&Options {
        arguments,
        ..Options::default()
    })
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn evicting_policy_is_one_warning_with_the_remedy() {
    for policy in [
        "allkeys-lru",
        "volatile-lru",
        "volatile-ttl",
        "allkeys-random",
    ] {
        let log = Log::capture();
        let redis = start(&["--maxmemory-policy", policy, "--maxmemory", "64mb"]);
        let _store = connect(Redis::builder(redis.url())).await;
        let _other = connect(Redis::builder(redis.url())).await;
        let warning = format!("{EVICTS}{policy}");
        assert_eq!(log.count(&warning), 1, "{:#?}", log.lines());
        assert!(
            log.lines()[0].contains("WARN")
                && log.lines()[0].contains("set maxmemory-policy to noeviction")
        );
        assert_eq!(log.lines().len(), 1, "{:#?}", log.lines());
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn missing_persistence_is_one_warning_also_after_reconnects() {
    let log = Log::capture();
    let mut redis = start(&["--appendonly", "no"]);
    let store = connect(Redis::builder(redis.url())).await;
    assert_eq!(log.count(NO_PERSISTENCE), 1, "{:#?}", log.lines());
    assert_eq!(log.count("set appendonly to yes"), 1, "{:#?}", log.lines());
    for _ in 0..2 {
        redis.kill();
        until("the outage is noticed", async || {
            store.redis().status() == RedisStatus::Unreachable
        })
        .await;
        redis.restart();
        until("it is connected again", async || {
            store.redis().status() == RedisStatus::Reachable
        })
        .await;
    }
    assert_eq!(log.count(NO_PERSISTENCE), 1, "{:#?}", log.lines());
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn change_of_the_policy_is_warned_about_after_the_next_connect() {
    let log = Log::capture();
    let mut redis = redis_server::Redis::start();
    let store = connect(Redis::builder(redis.url())).await;
    assert_eq!(log.lines(), [""; 0]);
    redis.kill();
    until("the outage is noticed", async || {
        store.redis().status() == RedisStatus::Unreachable
    })
    .await;
    redis.restart();
    redis.command(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lfu"]);
    until("it is connected again", async || {
        store.redis().status() == RedisStatus::Reachable
    })
    .await;
    // The open connection may be older than the change.
    redis.command(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    until("the warning is there", async || {
        log.count("maxmemory-policy is allkeys-lfu") > 0
    })
    .await;
    assert_eq!(log.count(EVICTS), 1, "{:#?}", log.lines());
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn server_with_append_only_file_or_save_points_causes_no_warning() {
    let log = Log::capture();
    for arguments in [
        &["--appendonly", "yes"][..],
        &["--appendonly", "no", "--save", "3600 1"],
    ] {
        let redis = start(arguments);
        let _store = connect(Redis::builder(redis.url())).await;
    }
    assert_eq!(log.lines(), [""; 0]);
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn without_info_or_config_rights_only_known_facts_are_warned_about() {
    for (rights, evicts, is_lost) in [
        (&["-config", "-info"][..], 0, 0),
        (&["-config"], 1, 0),
        (&["-info"], 1, 1),
        (&["-config", "+config|get", "-info"], 1, 1),
    ] {
        let log = Log::capture();
        let redis = start(&["--appendonly", "no", "--maxmemory-policy", "allkeys-lru"]);
        let rule = [
            "ACL", "SETUSER", "app", "on", ">sesame", "~*", "&*", "+@all",
        ];
        redis.command(&[&rule, rights].concat());
        let url = redis.url().replace("redis://", "redis://app:sesame@");
        let _store = connect(Redis::builder(url)).await;
        assert_eq!(
            (log.count(EVICTS), log.count(NO_PERSISTENCE)),
            (evicts, is_lost),
            "{rights:?} {:#?}",
            log.lines()
        );
        assert_eq!(log.lines().len(), evicts + is_lost, "{:#?}", log.lines());
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn nodes_of_a_cluster_are_warned_about_one_by_one() {
    let log = Log::capture();
    let cluster = Cluster::start(3);
    for node in &cluster.nodes[1..] {
        node.command(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    }
    let _store = connect(Redis::cluster(cluster.urls())).await;
    assert_eq!(log.count(EVICTS), 2, "{:#?}", log.lines());
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn server_after_a_failover_is_warned_about_too() {
    let log = Log::capture();
    let mut sentinel = Sentinel::start();
    sentinel
        .replica
        .command(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    let store = connect(Redis::sentinel([sentinel.url()], Sentinel::NAME)).await;
    assert_eq!(log.count(EVICTS), 0, "{:#?}", log.lines());
    // Waiting for the failover blocks this thread.
    tokio::task::yield_now().await;
    sentinel.failover_by_killing_master();
    until("the warning is there", async || log.count(EVICTS) > 0).await;
    until("it is connected again", async || {
        store.redis().status() == RedisStatus::Reachable
    })
    .await;
    assert_eq!(log.count(EVICTS), 1, "{:#?}", log.lines());
}
