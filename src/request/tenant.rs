use std::sync::Arc;

/// The tenant that a request is for, in the extensions of the request. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Tenant(Arc<str>);

impl Tenant {
    pub(crate) fn new(origin: &str) -> Self {
        Self(origin.into())
    }

    /// Returns the configured origin, as browsers spell it: `https://a.example.edu.cn`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.0
    }
}
