//! Bounded pools of permits for calls to an upstream host.
//!
//! 1. All clients of one host (with its port) in this process share one pool. Its size is that of the client that was
//!    built first; another size for the same host is a configuration error.
//! 2. A caller waits for a permit for a bounded time, among a bounded number of waiters. Beyond either bound the call
//!    fails with [`Overloaded`](ErrorKind::Overloaded), and nothing was sent.
//! 3. A permit returns when it is dropped, so a future that is dropped at any point, or that panics, keeps none.
//! 4. The fetch of an access token needs no permit: those who hold one may wait for it.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::error::{ConfigErrorKind, Error, ErrorKind};

/// The pools of this process, by host and port.
static POOLS: Mutex<BTreeMap<String, Weak<Pool>>> = Mutex::new(BTreeMap::new());

/// The right to make one call, or the calls of one code exchange. It returns to its pool when it is dropped.
#[must_use = "a permit that is dropped returns to its pool"]
pub struct Permit {
    held: Option<Held>,
    carried: Option<Box<dyn Any + Send>>,
}

/// The pool stays known for as long as one of its permits is out.
struct Held {
    _permit: OwnedSemaphorePermit,
    _pool: Arc<Pool>,
}

impl Permit {
    /// A permit of no pool, for a provider without a bound on its calls.
    pub fn unlimited() -> Self {
        Self {
            held: None,
            carried: None,
        }
    }

    fn of(permit: OwnedSemaphorePermit, pool: &Arc<Pool>) -> Self {
        Self {
            held: Some(Held {
                _permit: permit,
                _pool: Arc::clone(pool),
            }),
            carried: None,
        }
    }

    /// The same permit with a value that the admission obtained and the exchange needs, such as an access token that no
    /// cache keeps. A former value is dropped.
    pub fn carrying<T: Send + 'static>(self, value: T) -> Self {
        Self {
            carried: Some(Box::new(value)),
            ..self
        }
    }

    /// Takes the [carried](Self::carrying) value, if it is of this type.
    pub fn take<T: 'static>(&mut self) -> Option<T> {
        let carried = self.carried.take_if(|carried| carried.is::<T>())?;
        carried.downcast().ok().map(|value| *value)
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.held.is_some() {
            "Permit"
        } else {
            "Permit::unlimited"
        })
    }
}

/// A pool of permits. Clones share it.
///
/// The clients of this crate have one for each upstream host. A provider with a client of its own takes permits in
/// [`admit`](crate::provider::IdentityProvider::admit):
///
/// ```
/// use tower_weika::client::{PermitLimits, Permits};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_weika::Error> {
/// let permits = Permits::new(PermitLimits::default().calls(1));
/// let permit = permits.acquire().await?;
/// drop(permit);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Permits {
    pool: Arc<Pool>,
    wait: Duration,
    waiters: usize,
}

struct Pool {
    calls: Arc<Semaphore>,
    size: usize,
    waiting: AtomicUsize,
}

/// Bounds on the calls of one upstream host.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct PermitLimits {
    /// `None`: the size of the host's pool, if there is one.
    calls: Option<usize>,
    wait: Duration,
    waiters: usize,
}

impl PermitLimits {
    const CALLS: usize = 256;

    /// Calls that are under way at once. Each takes a connection, and a process has few of those. Default: 256.
    pub fn calls(self, calls: usize) -> Self {
        Self {
            calls: Some(calls),
            ..self
        }
    }

    /// The longest time that a call waits for a permit. Default: 5 s.
    pub fn wait(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    /// Calls that wait at once, for the access token or for a permit; one more fails at once. Default: 10,240.
    pub fn waiters(self, waiters: usize) -> Self {
        Self { waiters, ..self }
    }

    /// The same waiting, in a pool that has a size or gets the default one.
    pub(super) fn of_any_size(self) -> Self {
        Self {
            calls: None,
            ..self
        }
    }

    pub(super) fn check(self, errors: &mut Vec<ConfigErrorKind>) {
        if !self
            .calls
            .is_none_or(|calls| (1..=Semaphore::MAX_PERMITS).contains(&calls))
        {
            let (value, expected) = (
                format!("{} calls", self.calls.unwrap_or(0)),
                "at least one call at once",
            );
            errors.push(ConfigErrorKind::OutOfRange {
                name: "permit_limits",
                value,
                expected,
            });
        }
        if self.wait > Duration::from_secs(60) {
            let (value, expected) = (
                format!("a wait of {:?}", self.wait),
                "a wait of 60 s at most",
            );
            errors.push(ConfigErrorKind::OutOfRange {
                name: "permit_limits",
                value,
                expected,
            });
        }
    }
}

impl Default for PermitLimits {
    fn default() -> Self {
        Self {
            calls: None,
            wait: Duration::from_secs(5),
            waiters: 10_240,
        }
    }
}

impl Permits {
    /// A pool of its own.
    #[must_use]
    pub fn new(limits: PermitLimits) -> Self {
        Self::of(
            Arc::new(Pool::new(limits.calls.unwrap_or(PermitLimits::CALLS))),
            limits,
        )
    }

    /// The pool of a host; `host` includes the port.
    pub(super) fn of_host(host: &str, limits: PermitLimits) -> Result<Self, ConfigErrorKind> {
        let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(host).and_then(Weak::upgrade) {
            return match limits.calls {
                Some(calls) if calls != pool.size => Err(ConfigErrorKind::OutOfRange {
                    name: "permit_limits",
                    value: format!("{calls} calls to {host}"),
                    expected: "the number that another client of this host in this process has",
                }),
                _ => Ok(Self::of(pool, limits)),
            };
        }
        pools.retain(|_, pool| pool.strong_count() > 0);
        let permits = Self::new(limits);
        pools.insert(host.to_owned(), Arc::downgrade(&permits.pool));
        Ok(permits)
    }

    fn of(pool: Arc<Pool>, limits: PermitLimits) -> Self {
        Self {
            pool,
            wait: limits.wait,
            waiters: limits.waiters,
        }
    }

    /// Waits for a permit.
    ///
    /// # Errors
    /// [`Overloaded`](ErrorKind::Overloaded) if too many wait already, or if none becomes free in time.
    pub async fn acquire(&self) -> Result<Permit, Error> {
        self.acquire_after(async { Ok(()) })
            .await
            .map(|((), permit)| permit)
    }

    /// Waits for `prepared`, then for a permit. Both count as one waiter; only the second part has the time limit of
    /// this pool.
    ///
    /// # Errors
    /// Those of `prepared` and of [`acquire`](Self::acquire).
    pub async fn acquire_after<T>(
        &self,
        prepared: impl Future<Output = Result<T, Error>>,
    ) -> Result<(T, Permit), Error> {
        let _waiter = self.enter()?;
        let prepared = prepared.await?;
        let permit = timeout(self.wait, Arc::clone(&self.pool.calls).acquire_owned());
        match permit.await {
            Ok(Ok(permit)) => Ok((prepared, Permit::of(permit, &self.pool))),
            // The semaphore is never closed.
            Ok(Err(_)) | Err(_) => Err(Error::new(
                ErrorKind::Overloaded,
                "no permit for a call to the upstream system became free in time",
            )),
        }
    }

    /// The permits that are free.
    #[must_use]
    pub fn available(&self) -> usize {
        self.pool.calls.available_permits()
    }

    /// The callers that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.pool.waiting.load(Ordering::Relaxed)
    }

    fn enter(&self) -> Result<Waiter<'_>, Error> {
        let waiting = &self.pool.waiting;
        let entered = waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
            (count < self.waiters.max(1)).then(|| count.saturating_add(1))
        });
        match entered {
            Ok(_) => Ok(Waiter(waiting)),
            Err(_) => Err(Error::new(
                ErrorKind::Overloaded,
                "too many calls wait for the upstream system",
            )),
        }
    }
}

impl Pool {
    fn new(size: usize) -> Self {
        let calls = Arc::new(Semaphore::new(size.min(Semaphore::MAX_PERMITS)));
        Self {
            calls,
            size,
            waiting: AtomicUsize::new(0),
        }
    }
}

impl fmt::Debug for Permits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permits")
            .field("calls", &self.pool.size)
            .field("available", &self.available())
            .finish()
    }
}

/// One of the waiters, until it is dropped.
struct Waiter<'a>(&'a AtomicUsize);

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use tokio_test::{assert_pending, assert_ready, task};

    use super::*;

    fn kind(outcome: Result<Permit, Error>) -> ErrorKind {
        outcome.expect_err("no permit is free").kind()
    }

    #[tokio::test(start_paused = true)]
    async fn call_without_a_free_permit_fails_after_the_wait_and_leaves_the_queue() {
        let permits = Permits::new(PermitLimits::default().calls(1));
        let permit = permits.acquire().await.unwrap();
        let began = tokio::time::Instant::now();
        assert_eq!(kind(permits.acquire().await), ErrorKind::Overloaded);
        assert_eq!(began.elapsed(), Duration::from_secs(5));
        assert_eq!((permits.available(), permits.waiting()), (0, 0));
        drop(permit);
        drop(permits.acquire().await.unwrap());
        assert_eq!(permits.available(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn one_waiter_too_many_fails_at_once() {
        let permits = Permits::new(PermitLimits::default().calls(1).waiters(2));
        let _permit = permits.acquire().await.unwrap();
        let mut waiting = [(); 2].map(|()| task::spawn(permits.acquire()));
        for waiter in &mut waiting {
            assert_pending!(waiter.poll());
        }
        assert_eq!(
            kind(assert_ready!(task::spawn(permits.acquire()).poll())),
            ErrorKind::Overloaded
        );
        drop(waiting);
        assert_eq!(permits.waiting(), 0);
        assert_pending!(task::spawn(permits.acquire()).poll());
    }

    #[tokio::test(start_paused = true)]
    async fn waiter_that_is_dropped_with_a_permit_on_its_way_gives_it_to_the_next() {
        let permits = Permits::new(PermitLimits::default().calls(1));
        let permit = permits.acquire().await.unwrap();
        let [mut first, mut second] = [(); 2].map(|()| task::spawn(permits.acquire()));
        assert_pending!(first.poll());
        assert_pending!(second.poll());
        drop(permit);
        drop(first);
        let permit = assert_ready!(second.poll()).unwrap();
        assert_eq!(permits.available(), 0);
        drop((permit, second));
        assert_eq!((permits.available(), permits.waiting()), (1, 0));
    }

    #[test]
    fn clients_of_one_host_share_a_pool_and_another_size_is_a_mistake() {
        let limits = PermitLimits::default();
        let first = Permits::of_host("one-pool.example:443", limits.calls(7)).unwrap();
        let second = Permits::of_host("one-pool.example:443", limits).unwrap();
        assert!(Arc::ptr_eq(&first.pool, &second.pool));
        let mistake = Permits::of_host("one-pool.example:443", limits.calls(8)).unwrap_err();
        assert!(
            mistake
                .to_string()
                .contains("8 calls to one-pool.example:443"),
            "{mistake}"
        );
        let other = Permits::of_host("one-pool.example:8443", limits.calls(8)).unwrap();
        assert!(!Arc::ptr_eq(&first.pool, &other.pool));
        drop((first, second));
        assert_eq!(
            Permits::of_host("one-pool.example:443", limits.calls(8))
                .unwrap()
                .available(),
            8
        );
    }

    #[tokio::test]
    async fn permit_carries_a_value_of_one_type() {
        let mut permit = Permit::unlimited().carrying("token".to_owned());
        assert_eq!(
            (permit.take::<u8>(), permit.take::<String>()),
            (None, Some("token".to_owned()))
        );
        assert_eq!(permit.take::<String>(), None);
    }

    #[tokio::test]
    async fn pool_lives_as_long_as_one_of_its_permits() {
        let limits = PermitLimits::default();
        let permits = Permits::of_host("late.example:443", limits.calls(1)).unwrap();
        let permit = assert_ready!(task::spawn(permits.acquire()).poll()).unwrap();
        drop(permits);
        assert_eq!(
            Permits::of_host("late.example:443", limits)
                .unwrap()
                .available(),
            0
        );
        drop(permit);
    }
}
