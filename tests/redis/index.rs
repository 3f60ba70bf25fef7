//! Index of a subject's sessions: one round trip for a list, none for a request; its repair, its
//! expiry, the limit of a subject's sessions, and entries that do not belong there.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::task::JoinSet;
use tower_weika::identity::Manager;
use tower_weika::session::{Session, SessionId, SessionInfo, SessionTimeouts};
use tower_weika::store::{Inserted, Previous, Redis, RedisBuilder, RedisStore, SessionStore};

use crate::kit::{
    PROPAGATION, connect, create_session, found, insert, is_cached, load, namespace, new_id, now,
    until, until_within, wait_until_cached,
};
use crate::redis_server::{self, Value};

const MINUTE: Duration = Duration::from_secs(60);

fn uncached(redis: &redis_server::Redis) -> RedisBuilder {
    Redis::builder(redis.url()).local_cache_capacity(0)
}

async fn list(store: &RedisStore<Manager>, subject: &str) -> Vec<SessionInfo> {
    store.sessions_of(&namespace(), subject).await.unwrap()
}

/// The digests of the listed sessions.
async fn listed(store: &RedisStore<Manager>, subject: &str) -> BTreeSet<[u8; 32]> {
    let list = list(store, subject).await;
    list.iter().map(|info| *info.digest().as_bytes()).collect()
}

fn digests<'a>(ids: impl IntoIterator<Item = &'a SessionId>) -> BTreeSet<[u8; 32]> {
    ids.into_iter().map(|id| *id.digest().as_bytes()).collect()
}

fn hex(id: &SessionId) -> String {
    let digest = id.digest();
    let bytes = digest.as_bytes().iter();
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// The key of the only index.
#[track_caller]
fn index(redis: &redis_server::Redis) -> String {
    let keys = redis.keys();
    let mut indexes = keys.iter().filter(|key| key.contains(":sessions-of:"));
    let index = indexes.next().expect("an index");
    assert_eq!(indexes.next(), None);
    index.clone()
}

/// The key of the session's record.
#[track_caller]
fn record(redis: &redis_server::Redis, id: &SessionId) -> String {
    let end = format!(":session:{}", hex(id));
    let mut keys = redis.keys().into_iter();
    keys.find(|key| key.ends_with(&end)).expect("a record")
}

/// How long the key is kept.
#[track_caller]
fn left(redis: &redis_server::Redis, key: &str) -> Duration {
    match redis.command(&["PTTL", key]) {
        Value::Int(millis) => Duration::from_millis(millis.try_into().expect("an expiry")),
        other => panic!("{other:?}"),
    }
}

/// Inserts a session that was last used this long after now.
async fn used_after(store: &RedisStore<Manager>, subject: &str, after: Duration) -> SessionId {
    let session = crate::kit::session(subject);
    let used = session.last_used().plus(after);
    let (id, session) = (*session.id(), session.last_used_at(used));
    insert(store, session).await.unwrap();
    id
}

/// Records a use at Redis, and waits for it.
async fn touch(redis: &redis_server::Redis, store: &RedisStore<Manager>, id: &SessionId) {
    let session = load(store, id).await.unwrap().unwrap();
    session.touch(now().plus(3 * MINUTE));
    store.touch(&session);
    let (key, used) = (record(redis, id), session.last_used().unix_millis());
    until("the use is recorded", async || {
        redis.command(&["HGET", &key, "used"]).text() == used.to_string()
    })
    .await;
}

/// The calls of clients about sessions, without the heartbeats, and the commands of their scripts.
fn calls_and_commands(recording: &str) -> (usize, Vec<String>) {
    let concerns = |line: &&str| line.contains(":session") || line.contains(":revoked-");
    let (commands, calls): (Vec<&str>, Vec<&str>) = recording
        .lines()
        .filter(concerns)
        .partition(|line| line.contains(" lua]"));
    let command = |line: &str| line.split('"').nth(1).unwrap_or_default().to_owned();
    let commands = commands.into_iter().map(command).collect();
    (calls.len(), commands)
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn list_of_fifty_sessions_is_one_round_trip() {
    for key in [None, Some([7; 32])] {
        let redis = redis_server::Redis::start();
        let builder = uncached(&redis);
        let store = connect(match key {
            Some(key) => builder.encryption_key(key),
            None => builder,
        })
        .await;
        let mut ids = Vec::new();
        for _ in 0..50 {
            ids.push(create_session(&store, "o1").await);
        }
        create_session(&store, "o2").await;
        // The first call sends the text of the script as well.
        assert_eq!(listed(&store, "o1").await, digests(&ids));
        let monitor = redis.monitor();
        assert_eq!(listed(&store, "o1").await, digests(&ids));
        let (calls, commands) = calls_and_commands(&monitor.text());
        assert_eq!(calls, 1);
        let reads = commands.iter().filter(|command| *command == "HMGET");
        assert_eq!(reads.count(), 50, "{commands:?}");
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn request_costs_nothing_more_with_the_index() {
    let redis = redis_server::Redis::start();
    let store = connect(uncached(&redis)).await;
    let id = create_session(&store, "o1").await;
    assert_eq!(found(&store, &id).await.as_deref(), Some("o1"));
    let monitor = redis.monitor();
    assert_eq!(found(&store, &id).await.as_deref(), Some("o1"));
    let (calls, commands) = calls_and_commands(&monitor.text());
    assert_eq!(calls, 1);
    assert_eq!(commands, ["HDEL", "HMGET", "GET", "GET"]);
    drop(monitor);

    let cached = connect(Redis::builder(redis.url())).await;
    wait_until_cached(&cached, &id).await;
    let monitor = redis.monitor();
    for _ in 0..100 {
        assert!(is_cached(&cached, &id) || found(&cached, &id).await.is_some());
    }
    let text = monitor.text();
    assert!(!text.contains(":sessions-of:"), "{text}");
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn lost_index_is_repaired_by_the_next_use() {
    for key in [None, Some([7; 32])] {
        let redis = redis_server::Redis::start();
        let builder = uncached(&redis);
        let store = connect(match key {
            Some(key) => builder.encryption_key(key),
            None => builder,
        })
        .await;
        let id = create_session(&store, "o1").await;
        let lost = index(&redis);
        redis.command(&["DEL", &lost]);
        assert_eq!(listed(&store, "o1").await, BTreeSet::new());
        touch(&redis, &store, &id).await;
        assert_eq!(listed(&store, "o1").await, digests([&id]));
        assert_eq!(index(&redis), lost);
        let absolute = 12 * 60 * MINUTE;
        assert!(left(&redis, &lost) > absolute - 2 * MINUTE);
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn index_lives_as_long_as_its_sessions_can() {
    let redis = redis_server::Redis::start();
    let store = connect(uncached(&redis)).await;
    let hours = |hours: u64| 60 * MINUTE * u32::try_from(hours).unwrap();
    let start = async |lifetime| {
        let timeouts = SessionTimeouts::new(lifetime, lifetime);
        let session = Session::new(new_id(), Manager::new("o1"), timeouts, now());
        let id = *session.id();
        insert(&store, session).await.unwrap();
        id
    };
    // The clocks of two instances may differ by ten minutes.
    let expected = |lifetime| lifetime + 9 * MINUTE..=lifetime + 10 * MINUTE;
    let mut ids = Vec::new();
    for (lifetime, longest) in [(2, 2), (1, 2), (5, 5), (3, 5)] {
        ids.push(start(hours(lifetime)).await);
        let left = left(&redis, &index(&redis));
        assert!(expected(hours(longest)).contains(&left), "{left:?}");
    }
    // Without a session there is no index either.
    for id in &ids {
        assert!(store.remove(&namespace(), id).await.unwrap());
    }
    let keys = redis.keys();
    assert!(!keys.iter().any(|key| key.contains(":sessions-of:")));
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn replaced_session_leaves_the_index_of_its_own_subject() {
    let redis = redis_server::Redis::start();
    let store = connect(uncached(&redis)).await;
    let replaced = create_session(&store, "o1").await;
    let index = index(&redis);
    let since = store.stamp(&namespace()).await.unwrap();
    let new = crate::kit::session("o2");
    let previous = Some(Previous::Replaced(&replaced));
    let inserted = store.insert(new, previous, since).await.unwrap();
    assert_eq!(inserted, Inserted::Kept);
    assert_eq!(redis.command(&["EXISTS", &index]), Value::Int(0));
    assert_eq!(list(&store, "o2").await.len(), 1);
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn list_drops_what_is_gone_and_leaves_newer_records_alone() {
    let redis = redis_server::Redis::start();
    let store = connect(uncached(&redis)).await;
    let [live, expired, newer, cut] = [
        create_session(&store, "o1").await,
        create_session(&store, "o1").await,
        create_session(&store, "o1").await,
        create_session(&store, "o1").await,
    ];
    let index = index(&redis);
    redis.command(&["DEL", &record(&redis, &expired)]);
    let newer_record = record(&redis, &newer);
    redis.command(&["HSET", &newer_record, "version", "3"]);
    redis.command(&["HSET", &record(&redis, &cut), "record", "{"]);
    redis.command(&["HSET", &index, "no digest", ""]);
    let state = || match redis.command(&["HGETALL", &newer_record]) {
        Value::Array(values) => values.iter().map(Value::text).collect::<BTreeSet<_>>(),
        other => panic!("{other:?}"),
    };
    let before = state();
    assert_eq!(listed(&store, "o1").await, digests([&live]));
    assert_eq!(state(), before);
    let Value::Array(fields) = redis.command(&["HKEYS", &index]) else {
        panic!("an index")
    };
    let fields: BTreeSet<String> = fields.iter().map(Value::text).collect();
    assert_eq!(fields, [&live, &newer, &cut].map(hex).into());
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn s6_least_recently_used_session_of_the_subject_is_evicted_everywhere() {
    let redis = redis_server::Redis::start();
    let builder = || Redis::builder(redis.url()).sessions_per_subject(3);
    let [one, other] = [connect(builder()).await, connect(builder()).await];
    let foreign = create_session(&one, "o2").await;
    let [first, second, third] = [
        used_after(&one, "o1", Duration::ZERO).await,
        used_after(&one, "o1", Duration::from_secs(1)).await,
        used_after(&one, "o1", Duration::from_secs(2)).await,
    ];
    touch(&redis, &one, &first).await;
    for store in [&one, &other] {
        for id in [&first, &second, &third, &foreign] {
            wait_until_cached(store, id).await;
        }
    }
    let fourth = used_after(&one, "o1", Duration::from_secs(3)).await;
    for store in [&one, &other] {
        until_within(PROPAGATION, "the eviction is effective", async || {
            found(store, &second).await.is_none()
        })
        .await;
        for id in [&first, &third, &fourth] {
            assert_eq!(found(store, id).await.as_deref(), Some("o1"));
        }
        assert_eq!(found(store, &foreign).await.as_deref(), Some("o2"));
        assert_eq!(
            listed(store, "o1").await,
            digests([&first, &third, &fourth])
        );
    }
    // A session that is gone or revoked takes no place.
    redis.command(&["DEL", &record(&redis, &third)]);
    let fifth = create_session(&other, "o1").await;
    assert_eq!(listed(&one, "o1").await, digests([&first, &fourth, &fifth]));
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn s6_subject_never_has_more_sessions_than_the_limit_with_concurrent_logins() {
    let redis = redis_server::Redis::start();
    for (limit, logins, expected) in [
        (Some(5), 30, 5),
        (Some(1), 30, 1),
        (Some(0), 3, 1),
        (None, 30, 60),
    ] {
        redis.command(&["FLUSHALL"]);
        let builder = || Redis::builder(redis.url()).sessions_per_subject(limit);
        let stores = [connect(builder()).await, connect(builder()).await];
        let mut tasks = JoinSet::new();
        for store in stores.iter().flat_map(|store| vec![store; logins]) {
            let store = store.clone();
            tasks.spawn(async move {
                let id = create_session(&store, "o1").await;
                let sessions = list(&store, "o1").await.len();
                assert!(sessions <= expected, "{sessions} of {limit:?}");
                id
            });
        }
        let ids = tasks.join_all().await;
        for store in &stores {
            let listed = listed(store, "o1").await;
            assert_eq!(listed.len(), expected, "{limit:?}");
            assert!(listed.is_subset(&digests(&ids)));
        }
        let keys = redis.keys();
        let records = keys.iter().filter(|key| key.contains(":session:"));
        assert_eq!(records.count(), expected, "{limit:?}");
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn s6_subject_has_fifty_sessions_at_most_by_default() {
    let redis = redis_server::Redis::start();
    let store = connect(uncached(&redis)).await;
    let mut ids = Vec::new();
    for second in 0..53 {
        let after = Duration::from_secs(second);
        ids.push(used_after(&store, "o1", after).await);
    }
    assert_eq!(listed(&store, "o1").await, digests(&ids[3..]));
    // A session that an instance of a version without an index has started, or ended.
    redis.command(&["DEL", &index(&redis)]);
    create_session(&store, "o1").await;
    for id in &ids[3..] {
        touch(&redis, &store, id).await;
    }
    assert_eq!(list(&store, "o1").await.len(), 51);
    redis.command(&["DEL", &record(&redis, &ids[10])]);
    create_session(&store, "o1").await;
    assert_eq!(list(&store, "o1").await.len(), 50);
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn session_of_another_subject_in_the_index_is_neither_shown_nor_revoked() {
    for key in [None, Some([7; 32])] {
        let redis = redis_server::Redis::start();
        let builder = uncached(&redis).sessions_per_subject(1);
        let store = connect(match key {
            Some(key) => builder.encryption_key(key),
            None => builder,
        })
        .await;
        create_session(&store, "o1").await;
        let index = index(&redis);
        let other = create_session(&store, "o2").await;
        let plant = || redis.command(&["HSET", &index, &hex(&other), ""]);
        let is_unharmed = async || {
            assert_eq!(found(&store, &other).await.as_deref(), Some("o2"));
        };
        plant();
        assert_eq!(list(&store, "o1").await.len(), 1);
        plant();
        let id = create_session(&store, "o1").await;
        is_unharmed().await;
        assert_eq!(listed(&store, "o1").await, digests([&id]));
        plant();
        let removed = store.remove_of(&namespace(), "o1", &other.digest()).await;
        assert!(!removed.unwrap());
        is_unharmed().await;
        plant();
        for kept in [Some(&id), Some(&other), None] {
            let removed = store.remove_subject(&namespace(), "o1", kept).await;
            removed.unwrap();
            is_unharmed().await;
        }
        // With the name of the subject at the record as well: the identity in it decides.
        let name = index.rsplit(':').next().unwrap();
        redis.command(&["HSET", &record(&redis, &other), "subject", name]);
        let id = create_session(&store, "o1").await;
        plant();
        assert_eq!(listed(&store, "o1").await, digests([&id]));
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn kept_session_stays_as_it_is_and_a_revoked_one_is_not_restored() {
    let redis = redis_server::Redis::start();
    let builder = || Redis::builder(redis.url());
    let [one, other] = [connect(builder()).await, connect(builder()).await];
    let ids = [
        create_session(&one, "o1").await,
        create_session(&one, "o1").await,
    ];
    let [kept, revoked] = &ids;
    for id in &ids {
        wait_until_cached(&other, id).await;
    }
    let key = record(&redis, kept);
    let fields = || {
        let fields = ["version", "record", "used", "subject"];
        fields.map(|field| redis.command(&["HGET", &key, field]))
    };
    let (before, expiry) = (fields(), left(&redis, &key));
    let remove = async |kept| {
        let removed = one.remove_subject(&namespace(), "o1", kept).await;
        removed.unwrap();
    };
    remove(Some(kept)).await;
    assert_eq!(fields(), before);
    assert!((expiry - MINUTE..=expiry).contains(&left(&redis, &key)));
    until_within(PROPAGATION, "the revocation is effective", async || {
        found(&other, revoked).await.is_none()
    })
    .await;
    for store in [&one, &other] {
        assert_eq!(found(store, kept).await.as_deref(), Some("o1"));
        assert_eq!(listed(store, "o1").await, digests([kept]));
    }

    // By none of the two kinds of revocations; the records are still there.
    remove(None).await;
    for id in &ids {
        remove(Some(id)).await;
        assert_eq!(found(&one, id).await, None);
        assert_eq!(list(&one, "o1").await, []);
    }
    let id = create_session(&one, "o1").await;
    one.remove_all(&namespace()).await.unwrap();
    remove(Some(&id)).await;
    assert_eq!(found(&one, &id).await, None);
    assert_eq!(list(&one, "o1").await, []);
}
