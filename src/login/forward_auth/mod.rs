//! Service for nginx `auth_request`, so that applications in other languages stand behind a login.
//!
//! nginx sends each request to this service first, without its body, and forwards it to the
//! application only if the response is `2xx`.
//! [`LoginLayer::forward_auth`](super::LoginLayer::forward_auth) has an example; the guide has the
//! configuration of nginx; the tests run this text with other ports, folders and host name.

mod builder;
mod future;
mod identity_header;
mod response;
mod service;
mod settings;

pub use self::builder::ForwardAuthBuilder;
pub use self::future::ResponseFuture;
pub use self::service::ForwardAuth;
use self::settings::Settings;
