//! Data structures that could hold the sessions, each behind the `SessionStore` of the login layer.

use std::future::{Ready, ready};
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::{Arc, PoisonError, RwLock};

use harness::Person;
use harness::lower_bound::Leading;
use hashbrown::{HashMap, HashTable};
use moka::policy::EvictionPolicy;
use quick_cache::UnitWeighter;
use tower_weika::session::{Namespace, SessionDigest, SessionId, SessionInfo};
use tower_weika::store::{Inserted, LoadResult, Lookup, Previous, SessionStore, Stamp};
use tower_weika::{Error, ErrorKind};

type Session = Arc<tower_weika::session::Session<Person>>;
type Build = BuildHasherDefault<Leading>;

fn hash(id: &SessionId) -> u64 {
    let mut hasher = Leading::default();
    id.hash(&mut hasher);
    hasher.finish()
}

/// A structure under comparison, with room for this many sessions if it is bounded.
pub trait Structure: Send + Sync + 'static {
    fn with_capacity(sessions: usize) -> Self;
    fn find(&self, id: &SessionId) -> Option<Session>;
    fn keep(&self, session: Session);
}

/// A store on such a structure.
pub struct Store<M>(Arc<M>);

impl<M: Structure> Store<M> {
    pub(super) fn with_capacity(sessions: usize) -> Self {
        Self(Arc::new(M::with_capacity(sessions)))
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
        session: tower_weika::session::Session<Person>,
        _: Option<Previous<'_>>,
        _: Stamp,
    ) -> impl Future<Output = Result<Inserted, Error>> + Send {
        self.0.keep(Arc::new(session));
        ready(Ok(Inserted::Kept))
    }

    fn remove(
        &self,
        _: &Namespace,
        _: &SessionId,
    ) -> impl Future<Output = Result<bool, Error>> + Send {
        not_compared()
    }

    fn remove_of(
        &self,
        _: &Namespace,
        _: &str,
        _: &SessionDigest,
    ) -> impl Future<Output = Result<bool, Error>> + Send {
        not_compared()
    }

    fn remove_subject(
        &self,
        _: &Namespace,
        _: &str,
        _: Option<&SessionId>,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        not_compared()
    }

    fn remove_all(&self, _: &Namespace) -> impl Future<Output = Result<(), Error>> + Send {
        not_compared()
    }

    fn sessions_of(
        &self,
        _: &Namespace,
        _: &str,
    ) -> impl Future<Output = Result<Vec<SessionInfo>, Error>> + Send {
        not_compared()
    }
}

fn not_compared<T>() -> Ready<Result<T, Error>> {
    ready(Err(Error::new(
        ErrorKind::Store,
        "only lookups are compared",
    )))
}

/// structure!(type, |sessions| new, |map, id| found, |map, session| kept)
macro_rules! structure {
    ($name:ident = $type:ty, |$sessions:pat_param| $new:expr, |$map:ident, $id:ident| $find:expr,
     |$kept:ident, $session:ident| $keep:expr) => {
        pub type $name = $type;

        impl Structure for $name {
            fn with_capacity($sessions: usize) -> Self {
                $new
            }

            fn find(&self, $id: &SessionId) -> Option<Session> {
                let $map = self;
                $find
            }

            fn keep(&self, $session: Session) {
                let $kept = self;
                $keep
            }
        }
    };
}

structure!(
    Moka = moka::sync::Cache<SessionId, Session, Build>,
    |sessions| {
        let builder = moka::sync::Cache::builder().max_capacity(u64::try_from(sessions).expect("small"));
        builder.eviction_policy(EvictionPolicy::lru()).build_with_hasher(Build::default())
    },
    |map, id| map.get(id),
    |map, session| map.insert(*session.id(), session)
);
structure!(
    QuickCache = quick_cache::sync::Cache<SessionId, Session, UnitWeighter, Build>,
    |sessions| {
        let weight = u64::try_from(sessions).expect("small");
        Self::with(sessions, weight, UnitWeighter, Build::default(), Default::default())
    },
    |map, id| map.get(id),
    |map, session| map.insert(*session.id(), session)
);
structure!(
    DashMap = dashmap::DashMap<SessionId, Session, Build>,
    |_| Self::default(),
    |map, id| map.get(id).map(|session| Arc::clone(&session)),
    |map, session| drop(map.insert(*session.id(), session))
);
structure!(
    Papaya = papaya::HashMap<SessionId, Session, Build>,
    |_| Self::default(),
    |map, id| map.pin().get(id).cloned(),
    |map, session| _ = map.pin().insert(*session.id(), session)
);
structure!(
    SccIndex = scc::HashIndex<SessionId, Session, Build>,
    |_| Self::default(),
    |map, id| map.peek_with(id, |_, session| Arc::clone(session)),
    |map, session| assert!(map.insert_sync(*session.id(), session).is_ok(), "ids are unique")
);

/// The number of locks. A shard is chosen by the bits of the hash that a table of this kind uses
/// neither for the slot nor for the tag.
const SHARDS: usize = 64;

/// On a separate cache line, so that readers of different shards do not contend.
#[repr(align(64))]
#[derive(Default)]
struct Shard<T>(RwLock<T>);

pub struct Sharded<T>(Box<[Shard<T>]>);

impl<T: Default> Sharded<T> {
    fn new() -> Self {
        Self((0..SHARDS).map(|_| Shard::default()).collect())
    }

    fn of(&self, hash: u64) -> &RwLock<T> {
        &self.0[usize::try_from(hash >> 40).expect("24 bits") % SHARDS].0
    }
}

// A lock and a map for every shard, keyed by the id.
structure!(
    ShardedMap = Sharded<HashMap<SessionId, Session, Build>>,
    |_| Self::new(),
    |map, id| map.of(hash(id)).read().unwrap_or_else(PoisonError::into_inner).get(id).cloned(),
    |map, session| {
        let mut shard = map.of(hash(session.id())).write().unwrap_or_else(PoisonError::into_inner);
        shard.insert(*session.id(), session);
    }
);
// A lock and a table for every shard. The key is the id inside the session, which is read anyway.
structure!(
    ShardedTable = Sharded<HashTable<Session>>,
    |_| Self::new(),
    |map, id| {
        let hash = hash(id);
        let shard = map.of(hash).read().unwrap_or_else(PoisonError::into_inner);
        shard.find(hash, |session| session.id() == id).cloned()
    },
    |map, session| {
        let of = hash(session.id());
        let mut shard = map.of(of).write().unwrap_or_else(PoisonError::into_inner);
        shard.insert_unique(of, session, |session| hash(session.id()));
    }
);
