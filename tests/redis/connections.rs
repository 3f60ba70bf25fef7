//! Connections that are kept open without calls, the rights that they need, and stores that share one.

use std::time::Duration;

use tower_weika::AccessToken;
use tower_weika::ErrorKind;
use tower_weika::coordination::LeaseResponse;
use tower_weika::identity::Manager;
use tower_weika::store::{Redis, RedisStatus, RedisStore, SessionStore};

use crate::kit::{
    EVERYWHERE, SLACK, begin, connect, found, is_cached, load, site, until, until_within,
    wait_until_cached,
};
use crate::redis_server::{self, Options};
use crate::sentinel::Sentinel;

/// Within this time a Redis that is back is used.
const SOON: Duration = Duration::from_secs(2);

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn outage_and_recovery_are_noticed_without_calls() {
    let mut server = redis_server::Redis::start();
    let redis = Redis::builder(server.url())
        .local_cache_capacity(0)
        .connect()
        .await
        .expect("a server that runs");
    server.kill();
    until_within(SOON, "it is noticed", async || {
        redis.status() == RedisStatus::Unreachable
    })
    .await;
    server.restart();
    until_within(SOON, "it is noticed", async || {
        redis.status() == RedisStatus::Reachable
    })
    .await;
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn connection_that_the_server_closes_is_made_anew_before_anybody_asks() {
    let server = redis_server::Redis::start();
    let store = connect(Redis::builder(server.url()).local_cache_capacity(0)).await;
    let id = begin(&store, "o1").await;
    let clients = || {
        let list = server.command(&["CLIENT", "LIST", "TYPE", "normal"]).text();
        let ours = list.lines().filter(|line| line.contains("cmd=eval"));
        ours.filter_map(|line| line.split(' ').next())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    until("the connection is known", async || clients().len() == 1).await;
    let former = clients();
    server.command(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    until("there is another one", async || {
        clients().iter().any(|client| !former.contains(client))
    })
    .await;
    until("it is used", async || {
        store.redis().status() == RedisStatus::Reachable
    })
    .await;
    assert_eq!(found(&store, &id).await.as_deref(), Some("o1"));
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn missing_password_and_missing_rights_are_named_at_the_start() {
    let server = redis_server::Redis::start_with(&Options {
        password: Some("p4ss"),
        ..Options::default()
    });
    let bare = format!("redis://127.0.0.1:{}", server.port());
    for (user, rules) in [
        ("silent", &["~*", "+@all", "resetchannels"][..]),
        (
            "reader",
            &["~*", "&*", "+@read", "+@connection", "+eval", "+evalsha"],
        ),
        ("elsewhere", &["~other:*", "&*", "+@all"]),
    ] {
        let command = [
            &["ACL", "SETUSER", user, "on", ">p4ss", "resetkeys"][..],
            rules,
        ]
        .concat();
        assert_eq!(server.command(&command).text(), "OK");
    }
    let urls = ["silent", "reader", "elsewhere"]
        .map(|user| bare.replace("//", &format!("//{user}:p4ss@")));
    for url in [bare].into_iter().chain(urls) {
        let error = Redis::connect(&url).await.expect_err(&url);
        assert_eq!(error.kind(), ErrorKind::Store, "{url}: {error:?}");
    }
    Redis::connect(server.url())
        .await
        .expect("with the password");
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn documented_rights_are_enough() {
    let server = redis_server::Redis::start();
    let name = site();
    let (keys, channel) = (
        format!("~{{{name}}}:*"),
        format!("&{{{name}}}:invalidations"),
    );
    // As the documentation of `Redis::connect` has them.
    let commands = "eval evalsha exists expire get hdel hget hmget hset pexpire pttl publish set \
                    subscribe time unlink del";
    let commands: Vec<String> = commands
        .split_whitespace()
        .map(|command| format!("+{command}"))
        .collect();
    let mut rules = vec![
        "ACL",
        "SETUSER",
        "weika",
        "on",
        ">p4ss",
        "resetkeys",
        "resetchannels",
        &keys,
        &channel,
    ];
    rules.extend(commands.iter().map(String::as_str));
    assert_eq!(server.command(&rules).text(), "OK");
    let url = server.url().replace("//", "//weika:p4ss@");
    let one = connect(Redis::builder(&url).key_prefix(&name)).await;
    let other = connect(Redis::builder(&url).key_prefix(&name)).await;
    let id = begin(&one, "o1").await;
    wait_until_cached(&other, &id).await;
    let session = load(&one, &id)
        .await
        .expect("the store answers")
        .expect("the session is there");
    let used = session.created().plus(Duration::from_secs(120));
    session.touch(used);
    one.touch(&session);
    let is_recorded = async || match load(&one, &id).await {
        Ok(Some(session)) => session.last_used() == used,
        _ => false,
    };
    until("the use is recorded", is_recorded).await;
    one.remove(&crate::kit::namespace(), &id)
        .await
        .expect("it may");
    until_within(EVERYWHERE + SLACK, "it has ended", async || {
        found(&other, &id).await.is_none()
    })
    .await;
    one.remove_subject(&crate::kit::namespace(), "o1")
        .await
        .expect("it may");
    one.remove_all(&crate::kit::namespace())
        .await
        .expect("it may");
    let fleet = one.coordinator().expect("a shared store");
    fleet.claim_flow("a", SOON).await.expect("it may");
    fleet.complete_flow("a", b"x").await.expect("it may");
    fleet.flow_state("a").await.expect("it may");
    let LeaseResponse::Granted(grant) = fleet.acquire_lease("a", 0).await.expect("it may") else {
        panic!("nobody has it")
    };
    assert!(
        fleet
            .publish_token("a", &grant, &AccessToken::new("t"), SOON)
            .await
            .expect("it may")
    );
    fleet
        .release_lease("a", &grant, SOON)
        .await
        .expect("it may");
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn sentinels_and_servers_have_passwords_of_their_own_and_servers_have_databases() {
    for of_sentinel in [None, Some("s3ntinel")] {
        let group = Sentinel::start_with(Some("p4ss"), of_sentinel);
        let url = format!("redis://:p4ss@127.0.0.1:{}/1", group.sentinel.port());
        let mut builder = Redis::sentinel([url], Sentinel::NAME);
        if let Some(password) = of_sentinel {
            builder = builder.sentinel_credentials("", password);
        }
        let store = connect(builder).await;
        let id = begin(&store, "o1").await;
        assert_eq!(found(&store, &id).await.as_deref(), Some("o1"));
        assert!(
            group.master.keys().is_empty(),
            "they are in another database"
        );
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn stores_of_several_names_know_nothing_of_each_other() {
    let server = redis_server::Redis::start();
    let redis = Redis::connect(server.url())
        .await
        .expect("a server that runs");
    let open = |index| -> RedisStore<Manager> {
        match index {
            0 => redis.store(),
            1 => redis.store_with_namespace("一中 a"),
            2 => redis.store_with_namespace("二中 a"),
            _ => redis.store_with_namespace(""),
        }
    };
    let stores = [0, 1, 2, 3].map(open);
    for (index, own) in stores.iter().enumerate() {
        let id = begin(own, "o1").await;
        wait_until_cached(own, &id).await;
        for (_, other) in stores.iter().enumerate().filter(|(at, _)| *at != index) {
            assert!(found(other, &id).await.is_none());
            other
                .remove(&crate::kit::namespace(), &id)
                .await
                .expect("the store answers");
            other
                .remove_subject(&crate::kit::namespace(), "o1")
                .await
                .expect("the store answers");
            other
                .remove_all(&crate::kit::namespace())
                .await
                .expect("the store answers");
        }
        assert!(found(own, &id).await.is_some());
        let again = open(index);
        assert_eq!(
            found(&again, &id).await.as_deref(),
            Some("o1"),
            "the same store"
        );
        again
            .remove(&crate::kit::namespace(), &id)
            .await
            .expect("the store answers");
        until_within(EVERYWHERE + SLACK, "the copy has ended", async || {
            !is_cached(own, &id)
        })
        .await;
    }
}
