use std::collections::BTreeMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Semaphore;

use super::limits::CallLimits;
use crate::error::ConfigErrorKind;

/// The pools of this process, by host and port.
static POOLS: Mutex<BTreeMap<String, Weak<Pool>>> = Mutex::new(BTreeMap::new());

pub(super) struct Pool {
    pub(super) semaphore: Arc<Semaphore>,
    pub(super) size: usize,
    /// The number of callers in the queue.
    pub(super) waiting: AtomicUsize,
}

impl Pool {
    pub(super) fn new(max_calls: usize) -> Arc<Self> {
        let size = max_calls.clamp(1, Semaphore::MAX_PERMITS);
        Arc::new(Self {
            semaphore: Arc::new(Semaphore::new(size)),
            size,
            waiting: AtomicUsize::new(0),
        })
    }

    /// Returns the pool of a host; `host` includes the port. Without `max_calls` any size is
    /// accepted.
    pub(super) fn of_host(
        host: &str,
        max_calls: Option<usize>,
    ) -> Result<Arc<Self>, ConfigErrorKind> {
        #[cfg(simulation)]
        let host = &*crate::simulation::of_instance(host);
        let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(host).and_then(Weak::upgrade) {
            return match max_calls {
                Some(calls) if calls != pool.size => Err(ConfigErrorKind::OutOfRange {
                    name: "max_calls",
                    value: format!("{calls} calls to {host}"),
                    expected: "the number that another client of this host in this process has",
                }),
                _ => Ok(pool),
            };
        }
        pools.retain(|_, pool| pool.strong_count() > 0);
        let pool = Self::new(max_calls.unwrap_or(CallLimits::MAX_CALLS));
        pools.insert(host.to_owned(), Arc::downgrade(&pool));
        Ok(pool)
    }
}
