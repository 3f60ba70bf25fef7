use http::uri::PathAndQuery;

use crate::guard::CacheControl;

/// The facts of a forwarded request that its response may depend on.
pub(super) struct ForwardedRequest {
    /// The target before any router shortened it, unless the identity of the session is complete.
    pub(super) target: Option<PathAndQuery>,
    /// At most 65,534 bytes, as every URI of the `http` crate.
    pub(super) path_length: u16,
    pub(super) cache_control: CacheControl,
}
