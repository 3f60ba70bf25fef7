use std::sync::Arc;

use crate::error::Error;

/// The reason of a [`Rejection`](super::Rejection).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// The request is unauthenticated.
    LoginRequired,
    /// The session is older than the guard
    /// [allows](crate::guard::GuardLayer::max_age): a new login is required.
    RecentLoginRequired,
    /// The identity does not satisfy the requirement.
    Forbidden,
    /// The WeChat user has no linked account yet: a navigation is redirected to the page of the
    /// application where the user links one, with `return_to` in its query.
    Unbound {
        /// The path of that page; it may have a query.
        bind_page: Arc<str>,
    },
    /// The session store failed, so that the identity is unknown; or the
    /// [check](crate::guard::GuardLayer::check) of a guard failed.
    Unavailable(Error),
}
