//! Error codes of WeChat's API (全局返回码), as far as the exchange of a code can meet them. Source:
//! <https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html>.

use crate::client::ErrorAction::{Configure, Fail, LogInAgain, RetryLater};
use crate::client::error_codes::{Entry, ErrorCodes, LOG_IN_AGAIN};

impl ErrorCodes {
    /// Returns the known error codes of WeChat's API.
    ///
    /// The numbers say what they mean for the exchange of a code: 40001 is a wrong secret here, and
    /// may be a stale token in other calls.
    #[must_use]
    pub fn wechat() -> Self {
        Self::of(ENTRIES)
    }
}

const ENTRIES: &[Entry] = &[
    (
        -1,
        RetryLater,
        "WeChat is busy (系统繁忙)",
        "try again later, with a new code: this one may be consumed",
    ),
    // The code.
    (
        40029,
        LogInAgain,
        "the code is invalid: expired, wrong or of another APPID (无效的 oauth_code)",
        LOG_IN_AGAIN,
    ),
    (
        40163,
        LogInAgain,
        "the code is used already (oauth_code已使用)",
        LOG_IN_AGAIN,
    ),
    (
        41008,
        LogInAgain,
        "the code is missing (缺少 oauth code)",
        LOG_IN_AGAIN,
    ),
    // The application.
    (
        40001,
        Configure,
        "the secret is wrong (AppSecret 错误)",
        CHECK_SECRET,
    ),
    (
        40125,
        Configure,
        "the secret is wrong (无效的appsecret)",
        CHECK_SECRET,
    ),
    (
        40243,
        Configure,
        "the secret is frozen (AppSecret 已被冻结)",
        "unfreeze the secret in WeChat's console; it takes 10 minutes",
    ),
    (
        40013,
        Configure,
        "the APPID is invalid (不合法的 AppID)",
        "compare the APPID with WeChat's console, upper and lower case included",
    ),
    (
        40164,
        Configure,
        "the IP address is not in the white list (IP白名单)",
        ADD_ADDRESS,
    ),
    (
        61004,
        Configure,
        "the IP address is not registered (not in ip-white-list)",
        ADD_ADDRESS,
    ),
    (
        48001,
        Configure,
        "the application has no right to the call (api 功能未授权)",
        ASK_FOR_RIGHT,
    ),
    (
        61007,
        Configure,
        "the call is not authorized to the third-party platform",
        ASK_FOR_RIGHT,
    ),
    // Quotas.
    (
        45009,
        RetryLater,
        "the quota of the day is used up (接口调用超过限制)",
        "wait for the next day, or reset the quota in the console; find the program that uses it up",
    ),
    (
        45011,
        RetryLater,
        "the quota of the minute is used up (API 调用太频繁)",
        "try again in a minute; limit the logins per client if it repeats",
    ),
    // The request: this client never causes them.
    (40002, Fail, "the grant_type is invalid", FIX_REQUEST),
    (41002, Fail, "the APPID is missing", FIX_REQUEST),
    (41004, Fail, "the secret is missing", FIX_REQUEST),
    // Of other calls, which send an access_token.
    (40014, Fail, "the access_token is invalid", FIX_REQUEST),
    (41001, Fail, "the access_token is missing", FIX_REQUEST),
    (42001, Fail, "the access_token has expired", FIX_REQUEST),
];

const CHECK_SECRET: &str =
    "compare the secret with WeChat's console; a reset there replaces it at once";
const ADD_ADDRESS: &str =
    "enter the outgoing IP address of this server in the white list in WeChat's console";
const ASK_FOR_RIGHT: &str = "the account must be a verified service account (认证服务号) or an approved website application; see its rights in WeChat's console";
const FIX_REQUEST: &str =
    "check that base_url is WeChat's API and that no proxy changes the query of the request";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_code_is_listed_twice() {
        assert_eq!(ErrorCodes::wechat().listed().count(), ENTRIES.len());
    }
}
