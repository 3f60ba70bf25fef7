//! Redis users with limited rights (ACL): the store starts with the minimum, and names all missing
//! rights.

use std::sync::{Arc, Mutex, Weak};

use tower_weika::ErrorKind;
use tower_weika::identity::Manager;
use tower_weika::store::{Redis, RedisStatus, RedisStore, SessionStore};

use crate::cluster::Cluster;
use crate::kit::{
    Log, With, connect, create_session, found, is_cached, load, new_id, shared, shown,
    unique_prefix, until, wait_until_cached,
};
use crate::redis_server::{self, Value};
use crate::sentinel::Sentinel;

/// The minimum commands of a Redis user, as the documentation of `Redis` lists them, without keys
/// and channel.
const COMMANDS: &[&str] = &[
    "+del",
    "+eval",
    "+evalsha",
    "+exists",
    "+get",
    "+hdel",
    "+hkeys",
    "+hlen",
    "+hmget",
    "+hset",
    "+pexpire",
    "+pttl",
    "+publish",
    "+set",
    "+subscribe",
    "+time",
    "+unlink",
];

/// Creates a user with exactly these rights on this key prefix, and returns its URL.
fn user(redis: &redis_server::Redis, prefix: &str, rights: &[&str]) -> String {
    let (keys, channel) = (
        format!("~{{{prefix}}}:*"),
        format!("&{{{prefix}}}:invalidations"),
    );
    let rule = [
        "ACL", "SETUSER", prefix, "reset", "on", ">sesame", &keys, &channel,
    ];
    let reply = redis.command(&[&rule, rights].concat());
    assert_eq!(reply, Value::from("OK"));
    redis
        .url()
        .replace("redis://", &format!("redis://{prefix}:sesame@"))
}

fn builder(redis: &redis_server::Redis, rights: &[&str]) -> tower_weika::store::RedisBuilder {
    let prefix = unique_prefix();
    Redis::builder(user(redis, &prefix, rights)).key_prefix(prefix)
}

mod contract {
    use super::*;

    static SERVER: Mutex<Weak<redis_server::Redis>> = Mutex::new(Weak::new());

    tower_weika::testing::store_contract! {
        #[ignore = "needs redis-server; run tests/run"]
        async {
            let server = shared(&SERVER, redis_server::Redis::start);
            let redis = builder(&server, COMMANDS).connect().await.expect("the least rights are enough");
            With::new(redis.store::<Manager>(), Arc::clone(&server))
        },
        |number| {
            let mut manager = Manager::new(format!("o{number}"));
            manager.name = "王".to_owned();
            manager
        },
    }
}

#[test]
fn documentation_has_the_rule_that_is_tested() {
    let documented = include_str!("../../src/store/redis/handle.rs")
        .replace("    /// ", "")
        .replace('\n', " ");
    assert!(
        documented.contains(&COMMANDS.join(" ")),
        "{}",
        COMMANDS.join(" ")
    );
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn least_rights_are_enough_for_the_local_cache_and_the_coordination() {
    let log = Log::capture();
    let redis = redis_server::Redis::start();
    let name = unique_prefix();
    let builder = || Redis::builder(user(&redis, &name, COMMANDS)).key_prefix(&name);
    let [store, other] = [connect(builder()).await, connect(builder()).await];
    let id = create_session(&store, "o1").await;
    wait_until_cached(&other, &id).await;
    store
        .remove(&crate::kit::namespace(), &id)
        .await
        .expect("a reply");
    until("the other instance receives the revocation", async || {
        !is_cached(&other, &id)
    })
    .await;
    let coordinator = store.coordinator().expect("a shared store");
    assert!(
        coordinator
            .claim_flow("x", std::time::Duration::from_secs(60))
            .await
            .expect("a reply")
            .is_none()
    );
    coordinator
        .complete_flow("x", b"outcome")
        .await
        .expect("a reply");
    coordinator
        .flow_state("x")
        .await
        .expect("a reply")
        .expect("a flow");
    coordinator.acquire_lease("x", 0).await.expect("a reply");
    assert_eq!(log.lines(), [""; 0]);
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn each_missing_command_is_found_at_start_and_named() {
    let redis = redis_server::Redis::start();
    for missing in COMMANDS.iter().filter(|command| **command != "+subscribe") {
        let rights: Vec<&str> = COMMANDS
            .iter()
            .copied()
            .filter(|command| command != missing)
            .collect();
        let error = builder(&redis, &rights)
            .connect()
            .await
            .expect_err("a right is missing");
        assert_eq!(error.kind(), ErrorKind::Store);
        let shown = shown(&error);
        assert!(
            shown.contains("ACL SETUSER") && shown.contains(&format!("lacks {missing};")),
            "{missing}: {shown}"
        );
        assert!(!shown.contains("sesame"), "{shown}");
    }
    assert_eq!(redis.keys(), [""; 0], "the checks leave no keys behind");
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn database_number_needs_the_right_to_select_which_is_named() {
    let redis = redis_server::Redis::start();
    let name = unique_prefix();
    let url = |rights: &[&str]| user(&redis, &name, rights) + "/2";
    let error = Redis::builder(url(COMMANDS))
        .key_prefix(&name)
        .connect()
        .await
        .expect_err("a right is missing");
    assert!(
        shown(&error).contains(&format!("ACL SETUSER {name} +select")),
        "{}",
        shown(&error)
    );
    connect(Redis::builder(url(&[COMMANDS, &["+select"]].concat())).key_prefix(&name)).await;
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn all_missing_rights_are_named_at_once() {
    let log = Log::capture();
    let redis = redis_server::Redis::start();
    let rule = "ACL SETUSER app reset on >sesame ~other:* &other +@all -time -set -hset";
    redis.command(&rule.split(' ').collect::<Vec<_>>());
    let url = redis.url().replace("redis://", "redis://app:sesame@");
    let error = Redis::builder(&url)
        .key_prefix("campus")
        .connect()
        .await
        .expect_err("rights are missing");
    let expected = "ACL SETUSER app +hset +set +time ~{campus}:* &{campus}:invalidations";
    assert!(shown(&error).contains(expected), "{}", shown(&error));

    // A degraded start logs it once as an error, and recovers when the rights are granted.
    let degraded = Redis::builder(&url)
        .key_prefix("campus")
        .start_degraded()
        .connect()
        .await
        .expect("a degraded start");
    assert_eq!(degraded.status(), RedisStatus::Unreachable);
    until("it is logged", async || log.count(expected) == 1).await;
    assert!(log.lines()[0].contains("ERROR"), "{:#?}", log.lines());
    redis.command(&expected.split(' ').collect::<Vec<_>>());
    until("the rights are granted", async || {
        degraded.status() == RedisStatus::Reachable
    })
    .await;
    assert_eq!(log.count("lacks"), 1, "{:#?}", log.lines());
    until("it is connected again", async || {
        log.count("redis: connected again") == 1
    })
    .await;
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn all_rights_are_named_for_a_user_without_any() {
    let redis = redis_server::Redis::start();
    let error = builder(&redis, &[])
        .connect()
        .await
        .expect_err("all rights are missing");
    let shown = shown(&error);
    for right in COMMANDS.iter().filter(|command| **command != "+subscribe") {
        assert!(shown.contains(right), "{right}: {shown}");
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn read_only_keys_and_wrong_patterns_are_named() {
    let redis = redis_server::Redis::start();
    let commands = COMMANDS.join(" ");
    for (keys, channel, missing) in [
        ("%R~*", "&*", "~{campus}:*"),
        ("~campus:*", "&*", "~{campus}:*"),
        ("~{campus}:probe", "&*", "~{campus}:*"),
        ("~*", "&campus:invalidations", "&{campus}:invalidations"),
    ] {
        let rule = format!("ACL SETUSER app reset on >sesame {keys} {channel} {commands}");
        redis.command(&rule.split(' ').collect::<Vec<_>>());
        let url = redis.url().replace("redis://", "redis://app:sesame@");
        let error = Redis::builder(&url)
            .key_prefix("campus")
            .connect()
            .await
            .expect_err("a right is missing");
        assert!(
            shown(&error).contains(&format!("ACL SETUSER app {missing}")),
            "{keys}: {}",
            shown(&error)
        );
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn without_the_right_to_subscribe_the_store_works_and_one_warning_names_it() {
    let log = Log::capture();
    let redis = redis_server::Redis::start();
    let rights: Vec<&str> = COMMANDS
        .iter()
        .copied()
        .filter(|command| *command != "+subscribe")
        .collect();
    let name = unique_prefix();
    let store = connect(Redis::builder(user(&redis, &name, &rights)).key_prefix(&name)).await;
    let id = create_session(&store, "o1").await;
    let warning = format!("ACL SETUSER {name} +subscribe &{{{name}}}:invalidations");
    until("it is logged", async || log.count(&warning) == 1).await;
    assert_eq!(
        log.count("local session cache disabled"),
        1,
        "{:#?}",
        log.lines()
    );
    assert_eq!(found(&store, &id).await.as_deref(), Some("o1"));
    assert!(!is_cached(&store, &id));
    assert_eq!(store.redis().status(), RedisStatus::Reachable);
    user(&redis, &name, COMMANDS);
    until("it is enabled", async || {
        log.count("local session cache enabled") == 1
    })
    .await;
    wait_until_cached(&store, &id).await;
    assert_eq!(log.lines().len(), 2, "{:#?}", log.lines());
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn right_that_is_taken_away_while_running_is_logged_once_and_its_return_too() {
    let log = Log::capture();
    let redis = redis_server::Redis::start();
    let name = unique_prefix();
    let store = connect(
        Redis::builder(user(&redis, &name, COMMANDS))
            .key_prefix(&name)
            .local_cache_capacity(0),
    )
    .await;
    let id = create_session(&store, "o1").await;
    redis.command(&["ACL", "SETUSER", &name, "-time", "-unlink"]);
    for _ in 0..20 {
        assert!(
            crate::kit::insert(&store, crate::kit::session("o2"))
                .await
                .is_err()
        );
    }
    let rule = format!("ACL SETUSER {name} +time +unlink");
    until("it is logged", async || log.count(&rule) == 1).await;
    // Sessions are still read.
    assert_eq!(found(&store, &id).await.as_deref(), Some("o1"));
    assert!(load(&store, &new_id()).await.expect("a reply").is_none());
    redis.command(&["ACL", "SETUSER", &name, "+time", "+unlink"]);
    until("its return is logged", async || {
        log.count("has all rights again") == 1
    })
    .await;
    assert_eq!(log.lines().len(), 2, "{:#?}", log.lines());
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn right_for_the_keys_of_one_namespace_is_logged_when_it_is_missed() {
    let log = Log::capture();
    let redis = redis_server::Redis::start();
    let keys = ["probe", "f:*", "token:*", "lease:*"]
        .map(|name| format!("~{{campus}}:{name}"))
        .join(" ");
    let rule = format!(
        "ACL SETUSER app reset on >sesame {keys} &* {}",
        COMMANDS.join(" ")
    );
    redis.command(&rule.split(' ').collect::<Vec<_>>());
    let url = redis.url().replace("redis://", "redis://app:sesame@");
    let store: RedisStore<Manager> = connect(Redis::builder(url).key_prefix("campus")).await;
    for _ in 0..20 {
        assert!(
            crate::kit::insert(&store, crate::kit::session("o2"))
                .await
                .is_err()
        );
    }
    until("it is logged", async || {
        log.count("ACL SETUSER app ~{campus}:* &{campus}:invalidations +del") == 1
    })
    .await;
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn cluster_and_sentinel_need_one_more_right_each() {
    let cluster = Cluster::start(3);
    let name = unique_prefix();
    let urls = |rights: &[&str]| -> Vec<String> {
        cluster
            .nodes
            .iter()
            .map(|node| user(node, &name, rights))
            .collect()
    };
    let more = [COMMANDS, &["+cluster|slots"]].concat();
    let store = connect(Redis::cluster(urls(&more)).key_prefix(&name)).await;
    let id = create_session(&store, "o1").await;
    assert_eq!(found(&store, &id).await.as_deref(), Some("o1"));
    wait_until_cached(&store, &id).await;
    drop(store);
    let error = Redis::cluster(urls(COMMANDS))
        .key_prefix(&name)
        .connect()
        .await
        .expect_err("a right is missing");
    assert!(
        shown(&error).contains("+cluster|slots"),
        "{}",
        shown(&error)
    );
    let less: Vec<&str> = more
        .iter()
        .copied()
        .filter(|right| *right != "+time")
        .collect();
    let error = Redis::cluster(urls(&less))
        .key_prefix(&name)
        .connect()
        .await
        .expect_err("a right is missing");
    assert!(shown(&error).contains("lacks +time;"), "{}", shown(&error));

    let sentinel = Sentinel::start();
    let more = [COMMANDS, &["+role"]].concat();
    user(&sentinel.master, &name, &more);
    let url = sentinel
        .url()
        .replace("redis://", &format!("redis://{name}:sesame@"));
    let store = connect(Redis::sentinel([url.clone()], Sentinel::NAME).key_prefix(&name)).await;
    let id = create_session(&store, "o1").await;
    assert_eq!(found(&store, &id).await.as_deref(), Some("o1"));
    user(&sentinel.master, &name, COMMANDS);
    let error = Redis::sentinel([url.clone()], Sentinel::NAME)
        .key_prefix(&name)
        .connect()
        .await
        .expect_err("a right is missing");
    assert!(shown(&error).contains("+role"), "{}", shown(&error));
    user(&sentinel.master, &name, &[&more[..], &["-time"]].concat());
    let error = Redis::sentinel([url], Sentinel::NAME)
        .key_prefix(&name)
        .connect()
        .await
        .expect_err("a right is missing");
    assert!(shown(&error).contains("lacks +time;"), "{}", shown(&error));
}
