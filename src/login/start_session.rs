//! Sessions without a provider.

use std::sync::Arc;

use http::{Extensions, HeaderMap};

use super::inner::Inner;
use super::observer::{User, Visitor};
use super::report::revoked;
use super::run_to_end::run_to_end;
use crate::cookie::SetCookies;
use crate::error::Error;
use crate::provider::IdentityProvider;
use crate::session::{Session, SessionId};
use crate::store::{Inserted, Previous, SessionStore};

impl<P, St> Inner<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    /// Starts a session with a new id, and revokes the session of the request's cookie.
    pub(super) fn start_session(
        self: Arc<Self>,
        identity: P::Identity,
        headers: &HeaderMap,
    ) -> impl Future<Output = Result<SetCookies, Error>> + Send + use<P, St> {
        let previous = self.sessions.id(headers);
        let visitor = self.visitor(headers, &Extensions::new());
        let context = "the start of the session was abandoned";
        run_to_end(context, async move {
            self.new_session(identity, previous, &visitor).await
        })
    }

    async fn new_session(
        &self,
        identity: P::Identity,
        previous: Option<SessionId>,
        visitor: &Visitor,
    ) -> Result<SetCookies, Error> {
        let sessions = &self.sessions;
        let user = User::of(&identity);
        let stamp = sessions.stamp().await?;
        let id = SessionId::random()?;
        let session = Session::new(id, identity, self.timeouts, sessions.clock.now())
            .on_device(visitor.device);
        match sessions
            .insert(session, previous.as_ref().map(Previous::Replaced), stamp)
            .await?
        {
            Inserted::Kept => {}
            Inserted::Revoked => return Err(revoked()),
        }
        self.report_session_started(&user, visitor);
        let mut cookies = self.set_cookies();
        cookies.set(sessions.cookie.as_str(), &id.expose(), None)?;
        Ok(cookies)
    }
}
