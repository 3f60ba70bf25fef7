use crate::identity::Identity;

/// Identity that a store outside this process can keep.
///
/// A record may contain secrets: it belongs in a store and nowhere else. That is why identities do
/// not implement `serde::Serialize`.
///
/// The identities of this crate implement it. The type of an application that
/// [`map`](crate::provider::IdentityProvider::map) returns does it with `serde`, for example:
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use tower_weika::identity::Identity;
/// use tower_weika::store::StoredIdentity;
///
/// #[derive(Serialize, Deserialize, Debug, PartialEq)]
/// struct Member {
///     key: String,
///     /// Records of a version without departments stay readable.
///     #[serde(default)]
///     department: Option<String>,
/// }
///
/// impl Identity for Member {
///     fn subject(&self) -> &str {
///         &self.key
///     }
/// }
///
/// impl StoredIdentity for Member {
///     const KIND: &'static str = "member";
///
///     fn to_record(&self) -> String {
///         serde_json::to_string(self).expect("text is JSON")
///     }
///
///     fn from_record(record: &str) -> Option<Self> {
///         serde_json::from_str(record).ok()
///     }
/// }
///
/// let member = Member { key: "7".to_owned(), department: Some("library".to_owned()) };
/// assert_eq!(Member::from_record(&member.to_record()), Some(member));
/// assert!(Member::from_record(r#"{"key":"7"}"#).is_some());
/// assert!(Member::from_record("{}").is_none());
/// ```
pub trait StoredIdentity: Identity + Sized {
    /// A short name of lower-case letters, digits and `-`. Sessions of different kinds are kept
    /// apart, so no two types may have the same name: they could not read each other's records.
    const KIND: &'static str;

    /// Returns the identity as text.
    fn to_record(&self) -> String;

    /// Parses a record that this version of the program or an earlier one has made with
    /// [`to_record`](Self::to_record). `None` if it cannot be parsed: the user has to log in again.
    fn from_record(record: &str) -> Option<Self>;
}
