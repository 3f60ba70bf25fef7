use std::any::Any;
use std::fmt;
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use super::pool::Pool;

/// The right to make one call, or the calls of one code exchange. It returns to its pool when it is dropped.
#[must_use = "a permit that is dropped returns to its pool"]
pub struct Permit {
    held: Option<Held>,
    carried: Option<Box<dyn Any + Send>>,
}

/// Keeps the pool registered for its host while a permit is in use.
struct Held {
    _permit: OwnedSemaphorePermit,
    _pool: Arc<Pool>,
}

impl Permit {
    /// Returns a permit without a pool, for a provider without a limit on its calls.
    pub fn unlimited() -> Self {
        Self {
            held: None,
            carried: None,
        }
    }

    pub(super) fn of(permit: OwnedSemaphorePermit, pool: &Arc<Pool>) -> Self {
        Self {
            held: Some(Held {
                _permit: permit,
                _pool: Arc::clone(pool),
            }),
            carried: None,
        }
    }

    /// Returns the permit with a value that the admission obtained and the exchange needs, such as an access token that
    /// is in no cache. It replaces the value that the permit carried before.
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
