//! Logging strangers in without being asked.

mod future;
mod layer;
mod service;

pub use self::future::ResponseFuture;
pub use self::layer::AutoLoginLayer;
pub use self::service::AutoLogin;
