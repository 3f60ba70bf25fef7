use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::timeout;

use super::limits::CallLimits;
use super::permit::Permit;
use super::pool::Pool;
use super::queue::QueueEntry;
use crate::error::{ConfigErrorKind, Error, ErrorKind};

/// A pool of permits. Clones share it.
///
/// The clients of this crate have one for each upstream host. A provider with another client takes permits in
/// [`admit`](crate::provider::IdentityProvider::admit):
///
/// ```
/// use tower_weika::client::Permits;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_weika::Error> {
/// let permits = Permits::new(1);
/// let permit = permits.acquire().await?;
/// assert_eq!(permits.available(), 0);
/// drop(permit);
/// assert_eq!(permits.available(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Permits {
    pub(super) pool: Arc<Pool>,
    permit_timeout: Duration,
    max_waiting: usize,
}

impl Permits {
    /// Returns a new pool for this number of concurrent calls, at least one.
    #[must_use]
    pub fn new(max_calls: usize) -> Self {
        Self::of(Pool::new(max_calls), CallLimits::default())
    }

    /// Returns the pool of a host; `host` includes the port.
    pub(in crate::client) fn of_host(
        host: &str,
        limits: CallLimits,
    ) -> Result<Self, ConfigErrorKind> {
        Pool::of_host(host, limits.max_calls).map(|pool| Self::of(pool, limits))
    }

    fn of(pool: Arc<Pool>, limits: CallLimits) -> Self {
        Self {
            pool,
            permit_timeout: limits.permit_timeout,
            max_waiting: limits.max_waiting,
        }
    }

    /// Sets the longest time that a call waits for a permit. Default: 5 s.
    #[must_use]
    pub fn permit_timeout(self, permit_timeout: Duration) -> Self {
        Self {
            permit_timeout,
            ..self
        }
    }

    /// Sets the number of calls that may wait at once, for the access token or for a permit; one more fails
    /// immediately. Default: 10,240.
    #[must_use]
    pub fn max_waiting(self, max_waiting: usize) -> Self {
        Self {
            max_waiting,
            ..self
        }
    }

    /// Waits for a permit.
    ///
    /// # Errors
    /// [`Overloaded`](ErrorKind::Overloaded) if too many calls wait already, or if no permit becomes free in time.
    pub async fn acquire(&self) -> Result<Permit, Error> {
        self.acquire_after(async { Ok(()) })
            .await
            .map(|((), permit)| permit)
    }

    /// Waits for `prepared`, then for a permit. The caller is in the queue during both; the timeout limits the second
    /// only.
    ///
    /// # Errors
    /// Those of `prepared` and of [`acquire`](Self::acquire).
    pub async fn acquire_after<T>(
        &self,
        prepared: impl Future<Output = Result<T, Error>>,
    ) -> Result<(T, Permit), Error> {
        let _entry = QueueEntry::new(&self.pool.waiting, self.max_waiting)?;
        let prepared = prepared.await?;
        let permit = Arc::clone(&self.pool.semaphore).acquire_owned();
        match timeout(self.permit_timeout, permit).await {
            Ok(Ok(permit)) => Ok((prepared, Permit::of(permit, &self.pool))),
            // The semaphore is never closed.
            Ok(Err(_)) | Err(_) => Err(Error::new(
                ErrorKind::Overloaded,
                "no permit for a call to the upstream system became free in time",
            )),
        }
    }

    /// Returns the number of free permits.
    #[must_use]
    pub fn available(&self) -> usize {
        self.pool.semaphore.available_permits()
    }

    /// Returns the number of callers that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.pool.waiting.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Permits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permits")
            .field("max_calls", &self.pool.size)
            .field("available", &self.available())
            .finish()
    }
}
