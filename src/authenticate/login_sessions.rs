//! Sessions of one login: look-up, insertion, revocation.

use std::cmp::Reverse;
use std::sync::Arc;

use http::HeaderMap;

use crate::clock::Clock;
use crate::cookie::{CookieName, Found};
use crate::error::{Error, ErrorKind};
use crate::guard::PrefixGuards;
use crate::meter;
use crate::session::Namespace;
use crate::session::{Session, SessionDigest, SessionId, SessionInfo};
use crate::store::{Inserted, LoadResult, Lookup, Previous, SessionStore, Stamp};
use crate::trace::debug;

/// The sessions of one login: finds that of a request, and keeps and revokes them.
pub(crate) struct LoginSessions<I, St> {
    pub(crate) cookie: CookieName,
    pub(crate) store: St,
    /// Sessions of other namespaces are not accepted (rule S1).
    pub(crate) namespace: Namespace,
    pub(crate) clock: Clock,
    /// The path prefixes that a login layer guards. There are none for other layers, which may see
    /// shortened paths.
    pub(crate) guards: PrefixGuards<I>,
}

impl<I, St: Clone> LoginSessions<I, St> {
    /// Returns the same without guards.
    pub(crate) fn without_guards(&self) -> Self {
        Self {
            cookie: self.cookie.clone(),
            store: self.store.clone(),
            namespace: self.namespace,
            clock: self.clock.clone(),
            guards: PrefixGuards::new(),
        }
    }
}

impl<I, St: SessionStore<I>> LoginSessions<I, St> {
    /// Returns the session id in the cookie, if it is well formed (rules K4 and K5).
    #[inline]
    pub(crate) fn id(&self, headers: &HeaderMap) -> Option<SessionId> {
        match self.cookie.find(headers) {
            Found::Absent => None,
            Found::Value(value) => SessionId::parse(value),
            Found::Conflict => {
                debug!(cookie = %self.cookie.as_str(), "authenticate: several session cookies with different values; the request is unauthenticated");
                None
            }
        }
    }

    /// Looks up the session of a request. Without a session id, the store is not queried.
    #[inline]
    pub(crate) fn lookup(&self, headers: &HeaderMap) -> Lookup<I, St::Load> {
        match self.id(headers) {
            None => Lookup::Ready(Ok(None)),
            Some(id) => match self.store.load(&self.namespace, &id) {
                Lookup::Ready(found) => Lookup::Ready(self.admit(found)),
                pending @ Lookup::Pending(_) => pending,
            },
        }
    }

    /// Returns a session if it is live, and records its use.
    #[inline]
    pub(crate) fn admit(&self, found: LoadResult<I>) -> LoadResult<I> {
        let now = self.clock.now();
        // The namespace is checked again, so that this does not depend on the store.
        let is_accepted = |session: &Arc<Session<I>>| {
            *session.namespace() == self.namespace && session.is_live(now)
        };
        let session = found.map_err(as_store_error)?.filter(is_accepted);
        if let Some(session) = &session
            && session.touch(now)
        {
            self.store.touch(session);
        }
        Ok(session)
    }

    /// Returns a stamp for an exchange that starts now.
    pub(crate) async fn stamp(&self) -> Result<Stamp, Error> {
        self.store
            .stamp(&self.namespace)
            .await
            .map_err(as_store_error)
    }

    /// Keeps a new session and removes the previous one; see [`SessionStore::insert`].
    pub(crate) async fn insert(
        &self,
        session: Session<I>,
        previous: Option<Previous<'_>>,
        since: Stamp,
    ) -> Result<Inserted, Error> {
        self.store
            .insert(session.within(self.namespace), previous, since)
            .await
            .map_err(as_store_error)
    }

    /// Revokes a session. Returns whether there was one.
    pub(crate) async fn remove(&self, id: &SessionId) -> Result<bool, Error> {
        self.store
            .remove(&self.namespace, id)
            .await
            .map_err(as_store_error)
    }

    /// Revokes the session with this digest, if it is one of `subject`. Returns whether it was.
    pub(crate) async fn remove_of(
        &self,
        subject: &str,
        session: &SessionDigest,
    ) -> Result<bool, Error> {
        self.store
            .remove_of(&self.namespace, subject, session)
            .await
            .map_err(as_store_error)
    }

    /// Revokes all sessions of one subject but `kept`.
    pub(crate) async fn remove_subject(
        &self,
        subject: &str,
        kept: Option<&SessionId>,
    ) -> Result<(), Error> {
        self.store
            .remove_subject(&self.namespace, subject, kept)
            .await
            .map_err(as_store_error)
    }

    /// Revokes all sessions.
    pub(crate) async fn remove_all(&self) -> Result<(), Error> {
        self.store
            .remove_all(&self.namespace)
            .await
            .map_err(as_store_error)
    }

    /// Returns the live sessions of one subject, those used last first.
    pub(crate) async fn sessions_of(&self, subject: &str) -> Result<Vec<SessionInfo>, Error> {
        let found = self.store.sessions_of(&self.namespace, subject).await;
        let mut sessions = found.map_err(as_store_error)?;
        let now = self.clock.now();
        sessions.retain(|session| session.is_live(now));
        sessions.sort_by_key(|session| Reverse((session.last_used(), session.created())));
        Ok(sessions)
    }

    /// Returns the session with this id, if it is live.
    pub(crate) async fn live(&self, id: &SessionId) -> LoadResult<I> {
        match self.store.load(&self.namespace, id) {
            Lookup::Ready(found) => self.admit(found),
            Lookup::Pending(load) => self.admit(load.await),
        }
    }

    /// Returns the live session of a request.
    pub(crate) async fn session(&self, headers: &HeaderMap) -> LoadResult<I> {
        match self.id(headers) {
            Some(id) => self.live(&id).await,
            None => Ok(None),
        }
    }
}

/// Gives the error of a store the kind [`ErrorKind::Store`]: another kind would be treated as a
/// failure of the upstream system.
pub(crate) fn as_store_error(error: Error) -> Error {
    meter::store_failed();
    debug!(error = %error.report(), "authenticate: the session store failed; a request that needs a session gets 503");
    if error.kind() == ErrorKind::Store {
        return error;
    }
    Error::new(ErrorKind::Store, "the session store failed").with_source(error)
}
