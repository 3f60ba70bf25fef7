//! Log of an outage: one line when it begins, one for each new reason, and one on recovery.

use tower_weika::ErrorKind;
use tower_weika::identity::Manager;
use tower_weika::store::{Redis, RedisBuilder, RedisStatus, RedisStore};

use crate::cluster::Cluster;
use crate::kit::{Log, connect, find_subject, new_id, shown, until};
use crate::redis_server::{self, Options};
use crate::sentinel::Sentinel;

async fn wait_for(log: &Log, text: &str) {
    until(text, async || log.count(text) > 0).await;
}

async fn status_becomes(store: &RedisStore<Manager>, status: RedisStatus) {
    until("the status changes", async || {
        store.redis().status() == status
    })
    .await;
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn each_new_reason_of_an_outage_is_one_line() {
    let log = Log::capture();
    let mut redis = redis_server::Redis::start_with(&Options {
        password: Some("sesame"),
        ..Options::default()
    });
    let store = connect(Redis::builder(redis.url()).local_cache_capacity(0)).await;
    assert_eq!(log.lines(), [""; 0]);

    redis.kill();
    wait_for(&log, "redis: cannot connect: Connection refused").await;
    assert_eq!(log.count("redis: connection lost"), 1, "{:#?}", log.lines());
    redis.restart();
    status_becomes(&store, RedisStatus::Reachable).await;

    // The password changes, and the open connections are closed.
    redis.command(&["CONFIG", "SET", "requirepass", "mustard"]);
    let mut operator =
        redis_server::Connection::open(redis.address(), Some("mustard")).expect("the new password");
    operator
        .call(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"])
        .expect("a reply");
    wait_for(&log, "redis: cannot connect: WRONGPASS").await;
    wait_for(&log, "check the user and the password").await;
    for _ in 0..200 {
        assert!(find_subject(&store, &new_id()).await.is_err());
    }
    let attempts = |operator: &mut redis_server::Connection| {
        let stats = operator
            .call(&["INFO", "errorstats"])
            .expect("a reply")
            .text();
        let count = stats.lines().find_map(|line| {
            line.strip_prefix("errorstat_WRONGPASS:count=")?
                .parse::<u32>()
                .ok()
        });
        count.unwrap_or(0)
    };
    let before = attempts(&mut operator);
    until("it has retried several times", async || {
        attempts(&mut operator) >= before + 4
    })
    .await;
    assert_eq!(log.count("WRONGPASS"), 1, "{:#?}", log.lines());
    assert_eq!(log.count("redis: connection lost"), 2, "{:#?}", log.lines());

    // A different reason during the same outage.
    redis.kill();
    until("the reason changes", async || {
        log.count("redis: cannot connect: Connection refused") == 2
    })
    .await;

    let back = log.count("redis: connected again");
    redis.restart();
    status_becomes(&store, RedisStatus::Reachable).await;
    until("it is connected again", async || {
        log.count("redis: connected again") == back + 1
    })
    .await;
    assert!(
        log.lines()
            .iter()
            .all(|line| !line.contains("sesame") && !line.contains("mustard")),
        "{:#?}",
        log.lines()
    );
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn degraded_start_logs_the_reason_once_and_then_the_recovery() {
    let log = Log::capture();
    let mut redis = redis_server::Redis::start();
    redis.kill();
    let redis_of = Redis::builder(redis.url())
        .start_degraded()
        .connect()
        .await
        .expect("a degraded start");
    redis.restart();
    until("it is connected again", async || {
        redis_of.status() == RedisStatus::Reachable
    })
    .await;
    assert_eq!(
        log.count("redis: cannot connect: Connection refused"),
        1,
        "{:#?}",
        log.lines()
    );
    assert_eq!(log.count("redis: connected again"), 1, "{:#?}", log.lines());
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn server_that_becomes_a_replica_is_named_as_one() {
    let log = Log::capture();
    let [redis, other] = [redis_server::Redis::start(), redis_server::Redis::start()];
    let _store = connect(Redis::builder(redis.url())).await;
    redis.command(&["REPLICAOF", "127.0.0.1", &other.port().to_string()]);
    wait_for(&log, "READONLY").await;
    assert_eq!(
        log.count("the server is a replica"),
        1,
        "{:#?}",
        log.lines()
    );
    redis.command(&["REPLICAOF", "NO", "ONE"]);
    wait_for(&log, "redis: connected again").await;
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn password_that_the_server_quotes_back_is_not_shown() {
    let log = Log::capture();
    // Such a server replies to AUTH and HELLO with an error that quotes the words.
    let redis = redis_server::Redis::launch(
        "save \"\"\nappendonly yes\nrename-command AUTH \"\"\nrename-command HELLO \"\"\n",
        &[],
        None,
    );
    let url = redis.url().replace("redis://", "redis://app:sesame@");
    let shown = failure(Redis::builder(&url)).await;
    assert!(shown.contains("unknown command"), "{shown}");
    let _degraded = Redis::builder(&url)
        .start_degraded()
        .connect()
        .await
        .expect("a degraded start");
    assert_eq!(log.count("unknown command"), 1, "{:#?}", log.lines());
    assert_eq!(log.count("sesame"), 0, "{:#?}", log.lines());
}

async fn failure(builder: RedisBuilder) -> String {
    let error = builder.connect().await.expect_err("no connection");
    assert_eq!(error.kind(), ErrorKind::Store);
    let shown = shown(&error);
    assert!(
        !shown.contains("sesame") && !shown.contains("mustard"),
        "{shown}"
    );
    shown
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn cause_and_remedy_are_named_with_sentinels_and_in_a_cluster_too() {
    let sentinel = Sentinel::start_with(Some("sesame"), None);
    let with =
        |url: &str, password: &str| url.replace("redis://", &format!("redis://:{password}@"));
    let cluster = Cluster::start(3);
    for node in &cluster.nodes {
        node.command(&["CONFIG", "SET", "requirepass", "sesame"]);
    }
    let redis = redis_server::Redis::start();
    let (sentinel, node) = (sentinel.url(), cluster.nodes[0].url());
    for (builder, cause, remedy) in [
        (
            Redis::sentinel([sentinel.clone()], Sentinel::NAME),
            "NOAUTH",
            "check the user and the password",
        ),
        (
            Redis::sentinel([with(&sentinel, "mustard")], Sentinel::NAME),
            "WRONGPASS",
            "check the user and the password",
        ),
        (
            Redis::sentinel([with(&sentinel, "sesame")], "other"),
            "not found in sentinel",
            "check the name of the master",
        ),
        (
            Redis::cluster([node.clone()]),
            "NOAUTH",
            "check the user and the password",
        ),
        (
            Redis::cluster([with(&node, "mustard")]),
            "WRONGPASS",
            "check the user and the password",
        ),
        (
            Redis::cluster([redis.url()]),
            "cluster support disabled",
            "use `Redis::builder`",
        ),
        (
            Redis::builder(with(&node, "sesame")).key_prefix("x1"),
            "MOVED",
            "use `Redis::cluster`",
        ),
        (
            Redis::builder(sentinel.clone()),
            "unknown command",
            "Redis 7 or Valkey",
        ),
        (
            Redis::builder(redis.url() + "/99"),
            "DB index is out of range",
            "check the database number",
        ),
    ] {
        let shown = failure(builder).await;
        assert!(
            shown.contains(cause) && shown.contains(remedy),
            "{cause}: {shown}"
        );
    }
}
