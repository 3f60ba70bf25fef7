//! Refusals of the binding service.

use crate::provenance::with_provenance;

with_provenance! {
    /// Reason for a refusal of the binding service.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    #[non_exhaustive]
    pub enum BindingRefusal {
        /// The openid is not bound to a user: 2000. Not an error: the response contains the openid.
        Unbound: Documented, "showdoc.com.cn/east/2107969430195298";
        /// The openid could not be determined: 2001. Here: the code was used, expired, was issued
        /// to another account, or was never issued.
        BadCode: Documented, "showdoc.com.cn/east/2107969430195298; the reasons are our reading";
        /// The operator has no official account configured: 2002.
        NotConfigured: Documented, "showdoc.com.cn/east/2107969430195298";
        /// The data of the operator is not available: 2003.
        OperatorUnavailable: Documented, "showdoc.com.cn/east/2107969430195298";
        /// The code is missing or empty: 2004.
        CodeEmpty: Documented, "showdoc.com.cn/east/2107969430195298";
        /// There is no such official account: 2035.
        UnknownAppId: Documented, "showdoc.com.cn/east/2107969430195298";
        /// The openid is missing or empty: 2009.
        OpenIdEmpty: Documented, "showdoc.com.cn/east/2153721931068981, of the registration";
        /// The SMS code has expired, or none was sent: 2014.
        SmsExpired: Documented, "showdoc.com.cn/east/2195723471259705";
        /// The SMS code is wrong: 2015.
        SmsWrong: Documented, "showdoc.com.cn/east/2195723471259705";
        /// There is no such user: 2030.
        UnknownUser: Documented, "showdoc.com.cn/east/2195723471259705";
        /// The openid cannot be bound: 2031. Here: it belongs to another official account, or is
        /// bound to another user.
        BindFailed: Documented, "showdoc.com.cn/east/2195723471259705; the reasons are our reading";
        /// The user is bound to another WeChat: 2034.
        AlreadyBound: Documented, "showdoc.com.cn/east/2195723471259705";
        /// The SMS could not be sent: 3020. Here: the number does not have 11 digits.
        SmsNotSent: Documented, "showdoc.com.cn/east/2714110949361841; the reason is our reading";
        /// The last SMS was sent less than 60 s ago: 3021.
        SmsTooSoon: Documented, "showdoc.com.cn/east/2714110949361841; 60 s are usual";
        /// The operation is not permitted: 440002. Only with
        /// [`BindingState::Refusing`](crate::BindingState::Refusing), as the next two.
        NoPermission: Documented, "showdoc.com.cn/east/2051211593999473";
        /// The user is not logged in: 440003.
        NotLoggedIn: Documented, "showdoc.com.cn/east/2051211593999473";
        /// The token is not valid: 440004.
        TokenInvalid: Documented, "showdoc.com.cn/east/2051211593999473";
        /// The request cannot be read: 440007.
        RequestFailed: Documented, "showdoc.com.cn/east/2051211593999473; the reason is our reading";
        /// The sandbox itself failed: 440001.
        Busy: Documented, "showdoc.com.cn/east/2051211593999473: unknown exception";
    }
}

impl BindingRefusal {
    /// Returns the `code`.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Unbound => 2000,
            Self::BadCode => 2001,
            Self::NotConfigured => 2002,
            Self::OperatorUnavailable => 2003,
            Self::CodeEmpty => 2004,
            Self::OpenIdEmpty => 2009,
            Self::SmsExpired => 2014,
            Self::SmsWrong => 2015,
            Self::UnknownUser => 2030,
            Self::BindFailed => 2031,
            Self::AlreadyBound => 2034,
            Self::UnknownAppId => 2035,
            Self::SmsNotSent => 3020,
            Self::SmsTooSoon => 3021,
            Self::Busy => 440_001,
            Self::NoPermission => 440_002,
            Self::NotLoggedIn => 440_003,
            Self::TokenInvalid => 440_004,
            Self::RequestFailed => 440_007,
        }
    }

    /// Returns the `msg` of the documented tables.
    #[must_use]
    pub const fn msg(self) -> &'static str {
        match self {
            Self::Unbound => "微信openid未绑定用户",
            Self::BadCode => "获取微信openid失败",
            Self::NotConfigured => "运营商未配置公众号信息",
            Self::OperatorUnavailable => "获取运营商信息失败",
            Self::CodeEmpty => "获取openid时code不能为空",
            Self::UnknownAppId => "微信APPID不存在",
            Self::OpenIdEmpty => "openId不能为空",
            Self::SmsExpired => "短信验证码已失效",
            Self::SmsWrong => "短信验证码错误",
            Self::UnknownUser => "用户不存在",
            Self::BindFailed => "绑定失败",
            Self::AlreadyBound => "用户已绑定其他微信",
            Self::SmsNotSent => "短信发送失败",
            Self::SmsTooSoon => "请勿重复发送",
            Self::RequestFailed => "请求失败",
            Self::Busy => "未知异常",
            Self::NoPermission => "无权限",
            Self::NotLoggedIn => "未登录",
            Self::TokenInvalid => "token无效",
        }
    }
}
