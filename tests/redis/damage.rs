//! Arbitrary data at Redis: it never swaps identities and never causes a panic.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::sync::Arc;
use std::time::Duration;

use tower_weika::AccessToken;
use tower_weika::coordination::{Coordinator, FlowState, Lease, LeaseResponse};
use tower_weika::identity::Manager;
use tower_weika::session::SessionId;
use tower_weika::store::{Redis, RedisStore, SessionStore};
use tower_weika::{Error, ErrorKind};

use crate::kit::{connect, create_session, find_subject, found, load, now, until};
use crate::redis_server::{self, Connection, Options, Value};

const TTL: &str = "3600000";
const SECRET_TOKEN: &str = "token-of-the-application";

/// A site in use: two users, and a third whose session is revoked; flows at each stage; tokens.
struct Site {
    redis: redis_server::Redis,
    store: RedisStore<Manager>,
    coordinator: Arc<dyn Coordinator>,
    users: [(SessionId, &'static str); 2],
    revoked: SessionId,
}

impl Site {
    async fn start(key: Option<[u8; 32]>) -> Self {
        // Nothing has to be durable, and there are many thousand writes.
        let options = Options {
            arguments: &["--appendonly", "no"],
            ..Options::default()
        };
        let redis = redis_server::Redis::start_with(&options);
        let builder = Redis::builder(redis.url()).local_cache_capacity(0);
        let builder = match key {
            Some(key) => builder.encryption_key(key),
            None => builder,
        };
        let store = connect(builder).await;
        let coordinator = store.coordinator().expect("a shared store");
        let revoked = create_session(&store, "o3").await;
        store
            .remove_subject(&crate::kit::namespace(), "o3", None)
            .await
            .unwrap();
        let users = [
            (create_session(&store, "o1").await, "o1"),
            (create_session(&store, "o2").await, "o2"),
        ];
        let site = Self {
            redis,
            store,
            coordinator,
            users,
            revoked,
        };
        site.write_all().await.expect("nothing is damaged yet");
        site
    }

    /// Creates every kind of key.
    async fn write_all(&self) -> Result<(), Error> {
        let minute = Duration::from_secs(60);
        self.coordinator.claim_flow("claimed", minute).await?;
        self.coordinator.claim_flow("settled", minute).await?;
        self.coordinator
            .complete_flow("settled", b"outcome")
            .await?;
        for name in ["kept", "granted"] {
            if let LeaseResponse::Granted(grant) = self.coordinator.acquire_lease(name, 0).await?
                && name == "kept"
            {
                self.coordinator
                    .publish_token(name, &grant, &AccessToken::new(SECRET_TOKEN), minute)
                    .await?;
            }
        }
        Ok(())
    }

    /// Performs every kind of read. A failure has the kind `Store`, and no session belongs to
    /// another user.
    async fn read_all(&self, what: &str) {
        for (id, subject) in &self.users {
            if let Some(found) = expected(find_subject(&self.store, id).await, what).flatten() {
                assert_eq!(&found, subject, "{what}");
            }
            if let Some(Some(session)) = expected(load(&self.store, id).await, what) {
                session.touch(now().plus(Duration::from_secs(90)));
                self.store.touch(&session);
            }
        }
        assert_eq!(
            expected(find_subject(&self.store, &self.revoked).await, what).flatten(),
            None,
            "{what}"
        );
        for flow in ["claimed", "settled", "unknown"] {
            if let Some(Some(FlowState::Completed { outcome })) =
                expected(self.coordinator.flow_state(flow).await, what)
            {
                assert!(b"outcome".starts_with(&outcome[..]), "{what}: {outcome:?}");
            }
        }
        expected(
            self.coordinator
                .claim_flow("claimed", Duration::from_secs(60))
                .await,
            what,
        );
        expected(
            self.coordinator.complete_flow("claimed", b"outcome").await,
            what,
        );
        for name in ["kept", "granted"] {
            match expected(self.coordinator.acquire_lease(name, 0).await, what) {
                Some(LeaseResponse::Token { token, .. }) => {
                    assert!(SECRET_TOKEN.starts_with(token.expose()), "{what}");
                }
                Some(LeaseResponse::Granted(grant)) => {
                    expected(
                        self.coordinator
                            .release_lease(name, &grant, Duration::from_millis(1))
                            .await,
                        what,
                    );
                }
                _ => {}
            }
        }
        expected(
            crate::kit::insert(&self.store, crate::kit::session("o4")).await,
            what,
        );
    }

    /// Restores all keys to their original values.
    async fn restore(&self, dump: &[(String, Vec<u8>)]) {
        let mut connection = self.redis.connect().unwrap();
        connection.call(&["FLUSHALL"]).unwrap();
        for (key, value) in dump {
            call(
                &mut connection,
                &[b"RESTORE", key.as_bytes(), TTL.as_bytes(), value],
            );
        }
    }

    async fn assert_works(&self, what: &str) {
        for (id, subject) in &self.users {
            assert_eq!(
                found(&self.store, id).await.as_deref(),
                Some(*subject),
                "{what}"
            );
        }
        assert_eq!(found(&self.store, &self.revoked).await, None, "{what}");
        assert!(
            matches!(
                self.coordinator.flow_state("claimed").await,
                Ok(Some(FlowState::Claimed { .. }))
            ),
            "{what}"
        );
        assert!(
            matches!(
                self.coordinator.flow_state("settled").await,
                Ok(Some(FlowState::Completed { .. }))
            ),
            "{what}"
        );
        assert!(
            matches!(
                self.coordinator.acquire_lease("kept", 0).await,
                Ok(LeaseResponse::Token { .. })
            ),
            "{what}"
        );
    }

    fn dump(&self) -> Vec<(String, Vec<u8>)> {
        let mut connection = self.redis.connect().unwrap();
        let dump = |key: String| {
            let value = bytes(call(&mut connection, &[b"DUMP", key.as_bytes()]));
            (key, value)
        };
        self.redis.keys().into_iter().map(dump).collect()
    }
}

/// Returns the outcome of a call that succeeded. Every failure has the kind `Store`.
#[track_caller]
fn expected<T>(outcome: Result<T, Error>, what: &str) -> Option<T> {
    match outcome {
        Ok(it) => Some(it),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Store, "{what}: {error:?}");
            None
        }
    }
}

#[track_caller]
fn call(connection: &mut Connection, words: &[&[u8]]) -> Value {
    use std::io::Write;

    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend(
            format!("${}\r\n", word.len())
                .bytes()
                .chain(word.iter().copied())
                .chain(*b"\r\n"),
        );
    }
    connection.socket().unwrap().write_all(&bytes).unwrap();
    let reply = connection.read().unwrap();
    assert!(!matches!(reply, Value::Error(_)), "{reply:?}");
    reply
}

fn bytes(value: Value) -> Vec<u8> {
    match value {
        Value::Text(text) => text,
        other => panic!("{other:?}"),
    }
}

/// Commands that store something else under a key, to be run after it was deleted.
fn replacements() -> Vec<(String, Vec<Vec<u8>>)> {
    let words = |text: &str| {
        text.split(' ')
            .map(|word| word.as_bytes().to_vec())
            .collect::<Vec<_>>()
    };
    let mut all: Vec<_> = [
        "RPUSH KEY a",
        "SADD KEY a",
        "HSET KEY a b",
        "ZADD KEY 1 a",
        "XADD KEY * a b",
        "SET KEY a",
    ]
    .map(|command| (command.to_owned(), words(command)))
    .into();
    for size in [0, 1, 2, 16, 100, 4_096, 1 << 20] {
        let garbage: Vec<u8> = (0..size)
            .map(|number: usize| (number.wrapping_mul(167) % 251) as u8)
            .collect();
        all.push((
            format!("{size} bytes"),
            vec![b"SET".to_vec(), b"KEY".to_vec(), garbage.clone()],
        ));
        let fields = [
            "version", "record", "used", "born", "subject", "claimed", "outcome", "fence", "token",
        ];
        let mut hash = vec![b"HSET".to_vec(), b"KEY".to_vec()];
        for field in fields {
            hash.extend([
                field.as_bytes().to_vec(),
                if field == "version" {
                    b"1".to_vec()
                } else {
                    garbage.clone()
                },
            ]);
        }
        all.push((format!("a hash of {size} bytes"), hash));
    }
    for number in [
        "-1",
        "0",
        "1e300",
        "-1e300",
        "inf",
        "nan",
        "0x10",
        "99999999999999999999999999",
        "1.5",
        " 1",
    ] {
        all.push((
            number.to_owned(),
            vec![b"SET".to_vec(), b"KEY".to_vec(), number.as_bytes().to_vec()],
        ));
    }
    all
}

async fn assert_survives_wrong_values_at_each_key(key: Option<[u8; 32]>) {
    let site = Site::start(key).await;
    let dump = site.dump();
    assert!(dump.len() >= 10, "{:?}", site.redis.keys());
    for (key, _) in &dump {
        for (name, command) in replacements() {
            site.restore(&dump).await;
            let mut connection = site.redis.connect().unwrap();
            call(&mut connection, &[b"DEL", key.as_bytes()]);
            let words: Vec<&[u8]> = command
                .iter()
                .map(|word| if word == b"KEY" { key.as_bytes() } else { word })
                .collect();
            call(&mut connection, &words);
            let what = format!("{name} at {key}");
            site.read_all(&what).await;
        }
        site.restore(&dump).await;
        site.assert_works(&format!("after {key}")).await;
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn wrong_values_at_each_key_never_swap_identities() {
    assert_survives_wrong_values_at_each_key(None).await;
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn wrong_values_at_each_key_never_swap_identities_with_an_encryption_key() {
    assert_survives_wrong_values_at_each_key(Some([7; 32])).await;
}

/// Returns each string and each field of a hash: key, field and value.
fn values(redis: &redis_server::Redis) -> Vec<(String, Option<Vec<u8>>, Vec<u8>)> {
    let mut connection = redis.connect().unwrap();
    let mut values = Vec::new();
    for key in redis.keys() {
        match &*redis.command(&["TYPE", &key]).text() {
            "string" => values.push((
                key.clone(),
                None,
                bytes(call(&mut connection, &[b"GET", key.as_bytes()])),
            )),
            "hash" => match call(&mut connection, &[b"HGETALL", key.as_bytes()]) {
                Value::Array(all) => {
                    for pair in all.chunks(2) {
                        values.push((
                            key.clone(),
                            Some(bytes(pair[0].clone())),
                            bytes(pair[1].clone()),
                        ));
                    }
                }
                other => panic!("{other:?}"),
            },
            other => panic!("{key} is a {other}"),
        }
    }
    values
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn truncated_or_missing_values_never_swap_identities() {
    for key in [None, Some([7; 32])] {
        let site = Site::start(key).await;
        let dump = site.dump();
        for (key, field, value) in values(&site.redis) {
            let mut connection = site.redis.connect().unwrap();
            let name = field.as_deref().map(String::from_utf8_lossy);
            for end in 0..value.len() {
                let cut = &value[..end];
                match &field {
                    Some(field) => call(&mut connection, &[b"HSET", key.as_bytes(), field, cut]),
                    None => call(
                        &mut connection,
                        &[b"SET", key.as_bytes(), cut, b"PX", TTL.as_bytes()],
                    ),
                };
                site.read_all(&format!("{key} {name:?} cut at {end}")).await;
            }
            if let Some(field) = &field {
                site.restore(&dump).await;
                call(&mut connection, &[b"HDEL", key.as_bytes(), field]);
                if key.contains(":session:") {
                    for (id, subject) in &site.users {
                        let is_this = key.ends_with(&hex(id.digest().as_bytes()));
                        let expected = if is_this { None } else { Some(*subject) };
                        assert_eq!(
                            found(&site.store, id).await.as_deref(),
                            expected,
                            "without {name:?}"
                        );
                    }
                }
                site.read_all(&format!("{key} without {name:?}")).await;
            }
            site.restore(&dump).await;
            site.assert_works(&format!("after {key} {name:?}")).await;
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn record_of_another_session_is_rejected() {
    let site = Site::start(None).await;
    let keys = site
        .redis
        .keys()
        .into_iter()
        .filter(|key| key.contains(":session:"))
        .collect::<Vec<_>>();
    let mut connection = site.redis.connect().unwrap();
    let [one, other] = site.users.map(|(id, _)| {
        keys.iter()
            .find(|key| key.ends_with(&hex(id.digest().as_bytes())))
            .expect("it is there")
            .clone()
    });
    // Copies the whole hash, or only the field with the identity.
    let record = bytes(call(&mut connection, &[b"HGET", one.as_bytes(), b"record"]));
    call(
        &mut connection,
        &[b"HSET", other.as_bytes(), b"record", &record],
    );
    assert_eq!(found(&site.store, &site.users[1].0).await, None);
    call(
        &mut connection,
        &[b"COPY", one.as_bytes(), other.as_bytes(), b"REPLACE"],
    );
    assert_eq!(found(&site.store, &site.users[1].0).await, None);
    assert_eq!(
        found(&site.store, &site.users[0].0).await.as_deref(),
        Some("o1")
    );
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn newer_record_is_left_alone_byte_for_byte() {
    let site = Site::start(None).await;
    let (id, _) = site.users[0];
    let session = load(&site.store, &id).await.unwrap().unwrap();
    // Granted by the older version, before the newer one wrote.
    let grant: Lease = match site.coordinator.acquire_lease("late", 0).await.unwrap() {
        LeaseResponse::Granted(grant) => grant,
        other => panic!("{other:?}"),
    };
    let newer: Vec<_> = site
        .redis
        .keys()
        .into_iter()
        .filter(|key| key.ends_with(&hex(id.digest().as_bytes())) || key.contains(":token:"))
        .collect();
    assert_eq!(newer.len(), 4, "{newer:?}");
    for key in &newer {
        site.redis.command(&["HSET", key, "version", "3"]);
    }
    let state = || {
        let mut connection = site.redis.connect().unwrap();
        newer
            .iter()
            .map(|key| bytes(call(&mut connection, &[b"DUMP", key.as_bytes()])))
            .collect::<Vec<_>>()
    };
    let before = state();
    assert_eq!(
        found(&site.store, &id).await,
        None,
        "unauthenticated until an instance of the newer version reads it"
    );
    session.touch(now().plus(Duration::from_secs(90)));
    let monitor = site.redis.monitor();
    site.store.touch(&session);
    until("the use has arrived", async || {
        monitor
            .text()
            .contains(&session.last_used().unix_millis().to_string())
    })
    .await;
    for name in ["kept", "granted", "late"] {
        let error = site.coordinator.acquire_lease(name, 0).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store);
    }
    let kept = site
        .coordinator
        .publish_token(
            "late",
            &grant,
            &AccessToken::new("older"),
            Duration::from_secs(60),
        )
        .await;
    assert!(!kept.unwrap(), "the token is the newer version's");
    site.coordinator
        .release_lease("late", &grant, Duration::from_millis(1))
        .await
        .unwrap();
    assert_eq!(found(&site.store, &id).await, None);
    assert_eq!(state(), before);
}
