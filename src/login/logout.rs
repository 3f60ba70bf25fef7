//! The logout endpoint.

use std::sync::Arc;

use http::Extensions;

use super::endpoint_request::EndpointRequest;
use super::endpoints::Endpoint;
use super::inner::Inner;
use super::run_to_end::run_to_end;
use crate::error::Error;
use crate::provider::IdentityProvider;
use crate::request::is_same_origin;
use crate::response::{GeneratedResponse, PageKind, see_other};
use crate::store::SessionStore;
use crate::trace::debug;

impl<P, St> Inner<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    /// Runs the logout endpoint in a task, which revokes the session also if the returned future is
    /// dropped (rule S4), even without a poll: hyper does that if the client closes the connection
    /// right after the request.
    pub(super) fn start_logout(
        self: Arc<Self>,
        request: EndpointRequest,
    ) -> impl Future<Output = GeneratedResponse> + Send + 'static {
        let facts = request.facts();
        let response = Arc::clone(&self).respond(Endpoint::Logout, request);
        let task = run_to_end("the logout was abandoned", async { Ok(response.await) });
        async move {
            task.await
                .unwrap_or_else(|error| self.failure(facts, error))
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
        if let Some(id) = self.sessions.id(&request.headers)
            && let Some(user) = self.end_session(&id, None).await?
        {
            // After the revocation, which the application's function must not prevent.
            let visitor = self.visitor(&request.headers, &extensions);
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
}
