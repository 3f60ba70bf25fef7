//! Server: dispatch of calls to the systems, pages of the sandbox itself, connections, and the
//! public handle.

mod behaviours;
mod body;
mod builder;
mod connection;
mod control_page;
mod dispatch;
mod home;
mod respond;
mod sandbox;
mod setting;
mod systems;
mod test_controls;

pub use self::behaviours::behaviours;
pub use self::builder::SandboxBuilder;
pub use self::sandbox::Sandbox;
