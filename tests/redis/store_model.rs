//! The store of the simulation is a model: it responds as the Lua scripts of `RedisStore` do to the
//! same operations.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tower_weika::AccessToken;
use tower_weika::coordination::{Coordinator, FlowState, Lease, LeaseResponse};
use tower_weika::identity::{Identity, Manager};
use tower_weika::session::{Namespace, Session, SessionId, SessionTimeouts};
use tower_weika::store::{Inserted, Lookup, Previous, Redis, RedisStore, SessionStore, Stamp};

use self::server::{Flow, LeaseReply, PreviousSession, Server, SessionKey, StoredSession};
use crate::kit::{new_id, now, unique_prefix, until};
use crate::redis_server;

#[expect(
    dead_code,
    unused_imports,
    reason = "the simulation uses the rest of it"
)]
#[path = "../../simulation/src/store/server/mod.rs"]
mod server;

const SEEDS: u64 = 30;
const OPERATIONS: usize = 150;

/// Ages and remaining times of the two may differ by this much on a busy machine.
const TOLERANCE: Duration = Duration::from_secs(5);

/// Time for which flows and tokens live: longer than the test.
const LONG: Duration = Duration::from_secs(660);

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn model_and_redis_respond_alike_to_random_operations() {
    let (redis, mut listed) = (redis_server::Redis::start(), 0);
    for seed in 0..SEEDS {
        let connected = Redis::builder(redis.url())
            .key_prefix(unique_prefix())
            .local_cache_capacity(0)
            .connect();
        let connected = connected.await.expect("a server that runs");
        let mut pair = Pair {
            random: seed,
            store: connected.store(),
            coordinator: connected.coordinator(),
            model: Server::new(now().unix_millis()),
            sessions: Vec::new(),
            stamps: Vec::new(),
            leases: Vec::new(),
            fence: 0,
            listed: 0,
        };
        for operation in 0..OPERATIONS {
            pair.operate(&format!("seed {seed}, operation {operation}"))
                .await;
        }
        listed = listed.max(pair.listed);
    }
    assert!(listed > 2, "{listed} sessions in a list");
}

/// Redis and the model.
struct Pair {
    random: u64,
    store: RedisStore<Manager>,
    coordinator: Arc<dyn Coordinator>,
    model: Server,
    sessions: Vec<(Namespace, SessionId)>,
    /// Those of Redis and of the model.
    stamps: Vec<(Namespace, Stamp, u64)>,
    leases: Vec<(Lease, Lease)>,
    /// The highest fencing token.
    fence: u64,
    /// The most sessions in one list.
    listed: usize,
}

fn namespace(number: u64) -> Namespace {
    Namespace::new("weika", &format!("KEY{number}"), "https://campus.example")
}

fn key(namespace: &Namespace, id: &SessionId) -> SessionKey {
    (*namespace.as_bytes(), id.digest())
}

#[track_caller]
fn assert_close(redis: Duration, model: u64, at: &str) {
    let model = Duration::from_millis(model);
    assert!(
        redis.abs_diff(model) < TOLERANCE,
        "{at}: {redis:?} {model:?}"
    );
}

impl Pair {
    /// SplitMix64.
    fn below(&mut self, limit: usize) -> usize {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).expect("an index")
    }

    fn namespace(&mut self) -> Namespace {
        namespace(self.below(2) as u64)
    }

    /// One of the sessions so far, or one that never was.
    fn session(&mut self) -> (Namespace, SessionId) {
        let index = self.below(self.sessions.len() + 1);
        let session = self.sessions.get(index).copied();
        session.unwrap_or_else(|| (namespace(0), new_id()))
    }

    fn subject(&mut self) -> String {
        format!("o{}", self.below(3))
    }

    async fn operate(&mut self, at: &str) {
        match self.below(23) {
            0..3 => self.stamp().await,
            3..7 => self.insert(at).await,
            7..9 => self.load(at).await,
            9 => self.touch(at).await,
            10 => self.remove(at).await,
            11 => self.remove_of(at).await,
            12..14 => self.remove_many().await,
            14 => self.list(at).await,
            15..19 => self.flow(at).await,
            19..21 => self.acquire(at).await,
            21 => self.publish(at).await,
            _ => self.release(at).await,
        }
    }

    async fn stamp(&mut self) {
        let namespace = self.namespace();
        let model = self.model.stamp(*namespace.as_bytes());
        let redis = self.store.stamp(&namespace).await.expect("a stamp");
        self.stamps.push((namespace, redis, model));
    }

    async fn insert(&mut self, at: &str) {
        if self.stamps.is_empty() {
            return self.stamp().await;
        }
        let index = self.below(self.stamps.len());
        let (namespace, redis_stamp, model_stamp) = self.stamps[index];
        let manager = Manager::new(self.subject());
        // Sometimes an id that there is already.
        let id = match self.below(10) {
            0 => self.session().1,
            _ => new_id(),
        };
        let previous = self.session().1;
        let previous = match self.below(3) {
            0 => None,
            1 => Some(Previous::Replaced(&previous)),
            _ => Some(Previous::Concurrent(&previous)),
        };
        let session =
            Session::new(id, manager, SessionTimeouts::default(), now()).within(namespace);
        let stored = StoredSession {
            record: Vec::new(),
            last_used: session.last_used().unix_millis(),
            born: model_stamp,
            subject: session.identity().subject().to_owned(),
            expires: u64::MAX,
        };
        let previous_at_model = previous.map(|previous| PreviousSession {
            digest: previous.id().digest(),
            is_concurrent: matches!(previous, Previous::Concurrent(_)),
        });
        let model = self
            .model
            .insert(key(&namespace, &id), stored, previous_at_model);
        let redis = self.store.insert(session, previous, redis_stamp).await;
        let redis = redis.ok().map(|inserted| inserted == Inserted::Kept);
        assert_eq!(redis, model, "{at}: insert");
        self.sessions.push((namespace, id));
    }

    async fn found(&self, namespace: &Namespace, id: &SessionId) -> Option<Arc<Session<Manager>>> {
        let loaded = match self.store.load(namespace, id) {
            Lookup::Pending(load) => load.await,
            Lookup::Ready(loaded) => loaded,
            _ => panic!("neither ready nor pending"),
        };
        loaded.expect("Redis responds")
    }

    async fn load(&mut self, at: &str) {
        let (namespace, id) = self.session();
        let model = self.model.load(&key(&namespace, &id));
        let model = model.map(|session| (session.subject, session.last_used));
        let redis = self.found(&namespace, &id).await;
        let redis = redis.map(|session| {
            let last_used = session.last_used().unix_millis();
            (session.identity().subject().to_owned(), last_used)
        });
        assert_eq!(redis, model, "{at}: load");
    }

    async fn touch(&mut self, at: &str) {
        let (namespace, id) = self.session();
        let Some(session) = self.found(&namespace, &id).await else {
            return self.load(at).await;
        };
        let later = session.last_used().plus(Duration::from_secs(61));
        if later > now().plus(Duration::from_secs(500)) || !session.touch(later) {
            return;
        }
        let key = key(&namespace, &id);
        let is_there = self.model.touch(&key, later.unix_millis(), u64::MAX);
        assert!(is_there, "{at}: touch");
        self.store.touch(&session);
        until("the use is recorded", async || {
            let found = self.found(&namespace, &id).await;
            found.is_some_and(|found| found.last_used() == later)
        })
        .await;
    }

    async fn remove(&mut self, at: &str) {
        let (namespace, id) = self.session();
        let model = self.model.revoke_session(key(&namespace, &id));
        let redis = self.store.remove(&namespace, &id).await;
        assert_eq!(redis.expect("Redis responds"), model, "{at}: remove");
    }

    /// Removes a session, perhaps as one of another subject.
    async fn remove_of(&mut self, at: &str) {
        let (namespace, id) = self.session();
        let subject = self.subject();
        let model = self.model.revoke_session_of(key(&namespace, &id), &subject);
        let digest = id.digest();
        let redis = self.store.remove_of(&namespace, &subject, &digest).await;
        let redis = redis.expect("Redis responds");
        assert_eq!(redis, model, "{at}: remove_of");
    }

    /// Removes all sessions, or those of a subject but perhaps one, which may be of another subject
    /// or namespace.
    async fn remove_many(&mut self) {
        let namespace = self.namespace();
        let (subject, kept) = (self.subject(), self.session().1);
        let kept = match self.below(4) {
            0 => {
                self.model.revoke_all(*namespace.as_bytes());
                let removed = self.store.remove_all(&namespace).await;
                return removed.expect("Redis responds");
            }
            1 => None,
            _ => Some(&kept),
        };
        let digest = kept.map(SessionId::digest);
        self.model
            .revoke_subject(*namespace.as_bytes(), &subject, digest);
        let removed = self.store.remove_subject(&namespace, &subject, kept).await;
        removed.expect("Redis responds");
    }

    async fn list(&mut self, at: &str) {
        let (namespace, subject) = (self.namespace(), self.subject());
        let model = self.model.sessions_of(*namespace.as_bytes(), &subject);
        let model: BTreeMap<_, _> = model
            .into_iter()
            .map(|(digest, session)| (digest, session.last_used))
            .collect();
        let redis = self.store.sessions_of(&namespace, &subject).await;
        let redis = redis.expect("Redis responds");
        let count = redis.len();
        let redis: BTreeMap<_, _> = redis
            .iter()
            .map(|info| (*info.digest(), info.last_used().unix_millis()))
            .collect();
        assert_eq!(count, redis.len(), "{at}: each session is listed once");
        assert_eq!(redis, model, "{at}: list");
        self.listed = self.listed.max(count);
    }

    async fn flow(&mut self, at: &str) {
        let flow = format!("flow{}", self.below(6));
        let (outcome, note) = (vec![b'o', self.below(9) as u8], self.below(1_000) as u64);
        match self.below(4) {
            0 => {
                let model = self.model.claim_flow(&flow, LONG);
                let redis = self.coordinator.claim_flow(&flow, LONG).await;
                assert_same_state(redis.expect("Redis responds"), model, at);
            }
            1 => {
                let model = self.model.flow_state(&flow);
                let redis = self.coordinator.flow_state(&flow).await;
                assert_same_state(redis.expect("Redis responds"), model, at);
            }
            2 => {
                let completed = Flow::Completed(outcome.clone());
                self.model.complete_flow(&flow, completed);
                let redis = self.coordinator.complete_flow(&flow, &outcome).await;
                redis.expect("Redis responds");
            }
            _ => {
                self.model.complete_flow(&flow, Flow::Rejected(note));
                let redis = self.coordinator.reject_flow(&flow, note).await;
                redis.expect("Redis responds");
            }
        }
    }

    async fn acquire(&mut self, at: &str) {
        let newer_than = self.fence.saturating_sub(self.below(3) as u64);
        let model = self.model.acquire_lease("name", newer_than, at);
        let redis = self.coordinator.acquire_lease("name", newer_than).await;
        self.assert_same_lease(redis.expect("Redis responds"), model, at);
    }

    fn assert_same_lease(&mut self, redis: LeaseResponse, model: LeaseReply, at: &str) {
        match (redis, model) {
            (LeaseResponse::Held, LeaseReply::Taken) => {}
            (
                LeaseResponse::Token {
                    token,
                    fencing_token,
                    remaining,
                },
                LeaseReply::Newer {
                    token: expected,
                    fence,
                    remaining: left,
                },
            ) => {
                assert_eq!((token.expose(), fencing_token), (&*expected, fence), "{at}");
                assert_close(remaining, left, at);
            }
            (
                LeaseResponse::Granted(lease),
                LeaseReply::Granted {
                    fence,
                    age,
                    early_replacements,
                },
            ) => {
                let granted = (lease.fencing_token(), lease.early_replacements());
                assert_eq!(granted, (fence, early_replacements), "{at}");
                assert_eq!(lease.last_published().is_some(), age.is_some(), "{at}");
                assert_close(
                    lease.last_published().unwrap_or_default(),
                    age.unwrap_or(0),
                    at,
                );
                self.fence = self.fence.max(fence);
                let age = age.map(Duration::from_millis);
                let at_model = Lease::new(at.to_owned(), fence, age, early_replacements);
                self.leases.push((lease, at_model));
            }
            (redis, model) => panic!("{at}: {redis:?} {model:?}"),
        }
    }

    /// Publishes a token under one of the leases so far, which may be an old one.
    async fn publish(&mut self, at: &str) {
        if self.leases.is_empty() {
            return self.acquire(at).await;
        }
        let oldest = self.leases.len().saturating_sub(2);
        let index = oldest + self.below(self.leases.len() - oldest);
        let (lease, at_model) = self.leases[index].clone();
        let model = self.model.publish_token("name", &at_model, at, LONG);
        let token = AccessToken::new(at);
        let redis = self.coordinator.publish_token("name", &lease, &token, LONG);
        assert_eq!(redis.await.expect("Redis responds"), model, "{at}: publish");
    }

    /// Releases the last lease, and requests it again as soon as Redis grants it.
    async fn release(&mut self, at: &str) {
        let Some((lease, at_model)) = self.leases.last().cloned() else {
            return self.acquire(at).await;
        };
        self.model.release_lease("name", &at_model, Duration::ZERO);
        let released = self
            .coordinator
            .release_lease("name", &lease, Duration::ZERO);
        released.await.expect("Redis responds");
        let (coordinator, newer_than) = (Arc::clone(&self.coordinator), self.fence);
        let mut response = None;
        until("the lease is free", async || {
            let reply = coordinator.acquire_lease("name", newer_than).await;
            response = Some(reply.expect("Redis responds"));
            !matches!(response, Some(LeaseResponse::Held))
        })
        .await;
        let model = self.model.acquire_lease("name", newer_than, at);
        self.assert_same_lease(response.expect("a response"), model, at);
    }
}

#[track_caller]
fn assert_same_state(redis: Option<FlowState>, model: Option<FlowState>, at: &str) {
    match (redis, model) {
        (Some(FlowState::Claimed { age }), Some(FlowState::Claimed { age: expected })) => {
            assert!(age.abs_diff(expected) < TOLERANCE, "{at}");
        }
        (redis, model) => assert_eq!(redis, model, "{at}"),
    }
}
