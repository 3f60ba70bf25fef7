use std::sync::Arc;
use std::time::Duration;

use derive_where::derive_where;
use tower_layer::Layer;

use super::AuthenticatedService;
use crate::clock::Clock;
use crate::session::{Session, SessionId, SessionTimeouts};

/// Returns a layer that authenticates every request as this identity; see [`testing`](crate::testing).
///
/// # Panics
/// If the operating system has no randomness to give.
#[must_use]
pub fn authenticated<I>(identity: I) -> AuthenticatedLayer<I> {
    let id = SessionId::random().expect("randomness for a session id");
    let now = Clock::system().now();
    let session = Session::new(id, identity, SessionTimeouts::default(), now);
    AuthenticatedLayer {
        session: Some(Arc::new(session)),
    }
}

/// Layer that authenticates every request as one identity, from [`authenticated`].
#[derive_where(Clone)]
#[derive_where(Debug; I: std::fmt::Debug)]
pub struct AuthenticatedLayer<I> {
    session: Option<Arc<Session<I>>>,
}

impl<I> AuthenticatedLayer<I> {
    /// Sets the age of the session: its login was `ago` by the [system's
    /// clock](crate::clock::Clock::system). The session is live at any age. Default: no age.
    ///
    /// # Panics
    /// If the layer was cloned or applied before.
    #[must_use]
    pub fn created(mut self, ago: Duration) -> Self {
        if let Some(session) = &mut self.session {
            Arc::get_mut(session)
                .expect("`created` is called before the layer is cloned or applied")
                .set_created(Clock::system().now().minus(ago));
        }
        self
    }

    /// Returns a layer whose requests are unauthenticated: they have no
    /// [`Authenticated<I>`](crate::session::Authenticated), and guards and extractors reject them
    /// as behind a login layer.
    #[must_use]
    pub fn anonymous(self) -> Self {
        Self { session: None }
    }
}

impl<S, I> Layer<S> for AuthenticatedLayer<I> {
    type Service = AuthenticatedService<S, I>;

    fn layer(&self, inner: S) -> Self::Service {
        AuthenticatedService::new(inner, self.session.clone())
    }
}
