//! Layer that chooses among the logins of several sites by the host of the request.
//!
//! One process can serve many schools, each with its origin, its credentials and its sessions.
//! [`Tenants`] collects them, and the [`TenantsLayer`] that it builds wraps the application once.
//!
//! # Behavior
//! 1. Host and port of the request (`:authority`, absolute form or `Host`) **choose** among the
//!    configured origins. Nothing is built from them (rule P4).
//! 2. A request for another host, without a host, or with several that differ gets
//!    `421 Misdirected Request` and no cookie. Probes that send an IP address as host belong
//!    outside this layer.
//! 3. The layers of the tenant handle the request, as if they alone wrapped the application. A
//!    [`Tenant`] in the extensions tells handlers which tenant that is.
//! 4. Sessions, states and tokens never cross: a session belongs to the public URL of its login
//!    (rule S1), also where all tenants share one store.
//! 5. A login layer responds with `421` at its endpoints if its public URL has another origin than
//!    the tenant: the list is wrong then, and the log says so.
//! 6. Metrics and events name a tenant whose login layer has a
//!    [name for it](crate::login::LoginLayerBuilder::tenant).
//! 7. The list can be [replaced](TenantsLayer::replace) while the process runs. A request that has
//!    begun is completed by the layers that it began with.
//!
//! The layers of all tenants have one type. Several kinds of identity for each tenant are a
//! [`Stack`](tower_layer::Stack) of layers:
//!
//! ```
//! use tower_weika::ConfigError;
//! use tower_weika::login::LoginLayer;
//! use tower_weika::provider::WeikaManagerProvider;
//! use tower_weika::tenants::{Tenant, Tenants};
//!
//! # fn main() -> Result<(), ConfigError> {
//! let login = |origin: &str, app_key: &str, app_secret: &str| {
//!     let weika = WeikaManagerProvider::builder(app_key, app_secret).build()?;
//!     LoginLayer::builder(weika).public_url(origin).build()
//! };
//! let (a, b) = ("https://a.example.edu.cn", "https://b.example.edu.cn");
//! let tenants = Tenants::new()
//!     .tenant(a, login(a, "0123456789ABCDEF", "secret-of-a")?)
//!     .tenant(b, login(b, "FEDCBA9876543210", "secret-of-b")?)
//!     .build()?;
//!
//! async fn home(tenant: axum::Extension<Tenant>) -> String {
//!     format!("the site {}", tenant.origin())
//! }
//! let app: axum::Router = axum::Router::new()
//!     .route("/", axum::routing::get(home))
//!     .layer(tenants.clone());
//!
//! // Later, without a restart: only the first school is left.
//! tenants.replace(Tenants::new().tenant(a, login(a, "0123456789ABCDEF", "secret-of-a")?))?;
//! # Ok(())
//! # }
//! ```

mod authority;
mod future;
mod layer;
mod service;
mod table;
#[expect(
    clippy::module_inception,
    reason = "the builder has the name of the module"
)]
mod tenants;

#[cfg(test)]
mod tests;

pub use self::future::ResponseFuture;
pub use self::layer::TenantsLayer;
pub use self::service::ChooseTenant;
pub use self::tenants::Tenants;
pub use crate::request::tenant::Tenant;
