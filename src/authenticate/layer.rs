use std::sync::Arc;

use derive_where::derive_where;
use tower_layer::Layer;

use super::{Authenticate, LoginSessions};

/// Layer of [`Authenticate`], from [`LoginLayer::authenticate`](crate::login::LoginLayer::authenticate), so that both
/// use the same cookie and store.
#[derive_where(Clone, Debug)]
pub struct AuthenticateLayer<I, St> {
    #[derive_where(skip(Debug))]
    sessions: Arc<LoginSessions<I, St>>,
}

impl<I, St> AuthenticateLayer<I, St> {
    pub(crate) fn new(sessions: Arc<LoginSessions<I, St>>) -> Self {
        Self { sessions }
    }
}

impl<S, I, St> Layer<S> for AuthenticateLayer<I, St> {
    type Service = Authenticate<S, I, St>;

    fn layer(&self, inner: S) -> Self::Service {
        Authenticate::new(inner, Arc::clone(&self.sessions))
    }
}
