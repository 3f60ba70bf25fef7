//! Handle of the session of an authenticated user.

use std::ops::Deref;
use std::sync::Arc;

use derive_where::derive_where;

use super::Session;

/// An authenticated user: a cheap handle of the live session, in the extensions of the request.
///
/// It dereferences to the identity. Only the layers of this crate insert it: they remove one that was in the extensions
/// before. Without it, the request is unauthenticated.
///
/// ```
/// use tower_weika::identity::Manager;
/// use tower_weika::session::Authenticated;
///
/// fn greet<B>(request: &http::Request<B>) -> String {
///     match request.extensions().get::<Authenticated<Manager>>() {
///         Some(manager) => format!("你好, {}", manager.name),
///         None => "你好, 访客".to_owned(),
///     }
/// }
/// ```
#[derive_where(Clone)]
#[derive_where(Debug; I: std::fmt::Debug)]
pub struct Authenticated<I>(Arc<Session<I>>);

impl<I> Authenticated<I> {
    pub(crate) fn new(session: Arc<Session<I>>) -> Self {
        Self(session)
    }

    /// Returns the session: when it was created, was last used and expires.
    #[must_use]
    pub fn session(&self) -> &Session<I> {
        &self.0
    }

    /// Returns the identity of the user.
    #[must_use]
    pub fn identity(&self) -> &I {
        self.0.identity()
    }
}

impl<I> Deref for Authenticated<I> {
    type Target = I;

    fn deref(&self) -> &I {
        self.identity()
    }
}
