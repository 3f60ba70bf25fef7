//! tmp
use super::Identity;
/// tmp
#[derive(Debug, Clone)]
pub struct Manager {
    name: String,
}
impl Manager {
    /// n
    pub fn name(&self) -> &str {
        &self.name
    }
}
impl Identity for Manager {
    fn subject(&self) -> &str {
        &self.name
    }
}
