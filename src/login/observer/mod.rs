//! Events for an audit log: one for each outcome of a login, and one for each session that is
//! started or revoked; see
//! [`LoginLayerBuilder::observer`](super::LoginLayerBuilder::observer).

mod details;
mod event;
mod event_kind;
mod observer;
mod reported;
mod revoked_sessions;
mod visitor;

pub(super) use self::details::{Details, User};
pub use self::event::LoginEvent;
pub use self::event_kind::LoginEventKind;
pub(super) use self::observer::{ClientName, Observer, OnEvent};
pub(super) use self::visitor::Visitor;
