//! Randomness from the operating system; the only module that reads it.

use tower_weika::{Error, ErrorKind};

/// 32 unpredictable bytes.
#[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
pub(crate) fn bytes() -> Result<[u8; 32], Error> {
    let mut bytes = [0; 32];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) => {
            let context = "no randomness from the operating system";
            Err(Error::new(ErrorKind::Internal, context).with_source(error))
        }
    }
}

/// An unpredictable name, of the holder of a lease.
pub(crate) fn name() -> Result<String, Error> {
    let bytes = bytes()?;
    Ok(bytes[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}
