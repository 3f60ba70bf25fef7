//! The decision of a guard, and its log event.

use std::any::type_name;

use http::Request;

use super::requirement::Requirement;
use crate::response::{Reason, Rejection};
use crate::session::Authenticated;
use crate::trace::debug;

/// Checks the session of a request against a requirement.
#[inline]
pub(super) fn authorize<I, R, B>(requirement: &R, request: &Request<B>) -> Result<(), Rejection>
where
    I: Send + Sync + 'static,
    R: Requirement<I> + ?Sized,
{
    match request.extensions().get::<Authenticated<I>>() {
        Some(authenticated) if requirement.is_satisfied_by(authenticated.session()) => Ok(()),
        Some(authenticated) => Err(reject(requirement, request, authenticated)),
        None => Err(unauthenticated::<I, B>(&requirement.description(), request)),
    }
}

/// Rejects a request without a session. Slow path, outlined so that the common case can be inlined.
#[cold]
pub(super) fn unauthenticated<I: 'static, B>(requirement: &str, request: &Request<B>) -> Rejection {
    debug!(
        requirement = %requirement,
        identity = %type_name::<I>(),
        "guard: rejected: the request is unauthenticated; the login layer outside offers a login"
    );
    Rejection::login_required::<I>(request.method(), request.headers()).with_target(request)
}

/// Rejects a session that does not satisfy a requirement.
#[cold]
fn reject<I, R, B>(
    requirement: &R,
    request: &Request<B>,
    authenticated: &Authenticated<I>,
) -> Rejection
where
    I: Send + Sync + 'static,
    R: Requirement<I> + ?Sized,
{
    let reason = requirement.rejection_reason(authenticated.session());
    rejected::<I, B>(&requirement.description(), reason, request)
}

/// Returns the rejection of an authenticated request, and leaves its log event.
pub(super) fn rejected<I: 'static, B>(
    requirement: &str,
    reason: Reason,
    request: &Request<B>,
) -> Rejection {
    let explanation = if matches!(reason, Reason::RecentLoginRequired) {
        "the session is older than the guard allows; the login layer outside offers a new login"
    } else {
        "the identity does not satisfy the requirement; log in with an account that does, or change the requirement"
    };
    debug!(
        requirement = %requirement,
        identity = %type_name::<I>(),
        "guard: rejected: {}",
        explanation
    );
    Rejection::new::<I>(reason, request.method(), request.headers()).with_target(request)
}
