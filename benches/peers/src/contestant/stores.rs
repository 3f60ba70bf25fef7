//! Structures that could hold the sessions, each behind the `SessionStore` of our own layer.

use std::future::{Ready, ready};
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::{Arc, PoisonError, RwLock};

use hashbrown::{HashMap, HashTable};
use tower_weika::session::SessionId;
use tower_weika::store::{Inserted, LoadResult, Lookup, Namespace, SessionStore, Stamp};
use tower_weika::{Error, ErrorKind};

use crate::support::Person;

pub(super) type Session = tower_weika::session::Session<Person>;

/// Takes eight bytes of an id for its hash: ids are random.
#[derive(Clone, Copy, Default)]
pub(super) struct Leading(u64);

impl Hasher for Leading {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, random: u64) {
        self.0 = random;
    }
}

type Build = BuildHasherDefault<Leading>;

fn hash(id: &SessionId) -> u64 {
    let mut hasher = Leading::default();
    id.hash(&mut hasher);
    hasher.finish()
}

/// A structure under comparison. `with_room` makes one for so many sessions at most, if it is bounded.
pub(super) trait Structure: Send + Sync + 'static {
    fn with_room(sessions: usize) -> Self;
    fn find(&self, id: &SessionId) -> Option<Arc<Session>>;
    fn keep(&self, session: Arc<Session>);
}

/// A store on such a structure.
pub(super) struct Store<M>(Arc<M>);

impl<M: Structure> Store<M> {
    pub(super) fn with_room(sessions: usize) -> Self {
        Self(Arc::new(M::with_room(sessions)))
    }
}

impl<M> Clone for Store<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M: Structure> SessionStore<Person> for Store<M> {
    type Load = Ready<LoadResult<Person>>;

    fn load(&self, _: &Namespace, id: &SessionId) -> Lookup<Person, Self::Load> {
        Lookup::Ready(Ok(self.0.find(id)))
    }

    fn stamp(&self, _: &Namespace) -> impl Future<Output = Result<Stamp, Error>> + Send {
        ready(Ok(Stamp::new(0)))
    }

    fn insert(
        &self,
        session: Session,
        _: Option<&SessionId>,
        _: Stamp,
    ) -> impl Future<Output = Result<Inserted, Error>> + Send {
        self.0.keep(Arc::new(session));
        ready(Ok(Inserted::Kept))
    }

    fn remove(
        &self,
        _: &Namespace,
        _: &SessionId,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        not_compared()
    }

    fn remove_subject(
        &self,
        _: &Namespace,
        _: &str,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        not_compared()
    }

    fn remove_all(&self, _: &Namespace) -> impl Future<Output = Result<(), Error>> + Send {
        not_compared()
    }
}

fn not_compared() -> Ready<Result<(), Error>> {
    ready(Err(Error::new(
        ErrorKind::Store,
        "only lookups are compared",
    )))
}

pub(super) type Moka = moka::sync::Cache<SessionId, Arc<Session>, Build>;

impl Structure for Moka {
    fn with_room(sessions: usize) -> Self {
        let capacity = u64::try_from(sessions).expect("small");
        let builder = moka::sync::Cache::builder()
            .max_capacity(capacity)
            .eviction_policy(moka::policy::EvictionPolicy::lru());
        builder.build_with_hasher(Build::default())
    }

    fn find(&self, id: &SessionId) -> Option<Arc<Session>> {
        self.get(id)
    }

    fn keep(&self, session: Arc<Session>) {
        self.insert(*session.id(), session);
    }
}

pub(super) type QuickCache =
    quick_cache::sync::Cache<SessionId, Arc<Session>, quick_cache::UnitWeighter, Build>;

impl Structure for QuickCache {
    fn with_room(sessions: usize) -> Self {
        let weight = u64::try_from(sessions).expect("small");
        Self::with(
            sessions,
            weight,
            quick_cache::UnitWeighter,
            Build::default(),
            Default::default(),
        )
    }

    fn find(&self, id: &SessionId) -> Option<Arc<Session>> {
        self.get(id)
    }

    fn keep(&self, session: Arc<Session>) {
        self.insert(*session.id(), session);
    }
}

pub(super) type DashMap = dashmap::DashMap<SessionId, Arc<Session>, Build>;

impl Structure for DashMap {
    fn with_room(_: usize) -> Self {
        Self::default()
    }

    fn find(&self, id: &SessionId) -> Option<Arc<Session>> {
        self.get(id).map(|session| Arc::clone(&session))
    }

    fn keep(&self, session: Arc<Session>) {
        self.insert(*session.id(), session);
    }
}

pub(super) type Papaya = papaya::HashMap<SessionId, Arc<Session>, Build>;

impl Structure for Papaya {
    fn with_room(_: usize) -> Self {
        Self::default()
    }

    fn find(&self, id: &SessionId) -> Option<Arc<Session>> {
        self.pin().get(id).cloned()
    }

    fn keep(&self, session: Arc<Session>) {
        self.pin().insert(*session.id(), session);
    }
}

pub(super) type SccIndex = scc::HashIndex<SessionId, Arc<Session>, Build>;

impl Structure for SccIndex {
    fn with_room(_: usize) -> Self {
        Self::default()
    }

    fn find(&self, id: &SessionId) -> Option<Arc<Session>> {
        self.peek_with(id, |_, session| Arc::clone(session))
    }

    fn keep(&self, session: Arc<Session>) {
        assert!(
            self.insert_sync(*session.id(), session).is_ok(),
            "an id is used once"
        );
    }
}

/// So many locks; of a hash, the bits that a table of this kind uses neither for the place nor for the tag.
const SHARDS: usize = 64;

/// On a cache line of its own, so that readers of different shards do not meet.
#[repr(align(64))]
#[derive(Default)]
struct Shard<T>(RwLock<T>);

struct Sharded<T>(Box<[Shard<T>]>);

impl<T: Default> Sharded<T> {
    fn new() -> Self {
        Self((0..SHARDS).map(|_| Shard::default()).collect())
    }

    fn of(&self, hash: u64) -> &RwLock<T> {
        let place = usize::try_from(hash >> 40).expect("24 bits") % SHARDS;
        &self.0[place].0
    }
}

/// A lock and a map for every shard, keyed by the id.
pub(super) struct ShardedMap(Sharded<HashMap<SessionId, Arc<Session>, Build>>);

impl Structure for ShardedMap {
    fn with_room(_: usize) -> Self {
        Self(Sharded::new())
    }

    fn find(&self, id: &SessionId) -> Option<Arc<Session>> {
        self.0
            .of(hash(id))
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .cloned()
    }

    fn keep(&self, session: Arc<Session>) {
        let mut shard = self
            .0
            .of(hash(session.id()))
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        shard.insert(*session.id(), session);
    }
}

/// A lock and a table for every shard. The id is that of the session itself, which is looked at anyway.
pub(super) struct ShardedTable(Sharded<HashTable<Arc<Session>>>);

impl Structure for ShardedTable {
    fn with_room(_: usize) -> Self {
        Self(Sharded::new())
    }

    fn find(&self, id: &SessionId) -> Option<Arc<Session>> {
        let hash = hash(id);
        let shard = self
            .0
            .of(hash)
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        shard.find(hash, |session| session.id() == id).cloned()
    }

    fn keep(&self, session: Arc<Session>) {
        let of = hash(session.id());
        let mut shard = self
            .0
            .of(of)
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        shard.insert_unique(of, session, |session| hash(session.id()));
    }
}
