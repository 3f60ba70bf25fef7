//! Randomness from the operating system.

/// Returns `N` unpredictable bytes.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks for randomness"
)]
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// Returns `DIGITS` decimal digits.
pub(crate) fn digits<const DIGITS: usize>() -> Result<String, getrandom::Error> {
    let random = u64::from_le_bytes(bytes()?);
    Ok(format!("{:0DIGITS$}", random % 10_u64.pow(DIGITS as u32)))
}

/// Returns `N` letters and digits.
pub(crate) fn base62<const N: usize>() -> Result<String, getrandom::Error> {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let bytes: [u8; N] = bytes()?;
    Ok(bytes
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(*byte) % 62]))
        .collect())
}
