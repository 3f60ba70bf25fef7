//! Connections that stay open without calls, the rights that they need, and stores that share one
//! connection.

use std::time::Duration;

use tower_weika::AccessToken;
use tower_weika::ErrorKind;
use tower_weika::coordination::LeaseResponse;
use tower_weika::identity::Manager;
use tower_weika::store::{Redis, RedisStatus, RedisStore, SessionStore};

use crate::kit::{
    PROPAGATION, SLACK, connect, create_session, found, is_cached, load, unique_prefix, until,
    until_within, wait_until_cached,
};
use crate::redis_server::{self, Options};
use crate::sentinel::Sentinel;

/// A recovered Redis is used again within this time.
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
    until_within(SOON, "the outage is noticed", async || {
        redis.status() == RedisStatus::Unreachable
    })
    .await;
    server.restart();
    until_within(SOON, "the recovery is noticed", async || {
        redis.status() == RedisStatus::Reachable
    })
    .await;
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn connection_closed_by_the_server_is_reopened_before_the_next_call() {
    let server = redis_server::Redis::start();
    let store = connect(Redis::builder(server.url()).local_cache_capacity(0)).await;
    let id = create_session(&store, "o1").await;
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
    until("there is another connection", async || {
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
    let name = unique_prefix();
    let (keys, channel) = (
        format!("~{{{name}}}:*"),
        format!("&{{{name}}}:invalidations"),
    );
    // The rights listed in the documentation of `Redis::connect`.
    let commands = "eval evalsha exists expire get hdel hget hkeys hlen hmget hset pexpire pttl publish set \
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
    let id = create_session(&one, "o1").await;
    wait_until_cached(&other, &id).await;
    let session = load(&one, &id)
        .await
        .expect("the store responds")
        .expect("a session");
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
        .expect("the right suffices");
    until_within(PROPAGATION + SLACK, "the session is revoked", async || {
        found(&other, &id).await.is_none()
    })
    .await;
    one.remove_subject(&crate::kit::namespace(), "o1", None)
        .await
        .expect("the right suffices");
    one.remove_all(&crate::kit::namespace())
        .await
        .expect("the right suffices");
    let coordinator = one.coordinator().expect("a shared store");
    coordinator
        .claim_flow("a", SOON)
        .await
        .expect("the right suffices");
    coordinator
        .complete_flow("a", b"x")
        .await
        .expect("the right suffices");
    coordinator
        .flow_state("a")
        .await
        .expect("the right suffices");
    let LeaseResponse::Granted(grant) = coordinator
        .acquire_lease("a", 0)
        .await
        .expect("the right suffices")
    else {
        panic!("the lease was not granted")
    };
    assert!(
        coordinator
            .publish_token("a", &grant, &AccessToken::new("t"), SOON)
            .await
            .expect("the right suffices")
    );
    coordinator
        .release_lease("a", &grant, SOON)
        .await
        .expect("the right suffices");
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn sentinels_and_servers_use_separate_passwords_and_servers_the_database_number() {
    for of_sentinel in [None, Some("s3ntinel")] {
        let group = Sentinel::start_with(Some("p4ss"), of_sentinel);
        let url = format!("redis://:p4ss@127.0.0.1:{}/1", group.sentinel.port());
        let mut builder = Redis::sentinel([url], Sentinel::NAME);
        if let Some(password) = of_sentinel {
            builder = builder.sentinel_credentials("", password);
        }
        let store = connect(builder).await;
        let id = create_session(&store, "o1").await;
        assert_eq!(found(&store, &id).await.as_deref(), Some("o1"));
        assert!(
            group.master.keys().is_empty(),
            "the keys are in another database"
        );
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn stores_with_different_namespaces_are_isolated() {
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
        let id = create_session(own, "o1").await;
        wait_until_cached(own, &id).await;
        for (_, other) in stores.iter().enumerate().filter(|(at, _)| *at != index) {
            assert!(found(other, &id).await.is_none());
            other
                .remove(&crate::kit::namespace(), &id)
                .await
                .expect("the store responds");
            other
                .remove_subject(&crate::kit::namespace(), "o1", None)
                .await
                .expect("the store responds");
            other
                .remove_all(&crate::kit::namespace())
                .await
                .expect("the store responds");
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
            .expect("the store responds");
        until_within(
            PROPAGATION + SLACK,
            "the cached session is revoked",
            async || !is_cached(own, &id),
        )
        .await;
    }
}
