//! Refusals of Weika's interfaces.

use serde_json::{Value, json};

use crate::message::reply::Reply;
use crate::provenance::with_provenance;
use crate::response_format::ResponseFormat;

with_provenance! {
    /// Reason for a refusal of Weika.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    #[non_exhaustive]
    pub enum WeikaRefusal {
        /// The `wxcode` was used, expired, was issued to another application, or was never issued:
        /// `"6001"`, a string.
        InvalidCode: Documented, "admin.html, error example";
        /// `app_key` or `app_secret` is wrong: 40001.
        InvalidApp: Documented, "cloud.tencent.com/document/api/1523/87715";
        /// The access token is expired: 40002.
        TokenExpired: Documented, "cloud.tencent.com/document/api/1523/87715";
        /// The access token was never issued, or a newer one has replaced it: 40005.
        TokenInvalid: Documented, "cloud.tencent.com/document/api/1523/87715";
        /// There is no such school: 40006.
        UnknownSchool: Documented, "cloud.tencent.com/document/api/1523/87715";
        /// A required parameter is missing or empty: 40009.
        ParameterMissing: Documented, "cloud.tencent.com/document/api/1523/87715";
        /// A parameter is not of its type, or the body is not JSON: 40010.
        ParameterWrong: Documented, "cloud.tencent.com/document/api/1523/87715";
        /// The sandbox itself failed: -1.
        Busy: Inferred, "by analogy with WeChat";
    }
}

impl WeikaRefusal {
    /// Returns the `errcode`, a number or a string as the documents print it.
    #[must_use]
    pub fn errcode(self) -> Value {
        match self {
            Self::InvalidCode => json!("6001"),
            Self::InvalidApp => json!(40001),
            Self::TokenExpired => json!(40002),
            Self::TokenInvalid => json!(40005),
            Self::UnknownSchool => json!(40006),
            Self::ParameterMissing => json!(40009),
            Self::ParameterWrong => json!(40010),
            Self::Busy => json!(-1),
        }
    }

    /// Returns the `errmsg`; only that of [`InvalidCode`](Self::InvalidCode) is documented.
    #[must_use]
    pub const fn errmsg(self) -> &'static str {
        match self {
            Self::InvalidCode => "invalid code",
            Self::InvalidApp => "invalid app_key or app_secret",
            Self::TokenExpired => "access_token expired",
            Self::TokenInvalid => "invalid access_token",
            Self::UnknownSchool => "school_code not found",
            Self::ParameterMissing => "missing parameter",
            Self::ParameterWrong => "invalid parameter",
            Self::Busy => "system busy",
        }
    }

    pub(crate) fn reply(self) -> Reply {
        Reply::refusal(ResponseFormat::Weika, self.errcode(), self.errmsg())
    }
}
