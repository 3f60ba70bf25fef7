use std::any::type_name;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use derive_where::derive_where;
use tower_layer::Layer;

use super::Check;
use crate::log_limit::LogLimit;

/// Wraps services in a [`Check`]; see [`GuardLayer::check`](crate::guard::GuardLayer::check).
#[derive_where(Clone)]
pub struct CheckLayer<I, F> {
    condition: Arc<Condition<F>>,
    adds_cache_control: bool,
    identity: PhantomData<fn(I)>,
}

/// The closure of the application.
pub(super) struct Condition<F> {
    pub(super) check: F,
    /// Limits the log lines about failed checks.
    pub(super) failures: LogLimit,
}

impl<I, F> CheckLayer<I, F> {
    pub(in crate::guard) fn new(check: F) -> Self {
        let condition = Condition {
            check,
            failures: LogLimit::default(),
        };
        Self {
            condition: Arc::new(condition),
            adds_cache_control: true,
            identity: PhantomData,
        }
    }

    /// Leaves responses without `Cache-Control` as they are. By default they get
    /// `private, no-store` if they are documents, else `private, no-cache`.
    #[must_use]
    pub fn without_cache_control(mut self) -> Self {
        self.adds_cache_control = false;
        self
    }
}

impl<S, I, F> Layer<S> for CheckLayer<I, F> {
    type Service = Check<S, I, F>;

    fn layer(&self, inner: S) -> Self::Service {
        Check::new(inner, Arc::clone(&self.condition), self.adds_cache_control)
    }
}

impl<I, F> fmt::Debug for CheckLayer<I, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckLayer")
            .field("check", &type_name::<F>())
            .finish_non_exhaustive()
    }
}
