//! The words in which the systems say the same things.

use serde_json::{Map, Value, json};

use super::answer::Answer;

/// What the members of an answer are called that say whether all is well.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Dialect {
    /// `errcode` and `errmsg`.
    Weika,
    /// `code` and `msg`, with everything else in `data`.
    Binding,
    /// `result`, `msg`, and sometimes `returnCode`.
    Kesion,
}

impl Dialect {
    /// The member that holds the number.
    pub(super) const fn number(self) -> &'static str {
        match self {
            Self::Weika => "errcode",
            Self::Binding => "code",
            Self::Kesion => "returnCode",
        }
    }

    /// The member that holds the words.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Weika => "errmsg",
            Self::Binding | Self::Kesion => "msg",
        }
    }

    /// Refuses with `number`, an integer or a string, as the document prints it.
    pub(super) fn refusal(self, number: Value, words: &str) -> Answer {
        let refusal = as_integer(&number).unwrap_or(-1);
        let mut body = Map::from_iter([(self.number().to_owned(), number), (self.words().to_owned(), json!(words))]);
        if self == Self::Kesion {
            body.insert("result".to_owned(), json!(false));
        }
        Answer::json(self, body, Some(refusal))
    }
}

/// The number that an integer or a string of digits stands for.
pub(super) fn as_integer(number: &Value) -> Option<i64> {
    number.as_i64().or_else(|| number.as_str()?.parse().ok())
}
