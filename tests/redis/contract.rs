//! The store contract, for every kind of connection to Redis.

use std::sync::{Arc, Mutex, Weak};

use tower_weika::identity::{Manager, WechatUser};
use tower_weika::store::{
    EitherStore, MemoryStore, Redis, RedisBuilder, RedisStore, StoredIdentity,
};

use crate::cluster::Cluster;
use crate::kit::{
    With, connect, create_session, find_subject, found, shared, unique_prefix, until,
};
use crate::redis_server::{self, Options};
use crate::sentinel::Sentinel;

static SERVER: Mutex<Weak<redis_server::Redis>> = Mutex::new(Weak::new());
static CLUSTER: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
static SENTINEL: Mutex<Weak<Sentinel>> = Mutex::new(Weak::new());

fn server() -> Arc<redis_server::Redis> {
    shared(&SERVER, || {
        redis_server::Redis::start_with(&Options {
            has_socket: true,
            ..Options::default()
        })
    })
}

async fn with<I: StoredIdentity, T>(builder: RedisBuilder, kept: Arc<T>) -> With<RedisStore<I>, T> {
    let redis = builder
        .key_prefix(unique_prefix())
        .connect()
        .await
        .expect("a server that runs");
    With::new(redis.store(), kept)
}

fn manager(number: u32) -> Manager {
    let mut manager = Manager::new(format!("o{number}"));
    manager.name = "王".to_owned();
    manager
}

mod uncached {
    use super::*;

    tower_weika::testing::store_contract! {
        #[ignore = "needs redis-server; run tests/run"]
        async {
            let server = server();
            with(Redis::builder(server.url()).local_cache_capacity(0), server).await
        },
        manager,
    }
}

mod cached {
    use super::*;

    tower_weika::testing::store_contract! {
        #[ignore = "needs redis-server; run tests/run"]
        async {
            let server = server();
            with(Redis::builder(server.url()), server).await
        },
        manager,
    }
}

mod near_for_few {
    use super::*;

    tower_weika::testing::store_contract! {
        #[ignore = "needs redis-server; run tests/run"]
        async {
            let server = server();
            with(Redis::builder(server.url()).local_cache_capacity(3), server).await
        },
        manager,
    }
}

mod encrypted {
    use super::*;

    tower_weika::testing::store_contract! {
        #[ignore = "needs redis-server; run tests/run"]
        async {
            let server = server();
            with(Redis::builder(server.url()).encryption_key([7; 32]), server).await
        },
        manager,
    }
}

mod wechat_users {
    use super::*;

    tower_weika::testing::store_contract! {
        #[ignore = "needs redis-server; run tests/run"]
        async {
            let server = server();
            with(Redis::builder(server.url()).encryption_key([7; 32]), server).await
        },
        |number| WechatUser::unbound(format!("o{number}"), "wx0"),
    }
}

mod through_a_socket {
    use super::*;

    tower_weika::testing::store_contract! {
        #[ignore = "needs redis-server; run tests/run"]
        async {
            let server = server();
            with(Redis::builder(format!("unix://{}", server.socket().display())), server).await
        },
        manager,
    }
}

mod in_a_cluster {
    use super::*;

    tower_weika::testing::store_contract! {
        #[ignore = "needs redis-server; run tests/run"]
        async {
            let cluster = shared(&CLUSTER, || Cluster::start(3));
            with(Redis::cluster(cluster.urls()), cluster).await
        },
        manager,
    }
}

mod behind_a_sentinel {
    use super::*;

    tower_weika::testing::store_contract! {
        #[ignore = "needs redis-server; run tests/run"]
        async {
            let sentinel = shared(&SENTINEL, Sentinel::start);
            with(Redis::sentinel([sentinel.url()], Sentinel::NAME), sentinel).await
        },
        manager,
    }
}

mod one_of_two {
    use super::*;

    type Store = EitherStore<With<RedisStore<Manager>, redis_server::Redis>, MemoryStore<Manager>>;

    tower_weika::testing::store_contract! {
        #[ignore = "needs redis-server; run tests/run"]
        async {
            let server = server();
            // Without a local cache, in which a use is seen whether it is recorded or not.
            let redis = Redis::builder(server.url()).local_cache_capacity(0);
            Store::Left(with(redis, server).await)
        },
        manager,
    }
}

mod the_other_of_two {
    use super::*;

    type Store = EitherStore<RedisStore<Manager>, MemoryStore<Manager>>;

    tower_weika::testing::store_contract! {
        async { Store::Right(MemoryStore::new()) },
        manager,
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn kinds_of_identity_and_key_prefixes_are_isolated() {
    let server = server();
    let redis = Redis::builder(server.url())
        .key_prefix(unique_prefix())
        .connect()
        .await
        .unwrap();
    let (managers, users) = (redis.store::<Manager>(), redis.store::<WechatUser>());
    let id = create_session(&managers, "o1").await;
    assert!(crate::kit::load(&users, &id).await.unwrap().is_none());
    let others = connect(Redis::builder(server.url()).key_prefix(unique_prefix())).await;
    assert_eq!(found(&others, &id).await, None);
    use tower_weika::store::SessionStore;
    users.remove_all(&crate::kit::namespace()).await.unwrap();
    others.remove_all(&crate::kit::namespace()).await.unwrap();
    assert_eq!(found(&managers, &id).await.as_deref(), Some("o1"));
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn store_at_a_cluster_works_with_any_node_and_caches_sessions() {
    let cluster = shared(&CLUSTER, || Cluster::start(3));
    // Key prefixes whose slots belong to different nodes.
    for _ in 0..6 {
        for node in cluster.urls() {
            let name = unique_prefix();
            let [one, other] = [
                connect(Redis::cluster([node.clone()]).key_prefix(&name)).await,
                connect(Redis::cluster(cluster.urls()).key_prefix(&name)).await,
            ];
            crate::local_cache::assert_revocation_is_seen(&one, &other).await;
            crate::local_cache::assert_revocation_is_seen(&other, &one).await;
        }
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_there_after_a_failover_and_the_store_finds_the_new_master_by_itself() {
    let mut sentinel = Sentinel::start();
    let builder = || Redis::sentinel([sentinel.url()], Sentinel::NAME);
    let [cached, uncached] = [
        connect(builder()).await,
        connect(builder().local_cache_capacity(0)).await,
    ];
    let mut ids = Vec::new();
    for number in 0..20 {
        ids.push(create_session(&cached, &format!("o{number}")).await);
    }
    let revoked = create_session(&cached, "o99").await;
    use tower_weika::store::SessionStore;
    cached
        .remove_subject(&crate::kit::namespace(), "o99", None)
        .await
        .unwrap();
    // `WAIT` covers the writes of the connection that calls it.
    let mut connection = sentinel.master.connect().unwrap();
    connection.call(&["SET", "last", ""]).unwrap();
    assert_eq!(
        connection.call(&["WAIT", "1", "30000"]).unwrap(),
        redis_server::Value::Int(1)
    );

    sentinel.failover_by_killing_master();
    for store in [&cached, &uncached] {
        until("the store responds again", async || {
            find_subject(store, &revoked).await.is_ok()
        })
        .await;
        for (number, id) in ids.iter().enumerate() {
            assert_eq!(found(store, id).await, Some(format!("o{number}")));
        }
        assert_eq!(found(store, &revoked).await, None);
        let new = create_session(store, "o1").await;
        assert_eq!(found(store, &new).await.as_deref(), Some("o1"));
    }
    crate::local_cache::assert_revocation_is_seen(&uncached, &cached).await;
}
