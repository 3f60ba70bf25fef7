use std::time::Duration;

/// Limits of one attempt.
#[derive(Clone, Copy, Debug)]
pub(in crate::client) struct Limits {
    /// For everything from the first poll to the last byte.
    pub(in crate::client) total: Duration,
    /// For the body of the response, in bytes.
    pub(in crate::client) max_body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            total: Duration::from_secs(5),
            max_body: 64 * 1024,
        }
    }
}
