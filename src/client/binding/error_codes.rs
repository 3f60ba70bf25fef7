//! Error codes of the openid-binding service. The numbers in brackets are pages of
//! <https://www.showdoc.com.cn/east/>.

use crate::client::ErrorAction::{Configure, Deny, Fail, LogInAgain, RetryLater};
use crate::client::error_codes::{Entry, ErrorCodes, LOG_IN_AGAIN};

impl ErrorCodes {
    /// The known error codes of the openid-binding service, of the check and of the calls around binding. A check never
    /// looks up 2000, which is its response for a user without a linked account.
    #[must_use]
    pub fn binding() -> Self {
        Self::of(ENTRIES)
    }
}

const ENTRIES: &[Entry] = &[
    // Check (2107969430195298).
    // An outcome of the check; an error of every other call.
    (
        2000,
        Fail,
        "the openid is bound to no user (微信openid未绑定用户)",
        "the user binds an account first",
    ),
    (
        2001,
        LogInAgain,
        "the openid could not be fetched (获取微信openid失败), mostly for an invalid code",
        LOG_IN_AGAIN,
    ),
    (
        2002,
        Configure,
        "the operator has no official account configured (运营商未配置公众号信息)",
        "the operator configures the official account at the binding service",
    ),
    (
        2003,
        RetryLater,
        "the operator's data could not be fetched (获取运营商信息失败)",
        "try again later, with a new code; if it repeats, the operator checks its configuration",
    ),
    (
        2004,
        LogInAgain,
        "the code is empty (获取openid时code不能为空)",
        LOG_IN_AGAIN,
    ),
    (
        2035,
        Configure,
        "the appid does not exist (微信APPID不存在)",
        CHECK_APPID,
    ),
    // Mini program (3336942484424867): it has 200 where the check has 2001; therefore 200 is nowhere a success.
    (
        200,
        LogInAgain,
        "the openid could not be fetched (获取微信openid失败)",
        LOG_IN_AGAIN,
    ),
    // Global (2051211593999473).
    (440_001, Fail, "unknown exception", ASK_OPERATOR),
    (
        440_002,
        Deny,
        "no permission",
        "the operator grants the right to the user or to the call",
    ),
    (440_003, LogInAgain, "not logged in", LOG_IN_AGAIN),
    (
        440_004,
        LogInAgain,
        "the user's token is invalid",
        LOG_IN_AGAIN,
    ),
    (440_007, Fail, "the request failed", ASK_OPERATOR),
    // Older global page (2051190190791830, 全局通用消息码).
    (401, LogInAgain, "not logged in", LOG_IN_AGAIN),
    (
        426,
        LogInAgain,
        "the user does not exist or the password is wrong",
        LOG_IN_AGAIN,
    ),
    // Global and registration (2153721931068981).
    (
        2005,
        LogInAgain,
        "the user's token at WeChat is lost",
        LOG_IN_AGAIN,
    ),
    (2009, LogInAgain, "the openid is empty", LOG_IN_AGAIN),
    (
        2010,
        RetryLater,
        "the user's data could not be fetched",
        "try again later",
    ),
    (
        2019,
        Configure,
        "the server does not know the appid",
        CHECK_APPID,
    ),
    (
        2022,
        Configure,
        "the default agent is missing",
        "the operator configures a default agent at the binding service",
    ),
    (
        2050,
        Fail,
        "the data of the registration are incomplete",
        "fix the request: compare its parameters with the page of the call",
    ),
    // Binding (2195723471259705) and registration.
    (2014, Deny, "the SMS code has expired", NEW_SMS),
    (2015, Deny, "the SMS code is wrong", NEW_SMS),
    (
        2030,
        Deny,
        "the user does not exist",
        "the user registers first",
    ),
    (2031, Fail, "binding failed", ASK_OPERATOR),
    (
        2034,
        Deny,
        "the user is bound to another WeChat account already",
        "the user removes the other binding first",
    ),
    // Registration of the mini program (3336818686838568).
    (
        2029,
        Deny,
        "the name is taken",
        "the user chooses another name",
    ),
    (2094, Fail, "registration failed", ASK_OPERATOR),
    // Company users (2923093734632458).
    (
        2072,
        Deny,
        "the captcha has expired or is wrong",
        "the user solves a new captcha",
    ),
    (
        2073,
        Deny,
        "the captcha has expired or is wrong",
        "the user solves a new captcha",
    ),
    // SMS (2714110949361841).
    (
        3020,
        RetryLater,
        "the SMS could not be sent",
        "try again later",
    ),
    (
        3021,
        Deny,
        "an SMS was sent a moment ago",
        "the user waits before another SMS is requested",
    ),
    (3022, Deny, "the SMS code is invalid", NEW_SMS),
];

const CHECK_APPID: &str =
    "compare the appid that the application sends with the one that the operator configured";
const ASK_OPERATOR: &str = "ask the operator of the binding service; its log has the cause";
const NEW_SMS: &str = "the user requests a new SMS code";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_code_is_listed_twice() {
        assert_eq!(ErrorCodes::binding().listed().count(), ENTRIES.len());
    }
}
