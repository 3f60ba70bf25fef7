//! Revocations by the application, and that of one session.

use std::sync::Arc;

use super::inner::Inner;
use super::observer::{LoginEventKind, User};
use super::run_to_end::run_to_end;
use crate::error::Error;
use crate::provider::IdentityProvider;
use crate::session::{Authenticated, SessionDigest, SessionId};
use crate::store::SessionStore;

const ABANDONED: &str = "the revocation was abandoned";

impl<P, St> Inner<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    pub(super) fn revoke_session(
        self: Arc<Self>,
        session: Authenticated<P::Identity>,
    ) -> impl Future<Output = Result<(), Error>> + Send + 'static {
        run_to_end(ABANDONED, async move {
            let known = User::of(session.identity());
            let ended = self.end_session(session.session().id(), Some(known));
            if let Some(user) = ended.await? {
                self.report_revoked(LoginEventKind::SessionRevoked, user.as_ref());
            }
            Ok(())
        })
    }

    pub(super) fn revoke_sessions_of(
        self: Arc<Self>,
        subject: String,
    ) -> impl Future<Output = Result<(), Error>> + Send + 'static {
        run_to_end(ABANDONED, async move {
            self.sessions.remove_subject(&subject, None).await?;
            let user = User::with_subject(subject);
            self.report_revoked(LoginEventKind::SubjectRevoked, Some(&user));
            Ok(())
        })
    }

    pub(super) fn revoke_session_of(
        self: Arc<Self>,
        subject: String,
        session: SessionDigest,
    ) -> impl Future<Output = Result<bool, Error>> + Send + 'static {
        run_to_end(ABANDONED, async move {
            let listed = self.sessions.sessions_of(&subject).await?;
            let is_live = listed.iter().any(|of| *of.digest() == session);
            let user = User::with_subject(subject);
            match self.sessions.remove_of(&user.subject, &session).await {
                Ok(was_there) => {
                    let was_live = was_there && is_live;
                    let first = self
                        .observer
                        .first_revocation(&session, was_live, Some(user));
                    if let Some(user) = first {
                        self.report_revoked(LoginEventKind::SessionRevoked, user.as_ref());
                    }
                    Ok(was_live)
                }
                Err(error) => {
                    if is_live {
                        self.observer.revocation_failed(&session, user);
                    }
                    Err(error)
                }
            }
        })
    }

    pub(super) fn revoke_other_sessions(
        self: Arc<Self>,
        current: Authenticated<P::Identity>,
    ) -> impl Future<Output = Result<(), Error>> + Send + 'static {
        run_to_end(ABANDONED, async move {
            let user = User::of(current.identity());
            let kept = Some(current.session().id());
            self.sessions.remove_subject(&user.subject, kept).await?;
            self.report_revoked(LoginEventKind::OthersRevoked, Some(&user));
            Ok(())
        })
    }

    pub(super) fn revoke_all_sessions(
        self: Arc<Self>,
    ) -> impl Future<Output = Result<(), Error>> + Send + 'static {
        run_to_end(ABANDONED, async move {
            self.sessions.remove_all().await?;
            self.report_revoked(LoginEventKind::AllRevoked, None);
            Ok(())
        })
    }

    /// Revokes one session, and a login under way that would replace it. Returns its user if the
    /// session was live and this call removed it, or if an earlier call failed that may have
    /// removed it.
    ///
    /// A session that cannot be read is revoked nevertheless; its user is the `known` one then.
    pub(super) async fn end_session(
        &self,
        id: &SessionId,
        known: Option<User>,
    ) -> Result<Option<Option<User>>, Error> {
        let found = self.sessions.live(id).await;
        let may_be_live = !matches!(found, Ok(None));
        let live = found.ok().flatten();
        let user = live.map(|session| User::of(session.identity()));
        let user = user.or(known).filter(|_| may_be_live);
        match self.sessions.remove(id).await {
            Ok(was_there) => {
                let was_live = was_there && may_be_live;
                Ok(self.observer.first_revocation(&id.digest(), was_live, user))
            }
            Err(error) => {
                if let Some(user) = user {
                    self.observer.revocation_failed(&id.digest(), user);
                }
                Err(error)
            }
        }
    }
}
