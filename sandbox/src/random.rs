//! Randomness from the operating system.

/// Returns `N` unpredictable bytes.
#[expect(clippy::disallowed_methods, reason = "the one place that asks for randomness")]
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
