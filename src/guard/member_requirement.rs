use std::borrow::Cow;

use super::Requirement;
use crate::identity::Member;
use crate::session::Session;

/// A member of one school.
#[derive(Clone, Debug)]
pub struct MemberRequirement {
    school_code: Box<str>,
}

impl MemberRequirement {
    /// Requires the school with this code (主体代码, `ocode`); see
    /// [`GuardLayer::school`](super::GuardLayer::school).
    #[must_use]
    pub fn school(school_code: impl Into<Box<str>>) -> Self {
        Self {
            school_code: school_code.into(),
        }
    }
}

impl Requirement<Member> for MemberRequirement {
    fn is_satisfied_by(&self, session: &Session<Member>) -> bool {
        session.identity().school_code() == &*self.school_code
    }

    fn description(&self) -> Cow<'_, str> {
        Cow::Owned(format!("school {:?}", self.school_code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::session::{SessionId, SessionTimeouts};

    fn session(school_code: &str, card_number: &str) -> Session<Member> {
        Session::new(
            SessionId::random().unwrap(),
            Member::new(school_code, card_number),
            SessionTimeouts::default(),
            Timestamp::from_unix_seconds(1_700_000_000),
        )
    }

    #[test]
    fn member_of_another_school_does_not_satisfy_it() {
        let requirement = MemberRequirement::school("1014714333");
        assert!(requirement.is_satisfied_by(&session("1014714333", "1")));
        for other in ["101471433", "10147143330", "", "1"] {
            assert!(!requirement.is_satisfied_by(&session(other, "1014714333")));
        }
        assert_eq!(requirement.description(), r#"school "1014714333""#);
    }
}
