//! Middleware that requires that an asynchronous check returns `Ok(true)`; see
//! [`GuardLayer::check`](super::GuardLayer::check).

mod future;
mod layer;
mod service;
#[cfg(test)]
mod tests;

pub use self::future::ResponseFuture;
pub use self::layer::CheckLayer;
pub use self::service::Check;
