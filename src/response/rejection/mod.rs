//! The rejection of a request, on its way from a guard to the layer that responds to it.

mod missing_layer;
mod reason;
mod rejection;
mod rendering;
mod replacement;

pub use self::reason::Reason;
pub(crate) use self::rejection::HandledBy;
pub use self::rejection::Rejection;
