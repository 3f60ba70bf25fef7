//! What this crate answers by itself, instead of the wrapped service.
//!
//! A refusal takes the form that the request can use ([`RequestKind`]): a page for a person who navigates,
//! JSON for a script, a status for gRPC. Its reason is in the response's extensions, as a [`Rejection`].
//! Every answer is `no-store`, `nosniff` and under a strict Content-Security-Policy.

mod language;
mod page;
mod page_kind;
mod qr_code;
mod rejection;
mod request_kind;
mod response;
mod user_agent;

pub use self::language::Language;
pub use self::page::{Page, Pages};
pub use self::page_kind::PageKind;
pub use self::rejection::{Reason, Rejection};
pub(crate) use self::request_kind::Reader;
pub use self::request_kind::RequestKind;
pub(crate) use self::response::{OwnResponse, see_other};
pub use self::user_agent::UserAgent;
