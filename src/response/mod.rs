//! Responses that this crate generates instead of the wrapped service.
//!
//! 1. The form follows the kind of the request ([`RequestKind`](crate::request::RequestKind)): a
//!    page where a user sees the response, JSON for a script, a status for gRPC.
//! 2. Only a top-level navigation with `GET` or `HEAD` is redirected to a login. A navigation in a
//!    frame gets a page with a link that leaves the frame, and a form gets a page that explains
//!    that it was not processed.
//! 3. A speculative request (prefetch, prerender) begins no login: it gets `503` where one would
//!    begin.
//! 4. The reason of a rejection is in the response's extensions, as a [`Rejection`].
//! 5. Every generated response has `Cache-Control: no-store`, `nosniff` and a strict
//!    Content-Security-Policy.
//!
//! [`Pages`] names the site on the pages that users see, or replaces them.
//!
//! The same rejection for a user and for a script:
//!
//! ```
//! use http::header::ACCEPT;
//! use http::{HeaderMap, HeaderValue, Method, StatusCode};
//! use http_body_util::BodyExt;
//! use tower_weika::identity::Manager;
//! use tower_weika::response::Rejection;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_weika::BoxError> {
//! let script = HeaderMap::new();
//! let navigation = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("text/html"))]);
//!
//! let page = Rejection::forbidden::<Manager>(&Method::GET, &navigation).into_response();
//! assert_eq!(page.status(), StatusCode::FORBIDDEN);
//! assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
//!
//! let json = Rejection::forbidden::<Manager>(&Method::GET, &script).into_response();
//! assert_eq!(json.status(), StatusCode::FORBIDDEN);
//! assert_eq!(json.into_body().collect().await?.to_bytes(), r#"{"error":"forbidden"}"#);
//! # Ok(())
//! # }
//! ```

mod accent;
mod generated;
mod html;
mod page;
mod page_kind;
mod page_links;
mod pages;
mod qr_code;
mod rejection;
mod site;
mod style;
mod text;

pub(crate) use self::generated::{
    GeneratedResponse, empty, misdirected, prefetch_unavailable, see_other,
};
pub use self::page::Page;
pub use self::page_kind::PageKind;
pub(crate) use self::page_links::PageLinks;
pub use self::pages::Pages;
pub(crate) use self::rejection::HandledBy;
pub use self::rejection::{Reason, Rejection};
