//! What this crate answers by itself, instead of the wrapped service.
//!
//! 1. The form follows the kind of the request ([`RequestKind`](crate::request::RequestKind)): a page where a person sees the response, JSON for a
//!    script, a status for gRPC.
//! 2. Only a top-level navigation with `GET` or `HEAD` is redirected to a login. A navigation in a frame gets a page
//!    with a link that leaves the frame, and a form gets a page that says what happened to it.
//! 3. A speculative request (prefetch, prerender) begins no login: it gets `503` where one would begin.
//! 4. The reason of a rejection is in the response's extensions, as a [`Rejection`].
//! 5. Every generated response has `Cache-Control: no-store`, `nosniff` and a strict Content-Security-Policy.

mod missing_layer;
mod own_response;
mod page;
mod page_kind;
mod qr_code;
mod rejection;

pub(crate) use self::own_response::{OwnResponse, see_other, speculative};
pub use self::page::{Page, Pages};
pub use self::page_kind::PageKind;
pub(crate) use self::rejection::Links;
pub use self::rejection::{Reason, Rejection};
