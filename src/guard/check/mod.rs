//! Middleware that asks a future whether an authenticated request may pass; see
//! [`GuardLayer::check`](super::GuardLayer::check).

mod future;
mod layer;
mod service;
#[cfg(test)]
mod tests;

pub use self::future::ResponseFuture;
pub use self::layer::CheckLayer;
pub use self::service::Check;
