use std::fmt;

/// The identifier of a member: the school's code and the card number, because a card number is
/// unique within a school only. `Debug` does not show the card number, and there is no `Display`.
///
/// ```
/// use tower_weika::identity::MemberId;
///
/// let id = MemberId::new("1014714333", "20230042");
/// assert_eq!((id.school_code(), id.card_number()), ("1014714333", "20230042"));
/// assert_eq!(id.as_str(), "1014714333:20230042");
/// assert_eq!(format!("{id:?}"), "MemberId(1014714333:[redacted])");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MemberId {
    text: Box<str>,
    /// Where the card number begins.
    card_number: usize,
}

impl MemberId {
    /// Creates the identifier of a member. `school_code` has no colon, so that no two members have
    /// the same text; a [client](crate::client::weika_member::WeikaMemberClient) checks that.
    #[must_use]
    pub fn new(school_code: &str, card_number: &str) -> Self {
        Self {
            text: format!("{school_code}:{card_number}").into(),
            card_number: school_code.len() + 1,
        }
    }

    /// Returns the code of the school (主体代码, `ocode`).
    #[must_use]
    pub fn school_code(&self) -> &str {
        self.text
            .get(..self.card_number.saturating_sub(1))
            .unwrap_or_default()
    }

    /// Returns the number of the campus card, or the student or staff number (电子卡号/学工号).
    #[must_use]
    pub fn card_number(&self) -> &str {
        self.text.get(self.card_number..).unwrap_or_default()
    }

    /// Returns `school_code:card_number`, the [subject](super::super::Identity::subject). Personal
    /// data: do not log it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemberId({}:[redacted])", self.school_code())
    }
}
