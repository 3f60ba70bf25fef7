//! Response formats: the names under which the systems report success and failure.

use serde_json::Value;

/// Names of the members of a JSON response that report the result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ResponseFormat {
    /// `errcode` and `errmsg`.
    Weika,
    /// WeChat's API: `errcode` and `errmsg` in refusals only; JSON as `text/plain`.
    Wechat,
    /// `code` and `msg`, with everything else in `data`.
    Binding,
    /// `result`, `msg`, and sometimes `returnCode`.
    Kesion,
}

impl ResponseFormat {
    /// Returns the name of the member that holds the number.
    pub(crate) const fn code_field(self) -> &'static str {
        match self {
            Self::Weika | Self::Wechat => "errcode",
            Self::Binding => "code",
            Self::Kesion => "returnCode",
        }
    }

    /// Returns the name of the member that holds the message.
    pub(crate) const fn message_field(self) -> &'static str {
        match self {
            Self::Weika | Self::Wechat => "errmsg",
            Self::Binding | Self::Kesion => "msg",
        }
    }
}

/// Returns the number that an integer or a string of digits stands for.
pub(crate) fn as_integer(number: &Value) -> Option<i64> {
    number.as_i64().or_else(|| number.as_str()?.parse().ok())
}
