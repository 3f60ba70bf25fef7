//! Logging strangers in without being asked.

mod future;
mod layer;
mod service;

pub use self::future::ResponseFuture;
pub use self::layer::SilentLoginLayer;
pub use self::service::SilentLogin;
