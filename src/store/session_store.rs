//! Contract of session stores.

use std::sync::Arc;

use super::{Inserted, LoadResult, Lookup, Previous, Stamp};
use crate::coordination::Coordinator;
use crate::error::Error;
use crate::session::Namespace;
use crate::session::{Session, SessionDigest, SessionId, SessionInfo};

/// Keeps sessions by their ids; see [the module](super#writing-a-store) for an example.
///
/// 1. A failure is an [`Error`] of kind [`Store`](crate::ErrorKind::Store). It never looks like an
///    absent session.
/// 2. **Namespaces.** Several logins may use one store. A session belongs to the [`Namespace`] of
///    its login; in every other namespace it is absent. A revocation covers one namespace.
/// 3. A session that was removed stays removed: no later call restores it.
/// 4. **Stamps.** A revocation also covers pending logins. The layer takes a [stamp](Self::stamp)
///    before it sends an authorization code, and [inserts](Self::insert) the session with it: a
///    store keeps no session that was revoked after the stamp. A revocation never waits for an
///    exchange.
pub trait SessionStore<I>: Clone + Send + Sync + 'static {
    /// Future of a session that must be fetched.
    type Load: Future<Output = LoadResult<I>> + Send + 'static;

    /// Looks up a session of a namespace. A store in memory returns [`Lookup::Ready`].
    fn load(&self, namespace: &Namespace, id: &SessionId) -> Lookup<I, Self::Load>;

    /// Records that the [last use](Session::last_used) of a session has moved on; called at most
    /// once a minute for each session. A store that rebuilds sessions from records must write it
    /// down, in the background, and only if the session is still there. A store with a local cache
    /// drops a cached session that is not there any more.
    fn touch(&self, _session: &Arc<Session<I>>) {}

    /// Returns a stamp for an exchange that starts now: it is later than all revocations that have
    /// returned, and earlier than those that start afterwards.
    ///
    /// # Errors
    /// If the store cannot be reached; the authorization code is then not sent.
    fn stamp(&self, namespace: &Namespace) -> impl Future<Output = Result<Stamp, Error>> + Send;

    /// Keeps a new session in [its namespace](Session::namespace), and removes the
    /// [previous](Previous) session, also if it keeps no new one; a concurrent session of the same
    /// subject stays. Keeps nothing if a revocation after `since` covers the new session: a
    /// revocation of all sessions, of the subject, or of the previous session. A previous session
    /// that another login has replaced was not revoked.
    ///
    /// # Errors
    /// If the new session may not have been kept, or the previous one may still be there.
    fn insert(
        &self,
        session: Session<I>,
        previous: Option<Previous<'_>>,
        since: Stamp,
    ) -> impl Future<Output = Result<Inserted, Error>> + Send;

    /// Revokes one session, and the pending login that would replace it. Returns whether this call
    /// removed it: of several calls for one session, one returns `true`. (A store may also return
    /// `true` for a session that it still holds although it has expired, or although a revocation
    /// of its subject covers it.) An unknown session has no effect that other clients could
    /// observe, because any client can name one.
    ///
    /// # Errors
    /// If the session may still be there.
    fn remove(
        &self,
        namespace: &Namespace,
        id: &SessionId,
    ) -> impl Future<Output = Result<bool, Error>> + Send;

    /// Does the same for the session with this digest, if it is one of `subject`; any other is
    /// unknown here.
    ///
    /// # Errors
    /// If the session may still be there.
    fn remove_of(
        &self,
        namespace: &Namespace,
        subject: &str,
        session: &SessionDigest,
    ) -> impl Future<Output = Result<bool, Error>> + Send;

    /// Revokes all sessions of one [subject](crate::identity::Identity::subject) in a namespace but
    /// `kept`, and its pending logins. A session that is not there any more is not restored.
    ///
    /// # Errors
    /// If some of them may still be there.
    fn remove_subject(
        &self,
        namespace: &Namespace,
        subject: &str,
        kept: Option<&SessionId>,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Revokes all sessions of a namespace, and all pending logins.
    ///
    /// # Errors
    /// If some of them may still be there.
    fn remove_all(&self, namespace: &Namespace) -> impl Future<Output = Result<(), Error>> + Send;

    /// Returns the sessions of one subject in a namespace, in any order. Expired ones may be among
    /// them.
    ///
    /// # Errors
    /// If the sessions cannot be read.
    fn sessions_of(
        &self,
        namespace: &Namespace,
        subject: &str,
    ) -> impl Future<Output = Result<Vec<SessionInfo>, Error>> + Send;

    /// Returns a secret of 32 bytes or more that the store keeps for all instances which share it.
    /// A login layer uses it where no [secret](crate::login::LoginLayerBuilder::secret) is set.
    fn secret(&self) -> Option<Vec<u8>> {
        None
    }

    /// Returns the coordination between instances, if several of them share this store. The login
    /// layer then needs a [secret](crate::login::LoginLayerBuilder::secret) that is the same for
    /// all of them, unless the store [keeps one](Self::secret).
    fn coordinator(&self) -> Option<Arc<dyn Coordinator>> {
        None
    }
}
