//! Refusals of WeChat's page.

use crate::provenance::with_provenance;

with_provenance! {
    /// Reason for an error on WeChat's page. Only the visitor sees it: the application is not
    /// notified.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    #[non_exhaustive]
    pub enum WechatRefusal {
        /// The browser is not WeChat's.
        NotWechat: Observed, "developers.weixin.qq.com/community/develop/doc/0000cc24be8680a6aa0267a9860800";
        /// The parameters are not in the documented order, or one is unknown or repeated.
        ParameterOrder: Documented, "网页授权: 参数顺序不对,授权页面将无法正常访问";
        /// `response_type` is not `code`.
        ResponseType: Inferred, "网页授权: 返回类型,请填写code; the page is not described";
        /// The host and port of `redirect_uri` are not what the account has registered: 10003.
        RedirectUriMismatch: Documented, "csdn 86527897, a copy of the table; with a port: csdn 119905706";
        /// There is no such scope, or the application is not one for this page: 10005.
        UnknownScope: Documented, "csdn 86527897, a copy of the table: 该公众号没有这个scope的权限";
        /// `scope` is missing or empty: 10010.
        ScopeEmpty: Documented, "csdn 86527897, a copy of the table";
        /// `redirect_uri` is missing or empty: 10011.
        RedirectUriEmpty: Documented, "csdn 86527897, a copy of the table";
        /// `appid` is missing or empty: 10012.
        AppIdEmpty: Documented, "csdn 86527897, a copy of the table";
        /// `state` has more than 128 bytes.
        StateTooLong: Observed, "aspnet-contrib/AspNet.Security.OAuth.Providers#168: state参数过长";
        /// `state` has characters other than letters and digits.
        StateAlphabet: Inferred, "网页授权: a-zA-Z0-9的参数值; the page is not described";
        /// There is no such official account: 40013.
        UnknownAppId: Inferred, "the number that WeChat's interfaces use";
    }
}

impl WechatRefusal {
    /// Returns the number on the page, if one is known.
    #[must_use]
    pub const fn number(self) -> Option<i64> {
        Some(match self {
            Self::RedirectUriMismatch => 10003,
            Self::UnknownScope => 10005,
            Self::ScopeEmpty => 10010,
            Self::RedirectUriEmpty => 10011,
            Self::AppIdEmpty => 10012,
            Self::UnknownAppId => 40013,
            Self::NotWechat
            | Self::ParameterOrder
            | Self::ResponseType
            | Self::StateTooLong
            | Self::StateAlphabet => {
                return None;
            }
        })
    }

    /// Returns the `data-error` of the page: the number, or a word of the sandbox's own.
    #[must_use]
    pub fn data_error(self) -> String {
        let word = match self {
            Self::NotWechat => "not-wechat",
            Self::ParameterOrder => "parameter-order",
            Self::ResponseType => "response-type",
            Self::StateTooLong => "state-too-long",
            Self::StateAlphabet => "state-alphabet",
            _ => return self.number().unwrap_or_default().to_string(),
        };
        word.to_owned()
    }
}
