//! Session stores: the contract, and stores in memory and at Redis.
//!
//! [`SessionStore`] is the contract. `MemoryStore` (feature `memory`) keeps the sessions of one
//! process; `RedisStore` (feature `redis`) keeps those of several instances, and the crate
//! `tower-weika-sqlite` keeps them in a file. A
//! [`LoginLayer`](crate::login::LoginLayer) uses a `MemoryStore` unless it is given another store.
//! Where a setting decides which store is used, [`EitherStore`] is one of two.
//!
//! # Identity types of an application
//! A store outside this process writes identities as text, through [`StoredIdentity`], which the
//! identities of this crate implement.
//!
//! # Writing a store
//! Implement [`SessionStore`]. The other types of this module occur in its methods: a
//! [`Namespace`](crate::session::Namespace) for each login, a [`Stamp`] for each authorization-code
//! exchange, and the results [`Lookup`], [`LoadResult`] and [`Inserted`].
//!
//! 1. A store does not decide whether a session has expired: the layer calls [`Session::is_live`].
//! 2. A store in memory keeps the [`Session`] itself. A store elsewhere keeps its parts, and
//!    rebuilds it with [`Session::new`], [`Session::within`], [`Session::expiring_by`],
//!    [`Session::last_used_at`] and [`Session::on_device`]. It keeps the session under
//!    [`SessionId::digest`], so that an attacker who reads the store learns no session id. The
//!    module [`external`] (feature `external-store`) has records, encryption and a local cache.
//! 3. A store that several instances share returns its
//!    [`Coordinator`](crate::coordination::Coordinator): clones of one `Arc`, because a token cache
//!    accepts one coordinator only.
//! 4. The tests in [`testing::store_contract`](mod@crate::testing::store_contract) (feature
//!    `testing`) are the contract in executable form.
//!
//! A store that keeps managers in a map, complete but for bounds on its memory:
//!
//! ```
//! use std::collections::HashMap;
//! use std::future::Ready;
//! use std::sync::{Arc, Mutex};
//!
//! use tower_weika::Error;
//! use tower_weika::identity::{Identity, Manager};
//! use tower_weika::session::{Namespace, Session, SessionDigest, SessionId, SessionInfo};
//! use tower_weika::store::{Inserted, LoadResult, Lookup, Previous, SessionStore, Stamp};
//!
//! #[derive(Clone, Default, Debug)]
//! struct MapStore(Arc<Mutex<Content>>);
//!
//! #[derive(Default, Debug)]
//! struct Content {
//!     sessions: HashMap<SessionId, Arc<Session<Manager>>>,
//!     /// In order. A real store forgets them after `Stamp::LIFETIME`.
//!     revocations: Vec<Revocation>,
//! }
//!
//! #[derive(PartialEq, Debug)]
//! enum Revocation {
//!     Session(SessionId),
//!     Subject(Namespace, String),
//!     All(Namespace),
//! }
//!
//! impl SessionStore<Manager> for MapStore {
//!     type Load = Ready<LoadResult<Manager>>;
//!
//!     fn load(&self, namespace: &Namespace, id: &SessionId) -> Lookup<Manager, Self::Load> {
//!         let content = self.0.lock().unwrap();
//!         let found = content.sessions.get(id).filter(|session| session.namespace() == namespace);
//!         Lookup::Ready(Ok(found.cloned()))
//!     }
//!
//!     async fn stamp(&self, _: &Namespace) -> Result<Stamp, Error> {
//!         Ok(Stamp::new(self.0.lock().unwrap().revocations.len() as u64))
//!     }
//!
//!     async fn insert(
//!         &self,
//!         session: Session<Manager>,
//!         previous: Option<Previous<'_>>,
//!         since: Stamp,
//!     ) -> Result<Inserted, Error> {
//!         let mut content = self.0.lock().unwrap();
//!         let namespace = *session.namespace();
//!         let subject = session.identity().subject().to_owned();
//!         if let Some(previous) = previous {
//!             let stays = |kept: &Session<Manager>| match previous {
//!                 Previous::Replaced(_) => *kept.namespace() != namespace,
//!                 Previous::Concurrent(_) => {
//!                     *kept.namespace() != namespace || kept.identity().subject() == subject
//!                 }
//!             };
//!             content.sessions.retain(|id, kept| id != previous.id() || stays(kept));
//!         }
//!         let mut covering = vec![Revocation::All(namespace), Revocation::Subject(namespace, subject)];
//!         covering.extend(previous.map(|previous| Revocation::Session(*previous.id())));
//!         let since_stamp = &content.revocations[since.number() as usize..];
//!         if since_stamp.iter().any(|revocation| covering.contains(revocation)) {
//!             return Ok(Inserted::Revoked);
//!         }
//!         content.sessions.insert(*session.id(), Arc::new(session));
//!         Ok(Inserted::Kept)
//!     }
//!
//!     async fn remove(&self, namespace: &Namespace, id: &SessionId) -> Result<bool, Error> {
//!         let mut content = self.0.lock().unwrap();
//!         // An unknown id is not remembered: any client can name one.
//!         let is_there = content.sessions.get(id).is_some_and(|session| session.namespace() == namespace);
//!         if is_there {
//!             content.sessions.remove(id);
//!             content.revocations.push(Revocation::Session(*id));
//!         }
//!         Ok(is_there)
//!     }
//!
//!     async fn remove_of(
//!         &self,
//!         namespace: &Namespace,
//!         subject: &str,
//!         session: &SessionDigest,
//!     ) -> Result<bool, Error> {
//!         let sessions = self.0.lock().unwrap().of(namespace, subject);
//!         match sessions.iter().find(|found| found.id().digest() == *session) {
//!             Some(found) => self.remove(namespace, found.id()).await,
//!             None => Ok(false),
//!         }
//!     }
//!
//!     async fn remove_subject(
//!         &self,
//!         namespace: &Namespace,
//!         subject: &str,
//!         kept: Option<&SessionId>,
//!     ) -> Result<(), Error> {
//!         let mut content = self.0.lock().unwrap();
//!         content.revocations.push(Revocation::Subject(*namespace, subject.to_owned()));
//!         content.sessions.retain(|id, session| {
//!             session.namespace() != namespace
//!                 || session.identity().subject() != subject
//!                 || Some(id) == kept
//!         });
//!         Ok(())
//!     }
//!
//!     async fn remove_all(&self, namespace: &Namespace) -> Result<(), Error> {
//!         let mut content = self.0.lock().unwrap();
//!         content.revocations.push(Revocation::All(*namespace));
//!         content.sessions.retain(|_, session| session.namespace() != namespace);
//!         Ok(())
//!     }
//!
//!     async fn sessions_of(
//!         &self,
//!         namespace: &Namespace,
//!         subject: &str,
//!     ) -> Result<Vec<SessionInfo>, Error> {
//!         let sessions = self.0.lock().unwrap().of(namespace, subject);
//!         Ok(sessions.iter().map(|session| SessionInfo::of(session)).collect())
//!     }
//! }
//!
//! impl Content {
//!     fn of(&self, namespace: &Namespace, subject: &str) -> Vec<Arc<Session<Manager>>> {
//!         let is_of = |session: &&Arc<Session<Manager>>| {
//!             session.namespace() == namespace && session.identity().subject() == subject
//!         };
//!         self.sessions.values().filter(is_of).cloned().collect()
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! # let manager = |number| Manager::new(format!("o{number}"));
//! # macro_rules! check {
//! #     ($($rule:ident)*) => {$(
//! #         tower_weika::testing::store_contract::$rule(&MapStore::default(), manager).await;
//! #     )*};
//! # }
//! # check! {
//! #     unknown_session_is_absent
//! #     session_is_found_with_all_its_parts
//! #     removed_session_is_absent_and_no_other
//! #     removal_tells_whether_there_was_a_session
//! #     late_use_never_restores_a_session
//! #     use_is_recorded
//! #     sessions_of_one_subject_are_revoked_and_no_other
//! #     session_is_revoked_by_its_digest_and_subject
//! #     all_sessions_of_a_subject_but_one_are_revoked
//! #     sessions_of_a_subject_are_listed
//! #     list_is_of_one_namespace
//! #     all_sessions_are_revoked_and_new_ones_stay
//! #     concurrent_look_ups_find_the_right_session
//! #     namespaces_are_isolated
//! #     revocation_covers_a_pending_login
//! #     revocation_leaves_pending_logins_of_other_namespaces_alone
//! #     previous_session_is_always_removed
//! #     concurrent_session_is_removed_only_if_it_is_of_another_subject
//! #     debug_shows_no_session_id
//! # }
//! # }
//! ```
//!
//! [`Session`]: crate::session::Session
//! [`Session::is_live`]: crate::session::Session::is_live
//! [`Session::new`]: crate::session::Session::new
//! [`Session::within`]: crate::session::Session::within
//! [`Session::expiring_by`]: crate::session::Session::expiring_by
//! [`Session::last_used_at`]: crate::session::Session::last_used_at
//! [`Session::on_device`]: crate::session::Session::on_device
//! [`SessionId::digest`]: crate::session::SessionId::digest

mod either_store;
#[cfg(feature = "external-store")]
pub mod external;
mod inserted;
mod lookup;
#[cfg(feature = "memory")]
mod memory;
mod previous;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "memory")]
mod session_map;
mod session_store;
mod stamp;
mod stored_identity;

pub use self::either_store::EitherStore;
pub use self::inserted::Inserted;
pub use self::lookup::{LoadResult, Lookup};
#[cfg(feature = "memory")]
pub use self::memory::{MemoryStore, MemoryStoreBuilder};
pub use self::previous::Previous;
#[cfg(feature = "redis")]
pub use self::redis::{Redis, RedisBuilder, RedisStatus, RedisStore};
pub use self::session_store::SessionStore;
pub use self::stamp::Stamp;
pub use self::stored_identity::StoredIdentity;
