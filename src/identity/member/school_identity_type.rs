use super::super::IdentityType;

/// An entry of a school's list of identity types (成员身份类型): the meaning of a member's
/// [`identity_type`](super::Member::identity_type).
///
/// Source: <https://cloud.tencent.com/document/api/1523/87725>.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct SchoolIdentityType {
    /// The number at this school, as digits.
    pub id: String,
    /// The school's name of it (身份类型名称), such as 本科生; empty if there is none.
    pub name: String,
    /// The class that is the same at all schools (身份分类): student, staff, alumni, other.
    pub classification: Option<IdentityType>,
}

impl SchoolIdentityType {
    /// Creates an entry of a list.
    pub fn new(
        id: impl Into<String>,
        name: impl Into<String>,
        classification: Option<IdentityType>,
    ) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            classification,
        }
    }
}
