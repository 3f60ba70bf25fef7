//! Events for `tracing`, or nothing at all without the feature; call sites carry no `cfg`.
//!
//! Nothing above `DEBUG` is emitted on the path of an ordinary request.

#[cfg(feature = "tracing")]
pub(crate) use tracing::{debug, info, warn};

/// Keeps what a task does in the span of the request that started it.
#[cfg(feature = "tracing")]
pub(crate) fn in_current_span<F: Future>(task: F) -> impl Future<Output = F::Output> + use<F> {
    tracing::Instrument::in_current_span(task)
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn in_current_span<F: Future>(task: F) -> F {
    task
}

#[cfg(not(feature = "tracing"))]
mod silent {
    macro_rules! silent {
        // Mentions the fields so that they count as used.
        ($($field:ident = $(%)? $(?)? $value:expr,)* $message:literal) => {{ $(let _ = &$value;)* }};
    }
    pub(crate) use {silent as debug, silent as info, silent as warning};
}

#[cfg(not(feature = "tracing"))]
pub(crate) use silent::{debug, info, warning as warn};
