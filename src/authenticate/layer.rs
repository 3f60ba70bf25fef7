use std::fmt;
use std::sync::Arc;

use tower_layer::Layer;

use super::{Authenticate, Resolver};

/// Wraps services in [`Authenticate`]. Comes from
/// [`LoginLayer::authenticate`](crate::login::LoginLayer::authenticate), so that both agree on cookie and
/// store.
pub struct AuthenticateLayer<I, St> {
    resolver: Arc<Resolver<I, St>>,
}

impl<I, St> AuthenticateLayer<I, St> {
    pub(crate) fn new(resolver: Arc<Resolver<I, St>>) -> Self {
        Self { resolver }
    }
}

impl<S, I, St> Layer<S> for AuthenticateLayer<I, St> {
    type Service = Authenticate<S, I, St>;

    fn layer(&self, inner: S) -> Self::Service {
        Authenticate::new(inner, Arc::clone(&self.resolver))
    }
}

impl<I, St> Clone for AuthenticateLayer<I, St> {
    fn clone(&self) -> Self {
        Self {
            resolver: Arc::clone(&self.resolver),
        }
    }
}

impl<I, St> fmt::Debug for AuthenticateLayer<I, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticateLayer").finish_non_exhaustive()
    }
}
