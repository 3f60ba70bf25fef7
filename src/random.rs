//! Randomness from the operating system; the only module that reads it.

#[cfg(not(simulation))]
use getrandom::fill;

use crate::error::{Error, ErrorKind};
#[cfg(simulation)]
use crate::simulation::fill;

/// `N` unpredictable bytes.
#[cfg_attr(
    not(simulation),
    expect(
        clippy::disallowed_methods,
        reason = "the one place that reads randomness"
    )
)]
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    match fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) => Err(Error::new(
            ErrorKind::Internal,
            "no randomness from the operating system",
        )
        .with_source(error)),
    }
}

/// A number in `0.0..1.0` for jitter; the middle if the operating system has no randomness to give.
pub(crate) fn fraction() -> f64 {
    bytes::<4>().map_or(0.5, |bytes| {
        f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
    })
}
