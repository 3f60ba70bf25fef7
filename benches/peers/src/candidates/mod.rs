//! All candidates of the request path.

pub mod axum_login;
mod axum_session;
mod cookies;
pub mod stores;
pub mod tower_sessions;
pub mod tower_sessions_sqlite;

use std::sync::Arc;

use harness::compare::Meter;
use harness::{Candidate, LIVE, Person, Site, at_once, candidate, lower_bound, runtime};
use http::HeaderValue;
use tower_weika::session::Session;
use tower_weika::store::{MemoryStore, SessionStore};

/// The parameters that all candidates share.
#[derive(Clone, Copy)]
pub struct Setting {
    pub sessions: usize,
    pub meter: Meter,
}

/// Creates a candidate with its sessions. Runs inside a runtime.
pub type Build = fn(Setting) -> Candidate;

pub const LOGIN: &str = "login, live session";

/// Every candidate with its name. The first is the bare application.
pub const ALL: [(&str, Build); 17] = [
    ("bare", |_| Candidate::bare(&any_users())),
    (
        "insert by hand",
        |_| Candidate::insert_by_hand(&any_users()),
    ),
    (lower_bound::NAME, |it| {
        lower_bound::candidate(&Site::with_sessions(it.sessions), it.meter)
    }),
    (LOGIN, login),
    ("authenticate, live session", |it| {
        Site::with_sessions(it.sessions).authenticate()
    }),
    ("store: moka", login_over::<stores::Moka>),
    ("store: quick_cache", login_over::<stores::QuickCache>),
    ("store: dashmap", login_over::<stores::DashMap>),
    ("store: papaya", login_over::<stores::Papaya>),
    ("store: scc HashIndex", login_over::<stores::SccIndex>),
    (
        "store: RwLock shards, maps",
        login_over::<stores::ShardedMap>,
    ),
    (
        "store: RwLock shards, tables",
        login_over::<stores::ShardedTable>,
    ),
    ("cookie::CookieJar", |_| cookies::jar()),
    ("tower-cookies", |_| cookies::tower_cookies()),
    ("tower-sessions", tower_sessions::candidate),
    ("axum-login", axum_login::candidate),
    ("axum_session", axum_session::candidate),
];

/// Builds the candidate of this name, and calls it by that name.
pub fn build(name: &str, setting: Setting) -> Candidate {
    let (name, build) = ALL
        .iter()
        .find(|(other, _)| *other == name)
        .expect("a candidate of this name");
    build(setting).named(name)
}

fn login(setting: Setting) -> Candidate {
    login_layer(setting, memory_store)
}

fn login_over<M: stores::Structure>(setting: Setting) -> Candidate {
    login_layer(setting, stores::Store::<M>::with_capacity)
}

pub fn memory_store(capacity: usize) -> MemoryStore<Person> {
    MemoryStore::<Person>::builder()
        .capacity(u64::try_from(capacity).expect("small"))
        .build()
}

/// Inserts sessions into a store.
pub fn fill<St: SessionStore<Person>>(store: &St, sessions: impl Iterator<Item = Session<Person>>) {
    for session in sessions {
        let since = at_once(store.stamp(session.namespace())).expect("the store responds");
        let _kept = at_once(store.insert(session, None, since)).expect("the store accepts it");
    }
}

/// The login layer over a store. The heap bytes are measured with another store of the same kind.
fn login_layer<St: SessionStore<Person>>(
    setting: Setting,
    store: impl Fn(usize) -> St,
) -> Candidate {
    // The bound is larger than the number of sessions, as in production.
    let capacity = (4 * setting.sessions).max(100_000);
    let mut filled = None;
    let (_, heap) = (setting.meter)(&mut || {
        let sessions = (0..setting.sessions).map(|number| Person::numbered(number).session());
        fill(filled.insert(store(capacity)), sessions);
    });
    Site::over(
        &store(capacity),
        "bench",
        LIVE,
        setting.sessions,
        &runtime(),
    )
    .live(LOGIN)
    .with_heap(heap)
}

/// The headers of users whose session is not looked up.
fn any_users() -> Arc<[HeaderValue]> {
    users((0..1_000).map(|number| format!("id={number:022}")))
}

/// The `Cookie` headers of users with these cookies; of an even selection if there are very many.
/// The selection is larger than any number of consecutive requests, and the headers are not what is
/// measured.
fn users(cookies: impl ExactSizeIterator<Item = String>) -> Arc<[HeaderValue]> {
    let step = cookies.len().div_ceil(50_000).max(1);
    cookies
        .step_by(step)
        .map(|cookie| candidate::cookies(&cookie))
        .collect()
}
