//! Encrypted values at Redis are accepted with the right key only.

use tower_weika::AccessToken;
use tower_weika::coordination::{FlowState, LeaseResponse};
use tower_weika::identity::Manager;
use tower_weika::store::{Redis, RedisBuilder, RedisStore, SessionStore};

use crate::kit::{connect, create_session, found, new_id, until};
use crate::redis_server::{self, Value};

const ONE: [u8; 32] = [1; 32];
const OTHER: [u8; 32] = [2; 32];
const THIRD: [u8; 32] = [3; 32];

fn uncached(redis: &redis_server::Redis) -> RedisBuilder {
    Redis::builder(redis.url()).local_cache_capacity(0)
}

async fn with_key(redis: &redis_server::Redis, key: [u8; 32]) -> RedisStore<Manager> {
    connect(uncached(redis).encryption_key(key)).await
}

fn settled(outcome: &[u8]) -> Option<FlowState> {
    Some(FlowState::Completed {
        outcome: outcome.to_vec(),
    })
}

/// The key of the only session.
fn key_of_session(redis: &redis_server::Redis) -> String {
    let mut keys = redis
        .keys()
        .into_iter()
        .filter(|key| key.contains(":session:"));
    let key = keys.next().expect("a session");
    assert_eq!(keys.next(), None);
    key
}

fn field(redis: &redis_server::Redis, key: &str, field: &str) -> Vec<u8> {
    match redis.command(&["HGET", key, field]) {
        Value::Text(bytes) => bytes,
        other => panic!("{other:?}"),
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn key_is_changed_without_invalidating_a_session() {
    let redis = redis_server::Redis::start();
    let old = with_key(&redis, ONE).await;
    let before = create_session(&old, "o1").await;
    // First all instances accept the new key, then they use it, then they drop the old one.
    let prepared = connect(
        uncached(&redis)
            .encryption_key(ONE)
            .previous_encryption_key(OTHER),
    )
    .await;
    let changed = connect(
        uncached(&redis)
            .encryption_key(OTHER)
            .previous_encryption_key(ONE),
    )
    .await;
    let new = with_key(&redis, OTHER).await;
    let [by_prepared, by_changed] = [
        create_session(&prepared, "o2").await,
        create_session(&changed, "o3").await,
    ];
    for store in [&prepared, &changed] {
        for (id, subject) in [(&before, "o1"), (&by_prepared, "o2"), (&by_changed, "o3")] {
            assert_eq!(found(store, id).await.as_deref(), Some(subject));
        }
    }
    for (store, readable) in [(&old, [true, true, false]), (&new, [false, false, true])] {
        for (id, is_readable) in [&before, &by_prepared, &by_changed]
            .into_iter()
            .zip(readable)
        {
            assert_eq!(found(store, id).await.is_some(), is_readable);
        }
    }
    // Reading with a previous key leaves the record as it was.
    assert_eq!(found(&old, &before).await.as_deref(), Some("o1"));
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn store_with_another_key_or_none_finds_no_session_and_changes_none() {
    let redis = redis_server::Redis::start();
    let store = with_key(&redis, ONE).await;
    let coordinator = store.coordinator().expect("a shared store");
    let id = create_session(&store, "o1").await;
    coordinator
        .claim_flow("flow", std::time::Duration::from_secs(60))
        .await
        .unwrap();
    coordinator.complete_flow("flow", b"outcome").await.unwrap();
    for other_store in [
        with_key(&redis, THIRD).await,
        connect(uncached(&redis)).await,
    ] {
        assert_eq!(found(&other_store, &id).await, None);
        let flow = other_store
            .coordinator()
            .expect("a shared store")
            .flow_state("flow")
            .await
            .unwrap();
        assert_eq!(
            flow,
            settled(b""),
            "the flow is completed, but its outcome is unreadable"
        );
    }
    assert_eq!(found(&store, &id).await.as_deref(), Some("o1"));
    assert_eq!(
        coordinator.flow_state("flow").await.unwrap(),
        settled(b"outcome")
    );
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn plain_record_is_rejected_if_there_is_a_key() {
    let redis = redis_server::Redis::start();
    let [plain, encrypted] = [connect(uncached(&redis)).await, with_key(&redis, ONE).await];
    let id = create_session(&plain, "o1").await;
    assert_eq!(found(&encrypted, &id).await, None);
    assert_eq!(found(&plain, &id).await.as_deref(), Some("o1"));
    // The same holds for tokens and for outcomes of flows.
    let (coordinator, other) = (
        plain.coordinator().expect("a shared store"),
        encrypted.coordinator().expect("a shared store"),
    );
    let minute = std::time::Duration::from_secs(60);
    let LeaseResponse::Granted(grant) = coordinator.acquire_lease("x", 0).await.unwrap() else {
        panic!("the lease was not granted")
    };
    assert!(
        coordinator
            .publish_token("x", &grant, &AccessToken::new("planted"), minute)
            .await
            .unwrap()
    );
    assert!(!matches!(
        other.acquire_lease("x", 0).await.unwrap(),
        LeaseResponse::Token { .. }
    ));
    coordinator.claim_flow("flow", minute).await.unwrap();
    coordinator.complete_flow("flow", b"planted").await.unwrap();
    assert_eq!(other.flow_state("flow").await.unwrap(), settled(b""));
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn session_with_a_changed_byte_is_unauthenticated() {
    let redis = redis_server::Redis::start();
    let store = with_key(&redis, ONE).await;
    let id = create_session(&store, "o1").await;
    let (key, mut connection) = (key_of_session(&redis), redis.connect().unwrap());
    let record = field(&redis, &key, "record");
    let script = "redis.call('HSET', KEYS[1], 'record', (string.gsub(ARGV[1], '%x%x', function(d) \
                  return string.char(tonumber(d, 16)) end))) return 1";
    let mut put = |bytes: &[u8]| {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            connection.call(&["EVAL", script, "1", &key, &hex]).unwrap(),
            Value::Int(1)
        );
    };
    for index in 0..record.len() {
        for mask in [0x01, 0x80, 0xFF] {
            let mut changed = record.clone();
            changed[index] ^= mask;
            put(&changed);
            assert_eq!(found(&store, &id).await, None, "byte {index}");
        }
    }
    put(&record);
    assert_eq!(found(&store, &id).await.as_deref(), Some("o1"));
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn record_that_was_moved_is_rejected() {
    let redis = redis_server::Redis::start();
    let store = with_key(&redis, ONE).await;
    let id = create_session(&store, "o1").await;
    let key = key_of_session(&redis);
    let other = new_id();
    let hex: String = other
        .digest()
        .as_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let (prefix, _) = key.rsplit_once(':').expect("a name");
    redis.command(&["COPY", &key, &format!("{prefix}:{hex}")]);
    assert_eq!(found(&store, &other).await, None);
    assert_eq!(found(&store, &id).await.as_deref(), Some("o1"));
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn cached_encrypted_sessions_are_invalidated_like_all_others() {
    let redis = redis_server::Redis::start();
    let [a, b] = [
        connect(Redis::builder(redis.url()).encryption_key(ONE)).await,
        connect(
            Redis::builder(redis.url())
                .encryption_key(OTHER)
                .previous_encryption_key(ONE),
        )
        .await,
    ];
    crate::local_cache::assert_revocation_is_seen(&a, &b).await;
    let id = create_session(&a, "o1").await;
    until("the session is found", async || {
        found(&b, &id).await.is_some()
    })
    .await;
}
