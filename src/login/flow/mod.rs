//! Logins that a browser has begun. The server stores nothing for them: a flow is a state in the
//! provider's address and a cookie in the browser.

mod attempt;
mod base62;
mod flow_cookies;
mod flows;
mod markers;
mod room;
mod session_mark;
mod state;

pub(super) use self::attempt::Attempt;
pub(super) use self::flows::Flows;
pub(super) use self::markers::{LastResult, Markers};
use self::session_mark::SessionMark;
pub(super) use self::state::{FLOW_LIFETIME, FlowId, State};
