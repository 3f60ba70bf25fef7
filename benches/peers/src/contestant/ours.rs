//! Our own layers, over our own store and over others.

use std::rc::Rc;

use tower_weika::clock::Clock;
use tower_weika::session::{SessionId, SessionTimeouts};
use tower_weika::store::{MemoryStore, SessionStore};

use super::stores::{self, Session, Store, Structure};
use super::{Contender, Contestant, Setting, at_once};
use crate::support::{Person, Site};

/// The login layer over each store that is compared.
pub(super) fn all() -> [Contestant; 9] {
    [
        Contestant {
            name: "login, live session",
            build: |setting| login(setting, memory),
        },
        Contestant {
            name: "authenticate, live session",
            build: authenticate,
        },
        Contestant {
            name: "store: moka",
            build: over::<stores::Moka>,
        },
        Contestant {
            name: "store: quick_cache",
            build: over::<stores::QuickCache>,
        },
        Contestant {
            name: "store: dashmap",
            build: over::<stores::DashMap>,
        },
        Contestant {
            name: "store: papaya",
            build: over::<stores::Papaya>,
        },
        Contestant {
            name: "store: scc HashIndex",
            build: over::<stores::SccIndex>,
        },
        Contestant {
            name: "store: RwLock shards, maps",
            build: over::<stores::ShardedMap>,
        },
        Contestant {
            name: "store: RwLock shards, tables",
            build: over::<stores::ShardedTable>,
        },
    ]
}

fn memory(room: usize) -> MemoryStore<Person> {
    MemoryStore::<Person>::builder()
        .capacity(u64::try_from(room).expect("small"))
        .build()
}

fn over<M: Structure>(setting: &Setting<'_>) -> Contender {
    login(setting, Store::<M>::with_room)
}

fn login<St: SessionStore<Person>>(
    setting: &Setting<'_>,
    store: impl Fn(usize) -> St,
) -> Contender {
    // Bounded by more than there is, as sites do it.
    let room = (4 * setting.sessions).max(100_000);
    let heap = heap(setting, || store(room));
    let site = Site::with_sessions_in(&store(room), setting.sessions, setting.runtime);
    Contender::new(heap, move || site.live("login, live session"))
}

fn authenticate(setting: &Setting<'_>) -> Contender {
    let site = Rc::new(Site::with_sessions(setting.sessions));
    Contender::new(0, move || {
        let named =
            |candidate: &crate::support::Candidate| candidate.name == "authenticate, live session";
        site.candidates()
            .into_iter()
            .find(named)
            .expect("one of the candidates")
    })
}

/// What so many sessions take on the heap.
fn heap<St: SessionStore<Person>>(setting: &Setting<'_>, make: impl Fn() -> St) -> i64 {
    let mut store = None;
    let now = Clock::system().now();
    (setting.meter)(&mut || {
        let store = store.insert(make());
        for number in 0..setting.sessions {
            let id = SessionId::random().expect("randomness");
            let session: Session = Session::new(
                id,
                Person::numbered(number),
                SessionTimeouts::default(),
                now,
            );
            let since = at_once(store.stamp(session.namespace())).expect("the store answers");
            let _inserted =
                at_once(store.insert(session, None, since)).expect("the store takes it");
        }
    })
}
