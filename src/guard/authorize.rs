//! The decision of a guard, and its log event.

use std::any::type_name;

use http::Request;

use super::requirement::Requirement;
use crate::response::Rejection;
use crate::session::Authenticated;
use crate::trace::debug;

/// Checks the identity of a request against a requirement.
#[inline]
pub(super) fn authorize<I, R, B>(requirement: &R, request: &Request<B>) -> Result<(), Rejection>
where
    I: Send + Sync + 'static,
    R: Requirement<I> + ?Sized,
{
    match request.extensions().get::<Authenticated<I>>() {
        Some(authenticated) if requirement.is_satisfied_by(authenticated.identity()) => Ok(()),
        found => Err(reject(requirement, request, found.is_some())),
    }
}

/// Slow path, outlined so that the common case can be inlined.
#[cold]
fn reject<I, R, B>(requirement: &R, request: &Request<B>, is_logged_in: bool) -> Rejection
where
    I: Send + Sync + 'static,
    R: Requirement<I> + ?Sized,
{
    let (method, headers) = (request.method(), request.headers());
    let (identity, requirement_name) = (type_name::<I>(), requirement.description());
    if !is_logged_in {
        debug!(
            requirement = %requirement_name,
            identity = %identity,
            "guard: rejected: the request is unauthenticated; the login layer outside offers a login"
        );
        return Rejection::login_required::<I>(method, headers).with_target(request);
    }
    debug!(
        requirement = %requirement_name,
        identity = %identity,
        "guard: rejected: the identity does not satisfy the requirement; \
         log in with an account that does, or change the requirement"
    );
    let rejection = match requirement.bind_page() {
        None => Rejection::forbidden::<I>(method, headers),
        Some(page) => Rejection::unbound::<I>(page, method, headers),
    };
    rejection.with_target(request)
}
