//! A member of a school, and the school's identity types.

mod member;
mod member_field;
mod member_id;
mod school_identity_type;

pub use self::member::Member;
pub use self::member_field::MemberField;
pub use self::member_id::MemberId;
pub use self::school_identity_type::SchoolIdentityType;
