//! A layer that authenticates every request as one identity, for tests of handlers and guards.

mod future;
mod layer;
mod service;
#[cfg(test)]
mod tests;

pub use self::future::ResponseFuture;
pub use self::layer::{AuthenticatedLayer, authenticated};
pub use self::service::AuthenticatedService;
