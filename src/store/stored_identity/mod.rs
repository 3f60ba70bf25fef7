//! Identities that can be written down.

mod manager;
mod wechat_user;

use crate::identity::Identity;

/// An identity that a store outside this process can keep.
///
/// What is written may hold secrets: that is why identities are not simply serializable, and it belongs into a store
/// and nowhere else.
///
/// ```
/// use tower_weika::identity::Manager;
/// use tower_weika::store::StoredIdentity;
///
/// let manager = Manager::new("o1");
/// assert_eq!(Manager::from_record(&manager.to_record()), Some(manager));
/// ```
pub trait StoredIdentity: Identity + Sized {
    /// A short name, lower-case letters, digits and `-`. Sessions of different kinds are kept apart, so two types must
    /// not have the same: of each other's sessions they could read none.
    const KIND: &'static str;

    /// The identity as text.
    fn to_record(&self) -> String;

    /// Reads what [`to_record`](Self::to_record) has written, in this version of the program or an earlier one. `None`
    /// if it cannot be read: the person has to log in again.
    fn from_record(record: &str) -> Option<Self>;
}
