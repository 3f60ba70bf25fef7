//! Events for `tracing`, or nothing at all without the feature; call sites carry no `cfg`.
//!
//! Nothing above `DEBUG` is emitted on the path of an ordinary request.

#[cfg(feature = "tracing")]
pub(crate) use tracing::{debug, info, warn};

#[cfg(not(feature = "tracing"))]
mod silent {
    macro_rules! silent {
        // Mentions the fields so that they count as used.
        ($($field:ident = $(%)? $value:expr,)* $message:literal) => {{ $(let _ = &$value;)* }};
    }
    pub(crate) use {silent as debug, silent as info, silent as warning};
}

#[cfg(not(feature = "tracing"))]
pub(crate) use silent::{debug, info, warning as warn};
