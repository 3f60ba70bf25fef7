//! tmp
use super::Identity;
/// tmp
#[derive(Debug, Clone)]
pub struct Manager {
    pub(crate) name: String,
    pub(crate) role: Option<i64>,
}
impl Manager {
    /// n
    pub fn name(&self) -> &str {
        &self.name
    }
    /// n
    pub fn role_id(&self) -> Option<i64> {
        self.role
    }
    /// n
    pub fn current_school(&self) -> Option<&School> {
        None
    }
}
/// n
pub struct School;
impl School {
    /// n
    pub fn code(&self) -> &str {
        ""
    }
}
impl Identity for Manager {
    fn subject(&self) -> &str {
        &self.name
    }
}
