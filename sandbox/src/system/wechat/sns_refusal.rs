//! Refusals of the call that exchanges a code.

use crate::provenance::with_provenance;

with_provenance! {
    /// Reason that WeChat's API refuses to exchange a code.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    #[non_exhaustive]
    pub enum WechatSnsRefusal {
        /// The code expired, was never issued, or was issued to another application: 40029.
        InvalidCode: Documented, "developers.weixin.qq.com 全局返回码; community/minihome/doc/00000ca9a30220eb81432af986b400";
        /// The code was exchanged before: 40163.
        CodeUsed: Documented, "developers.weixin.qq.com 全局返回码; community/develop/doc/000262c8de4e78e7141ce6aa056c00";
        /// The code is missing or empty: 41008.
        CodeMissing: Documented, "developers.weixin.qq.com 全局返回码";
        /// The APPID is missing or empty: 41002.
        AppIdMissing: Documented, "developers.weixin.qq.com 全局返回码";
        /// There is no such application: 40013.
        InvalidAppId: Documented, "developers.weixin.qq.com 全局返回码";
        /// The secret is missing or empty: 41004.
        SecretMissing: Documented, "developers.weixin.qq.com 全局返回码";
        /// The secret is not that of the application: 40125.
        InvalidSecret: Observed, "community/personal/oCJUsw8ZLC6a5EJAp--b9pLXfjLI, of this call; the tables print 40001 too";
        /// `grant_type` is not `authorization_code`: 40002.
        InvalidGrantType: Documented, "developers.weixin.qq.com 全局返回码";
        /// The sandbox itself failed: -1.
        Busy: Documented, "developers.weixin.qq.com 全局返回码: 系统繁忙";
    }
}

impl WechatSnsRefusal {
    /// Returns the `errcode`.
    #[must_use]
    pub const fn errcode(self) -> i64 {
        match self {
            Self::InvalidCode => 40029,
            Self::CodeUsed => 40163,
            Self::CodeMissing => 41008,
            Self::AppIdMissing => 41002,
            Self::InvalidAppId => 40013,
            Self::SecretMissing => 41004,
            Self::InvalidSecret => 40125,
            Self::InvalidGrantType => 40002,
            Self::Busy => -1,
        }
    }

    /// Returns the `errmsg`, with a request number as WeChat appends it.
    pub(crate) const fn errmsg(self) -> &'static str {
        match self {
            Self::InvalidCode => "invalid code, rid: 632bc26a-1f8e3c5d-7a90b1c2",
            Self::CodeUsed => "code been used, rid: 632bc26a-1f8e3c5d-7a90b1c2",
            Self::CodeMissing => "missing code, rid: 632bc26a-1f8e3c5d-7a90b1c2",
            Self::AppIdMissing => "appid missing, rid: 632bc26a-1f8e3c5d-7a90b1c2",
            Self::InvalidAppId => "invalid appid, rid: 632bc26a-1f8e3c5d-7a90b1c2",
            Self::SecretMissing => "appsecret missing, rid: 632bc26a-1f8e3c5d-7a90b1c2",
            Self::InvalidSecret => "invalid appsecret, rid: 632bc26a-1f8e3c5d-7a90b1c2",
            Self::InvalidGrantType => "invalid grant_type, rid: 632bc26a-1f8e3c5d-7a90b1c2",
            Self::Busy => "system error, rid: 632bc26a-1f8e3c5d-7a90b1c2",
        }
    }
}
