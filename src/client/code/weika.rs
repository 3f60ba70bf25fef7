//! Numbers of Weika.

use super::entry::{CodeEntry, LOG_IN_AGAIN, Reaction, entry};

pub(super) const ENTRIES: &[CodeEntry] = &[
    // Manager login: <https://wiki.weixiao.qq.com/api/third/admin.html>.
    entry(
        6001,
        Reaction::Relogin,
        "invalid code: the wxcode is used, expired or of another application",
    )
    .with_remedy(LOG_IN_AGAIN),
    // Tokens and members: <https://cloud.tencent.com/document/api/1523/87715>.
    // WeChat's 40001 also means a stale token; Weika's does not.
    entry(
        40001,
        Reaction::Configuration,
        "app_key or app_secret is wrong (不合法)",
    )
    .with_remedy("compare app_key and app_secret with the application's page in the Weika console"),
    entry(
        40002,
        Reaction::RefreshToken,
        "the access_token has expired (过期)",
    )
    .with_remedy(ONE_TOKEN),
    entry(40003, Reaction::Relogin, "the wxcode is invalid (不合法)").with_remedy(LOG_IN_AGAIN),
    entry(
        40005,
        Reaction::RefreshToken,
        "the access_token is invalid (无效)",
    )
    .with_remedy(ONE_TOKEN),
    entry(
        40006,
        Reaction::Configuration,
        "the school_code does not exist",
    )
    .with_remedy("check the school_code or ocode that the application sends"),
    entry(
        40007,
        Reaction::Denied,
        "the card number (电子卡号) does not exist",
    )
    .with_remedy("the school checks the member's card number at Weika"),
    entry(40008, Reaction::Denied, "no permission (权限不足)").with_remedy(ASK_FOR_RIGHT),
    entry(40009, Reaction::Fault, "a parameter is missing").with_remedy(FIX_REQUEST),
    entry(40010, Reaction::Fault, "a parameter is wrong").with_remedy(FIX_REQUEST),
    entry(
        40018,
        Reaction::Configuration,
        "the school has not enabled the application (没有开启应用)",
    )
    .with_remedy("the school's administrator enables the application in Weika"),
    // Cards: <https://wiki.weixiao.qq.com/api/third/cardMnpStu.html>.
    entry(
        10005,
        Reaction::Configuration,
        "the app_key has no right to the card call",
    )
    .with_remedy(ASK_FOR_RIGHT),
    entry(42007, Reaction::Denied, "the card is unknown")
        .with_remedy("the school checks the member's card number at Weika"),
    entry(
        42008,
        Reaction::Configuration,
        "the request cannot be decrypted",
    )
    .with_remedy("check the key and the algorithm with which the application encrypts"),
    entry(42009, Reaction::Retry, "network error").with_remedy("try again later"),
    entry(43001, Reaction::Configuration, "the school does not exist")
        .with_remedy("check the school_code or ocode that the application sends"),
    entry(44002, Reaction::Denied, "the member does not exist")
        .with_remedy("the school adds the member at Weika"),
    // E-codes: <https://wiki.weixiao.qq.com/api/inner/ecode/wecardCodePluginApp.html>.
    entry(20001, Reaction::RefreshToken, "the token has expired").with_remedy(ONE_TOKEN),
    entry(20002, Reaction::RefreshToken, "the token is wrong").with_remedy(ONE_TOKEN),
    entry(11101, Reaction::Denied, "the user is frozen")
        .with_remedy("the school unfreezes the member at Weika"),
    entry(
        11102,
        Reaction::Denied,
        "the user is on the payment blacklist",
    )
    .with_remedy("the school removes the member from the blacklist at Weika"),
    entry(11103, Reaction::Denied, "the user's identity has expired")
        .with_remedy("the school renews the member's identity at Weika"),
];

const ONE_TOKEN: &str = "the client fetches a token once; if it repeats, another process fetches tokens with the same app_key";
const ASK_FOR_RIGHT: &str = "request the right to this call for the app_key at Tencent";
const FIX_REQUEST: &str = "fix the request: compare its parameters with Weika's page of the call";
