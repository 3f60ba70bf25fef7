use crate::identity::Identity;

/// Identity that a store outside this process can keep.
///
/// A record may contain secrets: it belongs in a store and nowhere else. That is why identities do not implement
/// `serde::Serialize`.
///
/// ```
/// use tower_weika::identity::Manager;
/// use tower_weika::store::StoredIdentity;
///
/// let manager = Manager::new("o1");
/// assert_eq!(Manager::from_record(&manager.to_record()), Some(manager));
/// ```
pub trait StoredIdentity: Identity + Sized {
    /// A short name of lower-case letters, digits and `-`. Sessions of different kinds are kept apart, so no two types
    /// may have the same name: they could not read each other's records.
    const KIND: &'static str;

    /// Returns the identity as text.
    fn to_record(&self) -> String;

    /// Parses a record that this version of the program or an earlier one has made with
    /// [`to_record`](Self::to_record). `None` if it cannot be parsed: the user has to log in again.
    fn from_record(record: &str) -> Option<Self>;
}
