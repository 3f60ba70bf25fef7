//! Decision on a login at Weika.

/// Decision that `manager-connect` makes when a browser arrives.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Approval {
    /// A page asks the visitor to choose a person.
    Ask,
    /// The person of this id is logged in at once.
    Approve(String),
    /// The person declines at once.
    Decline,
}
