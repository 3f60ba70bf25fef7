//! Error codes of Weika.

use crate::client::ErrorAction::{Configure, Deny, Fail, LogInAgain, RefreshToken, RetryLater};
use crate::client::error_codes::{Entry, ErrorCodes, LOG_IN_AGAIN};

impl ErrorCodes {
    /// The known error codes of Weika.
    #[must_use]
    pub fn weika() -> Self {
        Self::of(ENTRIES)
    }
}

const ENTRIES: &[Entry] = &[
    // Manager login: <https://wiki.weixiao.qq.com/api/third/admin.html>.
    (
        6001,
        LogInAgain,
        "invalid code: the wxcode is used, expired or of another application",
        LOG_IN_AGAIN,
    ),
    // Tokens and members: <https://cloud.tencent.com/document/api/1523/87715>.
    // WeChat's 40001 also means a stale token; Weika's does not.
    (
        40001,
        Configure,
        "app_key or app_secret is wrong (不合法)",
        "compare app_key and app_secret with the application's page in the Weika console",
    ),
    (
        40002,
        RefreshToken,
        "the access_token has expired (过期)",
        ONE_TOKEN,
    ),
    (
        40003,
        LogInAgain,
        "the wxcode is invalid (不合法)",
        LOG_IN_AGAIN,
    ),
    (
        40005,
        RefreshToken,
        "the access_token is invalid (无效)",
        ONE_TOKEN,
    ),
    (
        40006,
        Configure,
        "the school_code does not exist",
        "check the school_code or ocode that the application sends",
    ),
    (
        40007,
        Deny,
        "the card number (电子卡号) does not exist",
        "the school checks the member's card number at Weika",
    ),
    (40008, Deny, "no permission (权限不足)", ASK_FOR_RIGHT),
    (40009, Fail, "a parameter is missing", FIX_REQUEST),
    (40010, Fail, "a parameter is wrong", FIX_REQUEST),
    (
        40018,
        Configure,
        "the school has not enabled the application (没有开启应用)",
        "the school's administrator enables the application in Weika",
    ),
    // Cards: <https://wiki.weixiao.qq.com/api/third/cardMnpStu.html>.
    (
        10005,
        Configure,
        "the app_key has no right to the card call",
        ASK_FOR_RIGHT,
    ),
    (
        42007,
        Deny,
        "the card is unknown",
        "the school checks the member's card number at Weika",
    ),
    (
        42008,
        Configure,
        "the request cannot be decrypted",
        "check the key and the algorithm with which the application encrypts",
    ),
    (42009, RetryLater, "network error", "try again later"),
    (
        43001,
        Configure,
        "the school does not exist",
        "check the school_code or ocode that the application sends",
    ),
    (
        44002,
        Deny,
        "the member does not exist",
        "the school adds the member at Weika",
    ),
    // E-codes: <https://wiki.weixiao.qq.com/api/inner/ecode/wecardCodePluginApp.html>.
    (20001, RefreshToken, "the token has expired", ONE_TOKEN),
    (20002, RefreshToken, "the token is wrong", ONE_TOKEN),
    (
        11101,
        Deny,
        "the user is frozen",
        "the school unfreezes the member at Weika",
    ),
    (
        11102,
        Deny,
        "the user is on the payment blacklist",
        "the school removes the member from the blacklist at Weika",
    ),
    (
        11103,
        Deny,
        "the user's identity has expired",
        "the school renews the member's identity at Weika",
    ),
];

const ONE_TOKEN: &str = "the client fetches a token once; if it repeats, another process fetches tokens with the same app_key";
const ASK_FOR_RIGHT: &str = "request the right to this call for the app_key at Tencent";
const FIX_REQUEST: &str = "fix the request: compare its parameters with Weika's page of the call";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_code_is_listed_twice() {
        assert_eq!(ErrorCodes::weika().listed().count(), ENTRIES.len());
    }
}
