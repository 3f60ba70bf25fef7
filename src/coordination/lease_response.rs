use std::time::Duration;

use super::Lease;
use crate::secret::AccessToken;

/// Response to [`Coordinator::acquire_lease`](super::Coordinator::acquire_lease).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LeaseResponse {
    /// A newer token is published.
    Token {
        /// The token.
        token: AccessToken,
        /// The fencing token of the lease under which it was fetched.
        fencing_token: u64,
        /// Its remaining lifetime.
        remaining: Duration,
    },
    /// Another instance holds the lease, or the pause after its release is not over.
    Held,
    /// The caller holds the lease and has to fetch a token.
    Granted(Lease),
}
