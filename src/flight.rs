//! Single-flight (合并请求): one execution, whose outcome all concurrent callers share.
//!
//! 1. A caller that finds no flight registers a new one under the lock of its registry, releases the lock, and
//!    [starts](Flight::start) the work in a task. A caller that stops waiting neither cancels nor repeats it.
//! 2. Other callers [join](Flight::join) at any time, also when the outcome is there already.
//! 3. When the work ends, the flight's `complete` function updates the registry and returns the outcome. Only then are
//!    the callers woken, so a caller that arrives later finds the outcome in the registry, or starts anew.
//! 4. A drop guard completes the flight if the task panics or the runtime shuts down: no caller waits forever.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::trace;

/// One execution, as its registry keeps it. Clones are the same flight.
pub(crate) struct Flight<T>(Arc<watch::Sender<Option<T>>>);

/// One caller's wait for the outcome of a [`Flight`]. A clone is another caller.
#[derive(Clone)]
pub(crate) struct Caller<T>(watch::Receiver<Option<T>>);

impl<T: Clone + Send + Sync + 'static> Flight<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }

    /// Adds a caller.
    pub(crate) fn join(&self) -> Caller<T> {
        Caller(self.0.subscribe())
    }

    /// Runs `work` in a task and turns its result into the outcome with `complete`, which is called exactly once: with
    /// `None` if the task panicked or the runtime dropped it.
    ///
    /// The caller must not hold a lock that `complete` takes: a runtime that is shutting down drops the task at once.
    pub(crate) fn start<R: Send + 'static>(
        &self,
        runtime: &Handle,
        work: impl Future<Output = R> + Send + 'static,
        complete: impl FnOnce(Option<R>) -> T + Send + 'static,
    ) {
        let guard = DropGuard {
            flight: Arc::clone(&self.0),
            result: None,
            complete: Some(complete),
        };
        let task = async move {
            let result = work.await;
            guard.finish(result);
        };
        drop(runtime.spawn(trace::in_current_span(task)));
    }
}

impl<T> Flight<T> {
    /// Whether `other` is a clone of this flight.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether a caller waits.
    pub(crate) fn has_callers(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Waits until no caller waits. One may join at any time, also in the moment when this returns.
    pub(crate) async fn abandoned(&self) {
        self.0.closed().await;
    }
}

impl<T> Clone for Flight<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Clone> Caller<T> {
    /// Waits for the outcome; `None` if the flight was dropped without a start.
    pub(crate) async fn outcome(mut self) -> Option<T> {
        let outcome = self.0.wait_for(Option::is_some).await;
        outcome.ok().and_then(|outcome| outcome.clone())
    }

    /// Returns the outcome if there is one. Never waits.
    pub(crate) fn peek(&self) -> Option<T> {
        self.0.borrow().clone()
    }
}

/// Completes the flight when it is dropped, with or without a result.
struct DropGuard<T, R, C: FnOnce(Option<R>) -> T> {
    flight: Arc<watch::Sender<Option<T>>>,
    result: Option<R>,
    complete: Option<C>,
}

impl<T, R, C: FnOnce(Option<R>) -> T> DropGuard<T, R, C> {
    fn finish(mut self, result: R) {
        self.result = Some(result);
    }
}

impl<T, R, C: FnOnce(Option<R>) -> T> Drop for DropGuard<T, R, C> {
    fn drop(&mut self) {
        if let Some(complete) = self.complete.take() {
            let outcome = complete(self.result.take());
            self.flight.send_replace(Some(outcome));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::sync::oneshot;
    use tokio_test::task::spawn;
    use tokio_test::{assert_pending, assert_ready};

    use super::*;

    #[tokio::test]
    async fn all_callers_get_the_outcome_whenever_they_join() {
        let (flight, (sender, receiver)) = (Flight::new(), oneshot::channel());
        let (early, dropped) = (flight.join(), flight.join());
        flight.start(&Handle::current(), receiver, |result| {
            result.unwrap().unwrap() + 1
        });
        drop(dropped);
        let mut early = spawn(early.outcome());
        assert_pending!(early.poll());
        sender.send(1).unwrap();
        assert_eq!(early.await, Some(2));
        assert_eq!(
            assert_ready!(spawn(flight.join().outcome()).poll()),
            Some(2)
        );
    }

    #[tokio::test]
    async fn registry_is_updated_before_callers_are_woken() {
        let registry = Arc::new(Mutex::new(None));
        let flight = Flight::new();
        *registry.lock().unwrap() = Some(flight.clone());
        let completing = Arc::clone(&registry);
        flight.start(&Handle::current(), async { 1 }, move |result| {
            drop(completing.lock().unwrap().take());
            result
        });
        assert_eq!(flight.join().outcome().await, Some(Some(1)));
        assert!(registry.lock().unwrap().is_none());
    }

    #[tokio::test]
    async fn panic_completes_the_flight_without_a_result() {
        let flight = Flight::new();
        let work = async { panic!("as planned") };
        flight.start(&Handle::current(), work, |result: Option<()>| {
            result.is_none()
        });
        assert_eq!(flight.join().outcome().await, Some(true));
    }

    #[test]
    fn runtime_that_is_shut_down_completes_the_flight_at_once() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let handle = runtime.handle().clone();
        drop(runtime);
        let flight = Flight::new();
        flight.start(&handle, async { 1 }, |result| result);
        assert_eq!(
            assert_ready!(spawn(flight.join().outcome()).poll()),
            Some(None)
        );
    }

    #[tokio::test]
    async fn flight_that_is_never_started_has_no_outcome() {
        let caller = Flight::<u8>::new().join();
        assert_eq!(caller.outcome().await, None);
    }
}
