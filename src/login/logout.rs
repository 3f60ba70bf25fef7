//! The logout endpoint.

use std::sync::Arc;

use http::Extensions;

use super::endpoint_request::EndpointRequest;
use super::endpoints::Endpoint;
use super::inner::Inner;
use super::observer::User;
use crate::error::{Error, ErrorKind};
use crate::provider::IdentityProvider;
use crate::request::is_same_origin;
use crate::response::{GeneratedResponse, PageKind, see_other};
use crate::session::SessionId;
use crate::store::SessionStore;
use crate::trace::{debug, in_current_span};

impl<P, St> Inner<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    /// Runs the logout endpoint in a task, which revokes the session also if the returned future is
    /// dropped (rule S4).
    ///
    /// The task starts in this call and not at the first poll: hyper drops the future without a
    /// poll if the client closes the connection right after the request.
    pub(super) fn start_logout(
        self: Arc<Self>,
        request: EndpointRequest,
    ) -> impl Future<Output = GeneratedResponse> + Send + 'static {
        let facts = request.facts();
        let response = Arc::clone(&self).respond(Endpoint::Logout, request);
        let task = tokio::spawn(in_current_span(response));
        async move {
            task.await.unwrap_or_else(|error| {
                let context = "the logout was abandoned";
                let error = Error::new(ErrorKind::Internal, context).with_source(error);
                self.failure(facts, error)
            })
        }
    }

    /// Responds to a request to the logout endpoint.
    pub(super) async fn logout(
        &self,
        request: &EndpointRequest,
        extensions: Extensions,
    ) -> Result<GeneratedResponse, Error> {
        if !is_same_origin(&request.headers, &self.endpoints.origin) {
            debug!(provider = %self.provider.name(), "logout: rejected: a page of another origin sent the request");
            return Ok(self.page(request.facts(), PageKind::CrossSite, None));
        }
        let visitor = self.observer.visitor(&request.headers, &extensions);
        // They may refer to the read buffer of the connection.
        drop(extensions);
        if let Some(id) = self.sessions.id(&request.headers)
            && let Some(user) = self.end_session(&id).await?
        {
            self.report_logged_out(user.as_ref(), &visitor);
        }
        let target = self.endpoints.return_to(request.query.as_deref());
        let mut response = see_other(target.as_str())?;
        let mut cookies = self.set_cookies();
        let (flows, markers) = (&self.flows, self.flows.markers());
        cookies.delete(self.sessions.cookie.as_str())?;
        markers.set_logout(&mut cookies)?;
        // The back button must not log in again.
        flows.delete_all(self.sessions.clock.now(), &request.headers, &mut cookies)?;
        if self.silent_login {
            // The next page must not log in again.
            markers.set_silent_attempted(&mut cookies)?;
        }
        cookies.append_to(response.headers_mut());
        Ok(response)
    }

    /// Revokes one session, and a login under way that would replace it. Returns its user if the
    /// session was live, and had not been revoked by a concurrent call at this instance.
    ///
    /// A session that cannot be read is revoked nevertheless; its user is not known then.
    pub(super) async fn end_session(&self, id: &SessionId) -> Result<Option<Option<User>>, Error> {
        let live = self.sessions.live(id).await;
        self.sessions.remove(id).await?;
        let user = match live {
            Ok(None) => return Ok(None),
            Ok(Some(session)) => Some(User::of(session.identity())),
            Err(_) => None,
        };
        Ok(self.observer.is_first_of_session(id).then_some(user))
    }
}
