use crate::request::{Device, UserAgent};

/// The client of a request, as events describe it.
#[derive(Clone)]
pub(in crate::login) struct Visitor {
    pub(in crate::login) user_agent: UserAgent,
    /// Sessions have it, events do not.
    pub(in crate::login) device: Device,
    /// The result of the application's hook.
    pub(super) client_name: Option<String>,
}
