//! Refusals of the member login.

use serde_json::{Map, json};

use crate::message::reply::Reply;
use crate::provenance::with_provenance;
use crate::response_format::ResponseFormat;
use crate::state::variation::Variation;

with_provenance! {
    /// Reason for a refusal of Weika's member login.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    #[non_exhaustive]
    pub enum MemberRefusal {
        /// `app_key` or `app_secret` is wrong: 40001.
        InvalidApp: Documented, "cloud.tencent.com/document/api/1523/87715";
        /// The access token is expired: 40002.
        TokenExpired: Documented, "cloud.tencent.com/document/api/1523/87715";
        /// The `wxcode` was used, expired, was issued to another application or another
        /// `redirect_uri`, or was never issued: 40003.
        InvalidCode: Documented, "cloud.tencent.com/document/api/1523/87715";
        /// The access token was never issued, or a newer one has replaced it: 40005.
        TokenInvalid: Documented, "cloud.tencent.com/document/api/1523/87715";
        /// There is no such school: 40006.
        UnknownSchool: Documented, "cloud.tencent.com/document/api/1523/87715";
        /// A required parameter is missing or empty: 40009.
        ParameterMissing: Documented, "cloud.tencent.com/document/api/1523/87715";
        /// A parameter is not of its type, or the body cannot be read: 40010.
        ParameterWrong: Documented, "cloud.tencent.com/document/api/1523/87715";
        /// The school has switched the application off: 40018.
        AppNotEnabled: Documented, "cloud.tencent.com/document/api/1523/87715: 没有开启应用";
        /// The sandbox itself failed: -1.
        Busy: Inferred, "by analogy with WeChat";
    }
}

impl MemberRefusal {
    /// Returns the `errcode`.
    #[must_use]
    pub const fn errcode(self) -> i64 {
        match self {
            Self::InvalidApp => 40001,
            Self::TokenExpired => 40002,
            Self::InvalidCode => 40003,
            Self::TokenInvalid => 40005,
            Self::UnknownSchool => 40006,
            Self::ParameterMissing => 40009,
            Self::ParameterWrong => 40010,
            Self::AppNotEnabled => 40018,
            Self::Busy => -1,
        }
    }

    /// Returns the `errmsg`; no document shows one.
    #[must_use]
    pub const fn errmsg(self) -> &'static str {
        match self {
            Self::InvalidApp => "invalid app_key or app_secret",
            Self::TokenExpired => "access_token expired",
            Self::InvalidCode => "invalid wxcode",
            Self::TokenInvalid => "invalid access_token",
            Self::UnknownSchool => "school_code not found",
            Self::ParameterMissing => "missing parameter",
            Self::ParameterWrong => "invalid parameter",
            Self::AppNotEnabled => "application is not enabled",
            Self::Busy => "system busy",
        }
    }

    /// Returns the `error` of RFC 6749 §5.2, for [`Variation::OauthErrors`].
    const fn oauth_error(self) -> &'static str {
        match self {
            Self::InvalidApp => "invalid_client",
            Self::InvalidCode => "invalid_grant",
            Self::AppNotEnabled => "unauthorized_client",
            Self::Busy => "server_error",
            _ => "invalid_request",
        }
    }

    pub(crate) fn reply(self) -> Reply {
        Reply::refusal(ResponseFormat::Weika, json!(self.errcode()), self.errmsg())
    }

    /// Returns the reply of a token endpoint, which may have the form of OAuth.
    pub(crate) fn token_reply(self, variations: &[Variation]) -> Reply {
        if !variations.contains(&Variation::OauthErrors) {
            return self.reply();
        }
        let body = Map::from_iter([
            ("error".to_owned(), json!(self.oauth_error())),
            ("error_description".to_owned(), json!(self.errmsg())),
        ]);
        Reply::json(ResponseFormat::Weika, body, Some(self.errcode()))
    }
}
