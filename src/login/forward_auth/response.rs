//! The responses of the forward-auth service. nginx drops their bodies.

use std::any::type_name;
use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use super::Settings;
use crate::login::flow::LastResult;
use crate::login::return_to::ReturnTo;
use crate::provider::IdentityProvider;
use crate::request::RequestKind;
use crate::response::{GeneratedResponse, HandledBy, Reason, Rejection, empty};
use crate::session::{Authenticated, Session};
use crate::store::LoadResult;
use crate::trace::{debug, error};

/// The request header with the method that the client has sent: nginx itself sends `GET`.
pub(super) const ORIGINAL_METHOD: HeaderName = HeaderName::from_static("x-original-method");
/// The response header of a `401` whose request may be redirected to the login.
pub(super) const LOGIN_REDIRECT: HeaderName = HeaderName::from_static("x-login-redirect");

impl<P: IdentityProvider, St> Settings<P, St> {
    /// Decides the response once the store has responded.
    pub(super) fn respond(
        &self,
        found: LoadResult<P::Identity>,
        request: &Parts,
    ) -> GeneratedResponse {
        match found {
            Ok(Some(session)) => self.authorize(session, request),
            Ok(None) => self.unauthenticated(request),
            Err(error) => reject(
                StatusCode::SERVICE_UNAVAILABLE,
                Rejection::unavailable::<P::Identity>(
                    error,
                    &original_method(request),
                    &request.headers,
                ),
            ),
        }
    }

    fn unauthenticated(&self, request: &Parts) -> GeneratedResponse {
        debug!(
            identity = %type_name::<P::Identity>(),
            "forward auth: rejected: the request is unauthenticated"
        );
        let (method, headers) = (original_method(request), &request.headers);
        self.offer_login(
            Rejection::login_required::<P::Identity>(&method, headers),
            request,
        )
    }

    fn authorize(&self, session: Arc<Session<P::Identity>>, request: &Parts) -> GeneratedResponse {
        let user = Authenticated::new(session);
        let failed = self
            .requirements
            .iter()
            .find(|requirement| !requirement.is_satisfied_by(user.session()));
        if let Some(requirement) = failed {
            let (method, headers) = (original_method(request), &request.headers);
            let requirement_name = requirement.description();
            return match requirement.rejection_reason(user.session()) {
                Reason::RecentLoginRequired => {
                    debug!(
                        requirement = %requirement_name,
                        identity = %type_name::<P::Identity>(),
                        "forward auth: rejected: the session is older than the requirement allows"
                    );
                    let rejection =
                        Rejection::recent_login_required::<P::Identity>(&method, headers);
                    self.offer_login(rejection, request)
                }
                _ => {
                    debug!(
                        requirement = %requirement_name,
                        identity = %type_name::<P::Identity>(),
                        "forward auth: rejected: the identity does not satisfy the requirement"
                    );
                    let rejection = Rejection::forbidden::<P::Identity>(&method, headers);
                    reject(StatusCode::FORBIDDEN, rejection)
                }
            };
        }
        let mut response = empty(StatusCode::NO_CONTENT);
        match self
            .identity_headers
            .insert_into(response.headers_mut(), &user)
        {
            Ok(()) => response,
            Err(header) => {
                self.report_oversized(header);
                empty(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }

    fn offer_login(&self, rejection: Rejection, request: &Parts) -> GeneratedResponse {
        let endpoints = &self.login.endpoints;
        let target = self.target(&rejection, &request.headers);
        let target = target
            .as_ref()
            .unwrap_or_else(|| endpoints.default_target());
        let login_url = HeaderValue::try_from(endpoints.login_url(target));
        let may_redirect = self.may_redirect(&rejection);

        let mut response = reject(StatusCode::UNAUTHORIZED, rejection);
        let headers = response.headers_mut();
        // A path and a target in one header: both are ASCII.
        headers.extend(login_url.map(|url| (self.login_url.clone(), url)));
        if may_redirect {
            headers.insert(LOGIN_REDIRECT, HeaderValue::from_static("yes"));
        }
        response
    }

    /// The page that a login leads back to: that of the original request, or the page that sent it.
    fn target(&self, rejection: &Rejection, headers: &HeaderMap) -> Option<ReturnTo> {
        let facts = rejection.facts();
        if facts.is_safe && facts.kind.is_shown() {
            let target = single(headers, &self.original_uri)?;
            self.login.endpoints.rules.check(target.as_bytes())
        } else {
            self.login.referring_page(rejection)
        }
    }

    /// Only a top-level navigation is redirected, and not if the browser has just logged in: it
    /// rejects the session cookie, and another login would have the same result.
    fn may_redirect(&self, rejection: &Rejection) -> bool {
        let markers = self.login.flows.markers();
        let headers = rejection.kept_headers().headers();
        if rejection.kind() != RequestKind::Navigation {
            return false;
        }
        let has_just_logged_in = markers.last_result(headers) == Some(LastResult::LoggedIn);
        if has_just_logged_in && matches!(rejection.reason(), Reason::LoginRequired) {
            self.login.report_lost_cookie();
        }
        !has_just_logged_in
    }

    #[cold]
    fn report_oversized(&self, header: &HeaderName) {
        if let Some(suppressed) = self.oversized.admit(self.login.sessions.clock.now()) {
            error!(
                header = %header,
                suppressed = %suppressed,
                "forward auth: the values of the identity headers are longer than 4096 bytes together; the response \
                 is 500"
            );
        }
    }
}

/// Returns a response without a body, with its reason in the extensions. It is final, also where a
/// login layer is around the service.
fn reject(status: StatusCode, mut rejection: Rejection) -> GeneratedResponse {
    rejection.set_handled_by(HandledBy::LoginLayer);
    let mut response = empty(status);
    response.extensions_mut().insert(rejection);
    response
}

/// Returns the method that the client has sent to the proxy.
fn original_method(request: &Parts) -> Method {
    single(&request.headers, &ORIGINAL_METHOD)
        .and_then(|method| Method::from_bytes(method.as_bytes()).ok())
        .unwrap_or_else(|| request.method.clone())
}

/// Returns the value of a header that is there once.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() { None } else { first }
}
