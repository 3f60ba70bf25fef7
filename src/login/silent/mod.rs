//! Middleware that logs visitors in silently.

mod future;
mod layer;
mod service;

pub use self::future::ResponseFuture;
pub use self::layer::SilentLoginLayer;
pub use self::service::SilentLogin;
