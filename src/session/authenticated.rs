//! What a handler gets.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::Session;

/// Somebody who is logged in: a cheap handle on the live session, found in the request's extensions.
///
/// It dereferences to the identity. Only the layers of this crate put one into a request; what was in the
/// extensions before they ran is removed.
///
/// ```
/// use tower_weika::identity::Manager;
/// use tower_weika::session::Authenticated;
///
/// fn greet<B>(request: &http::Request<B>) -> String {
///     match request.extensions().get::<Authenticated<Manager>>() {
///         Some(manager) => format!("你好, {}", manager.name),
///         None => "你好, 陌生人".to_owned(),
///     }
/// }
/// ```
pub struct Authenticated<I>(Arc<Session<I>>);

impl<I> Authenticated<I> {
    pub(crate) fn new(session: Arc<Session<I>>) -> Self {
        Self(session)
    }

    /// The session: since when, until when.
    #[must_use]
    pub fn session(&self) -> &Session<I> {
        &self.0
    }

    /// Who it is.
    #[must_use]
    pub fn identity(&self) -> &I {
        self.0.identity()
    }
}

impl<I> Clone for Authenticated<I> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<I> Deref for Authenticated<I> {
    type Target = I;

    fn deref(&self) -> &I {
        self.identity()
    }
}

impl<I: fmt::Debug> fmt::Debug for Authenticated<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Authenticated").field(&self.0).finish()
    }
}
