//! Numbers of the openid-binding service. The numbers in brackets are pages of
//! <https://www.showdoc.com.cn/east/>.

use super::entry::{CodeEntry, LOG_IN_AGAIN, Reaction, entry};

pub(super) const ENTRIES: &[CodeEntry] = &[
    // Check (2107969430195298).
    // An answer of the check and no error there; an error of every other call.
    entry(
        2000,
        Reaction::Fault,
        "the openid is bound to no user (微信openid未绑定用户)",
    )
    .with_remedy("the user binds an account first"),
    entry(
        2001,
        Reaction::Relogin,
        "the openid could not be fetched (获取微信openid失败), mostly for an invalid code",
    )
    .with_remedy(LOG_IN_AGAIN),
    entry(
        2002,
        Reaction::Configuration,
        "the operator has no official account configured (运营商未配置公众号信息)",
    )
    .with_remedy("the operator configures the official account at the binding service"),
    entry(
        2003,
        Reaction::Retry,
        "the operator's data could not be fetched (获取运营商信息失败)",
    )
    .with_remedy(
        "try again later, with a new code; if it repeats, the operator checks its configuration",
    ),
    entry(
        2004,
        Reaction::Relogin,
        "the code is empty (获取openid时code不能为空)",
    )
    .with_remedy(LOG_IN_AGAIN),
    entry(
        2035,
        Reaction::Configuration,
        "the appid does not exist (微信APPID不存在)",
    )
    .with_remedy(CHECK_APPID),
    // Mini program (3336942484424867): it has 200 where the check has 2001; therefore 200 is nowhere a success.
    entry(
        200,
        Reaction::Relogin,
        "the openid could not be fetched (获取微信openid失败)",
    )
    .with_remedy(LOG_IN_AGAIN),
    // Global (2051211593999473).
    entry(440_001, Reaction::Fault, "unknown exception").with_remedy(ASK_OPERATOR),
    entry(440_002, Reaction::Denied, "no permission")
        .with_remedy("the operator grants the right to the user or to the call"),
    entry(440_003, Reaction::Relogin, "not logged in").with_remedy(LOG_IN_AGAIN),
    entry(440_004, Reaction::Relogin, "the user's token is invalid").with_remedy(LOG_IN_AGAIN),
    entry(440_007, Reaction::Fault, "the request failed").with_remedy(ASK_OPERATOR),
    // Older global page (2051190190791830, 全局通用消息码).
    entry(401, Reaction::Relogin, "not logged in").with_remedy(LOG_IN_AGAIN),
    entry(
        426,
        Reaction::Relogin,
        "the user does not exist or the password is wrong",
    )
    .with_remedy(LOG_IN_AGAIN),
    // Global and registration (2153721931068981).
    entry(
        2005,
        Reaction::Relogin,
        "the user's token at WeChat is lost",
    )
    .with_remedy(LOG_IN_AGAIN),
    entry(2009, Reaction::Relogin, "the openid is empty").with_remedy(LOG_IN_AGAIN),
    entry(
        2010,
        Reaction::Retry,
        "the user's data could not be fetched",
    )
    .with_remedy("try again later"),
    entry(
        2019,
        Reaction::Configuration,
        "the server does not know the appid",
    )
    .with_remedy(CHECK_APPID),
    entry(
        2022,
        Reaction::Configuration,
        "the default agent is missing",
    )
    .with_remedy("the operator configures a default agent at the binding service"),
    entry(
        2050,
        Reaction::Fault,
        "the data of the registration are incomplete",
    )
    .with_remedy("fix the request: compare its parameters with the page of the call"),
    // Binding (2195723471259705) and registration.
    entry(2014, Reaction::Denied, "the SMS code has expired").with_remedy(NEW_SMS),
    entry(2015, Reaction::Denied, "the SMS code is wrong").with_remedy(NEW_SMS),
    entry(2030, Reaction::Denied, "the user does not exist")
        .with_remedy("the user registers first"),
    entry(2031, Reaction::Fault, "binding failed").with_remedy(ASK_OPERATOR),
    entry(
        2034,
        Reaction::Denied,
        "the user is bound to another WeChat account already",
    )
    .with_remedy("the user removes the other binding first"),
    // Registration of the mini program (3336818686838568).
    entry(2029, Reaction::Denied, "the name is taken").with_remedy("the user chooses another name"),
    entry(2094, Reaction::Fault, "registration failed").with_remedy(ASK_OPERATOR),
    // Company users (2923093734632458).
    entry(
        2072,
        Reaction::Denied,
        "the captcha has expired or is wrong",
    )
    .with_remedy("the user solves a new captcha"),
    entry(
        2073,
        Reaction::Denied,
        "the captcha has expired or is wrong",
    )
    .with_remedy("the user solves a new captcha"),
    // SMS (2714110949361841).
    entry(3020, Reaction::Retry, "the SMS could not be sent").with_remedy("try again later"),
    entry(3021, Reaction::Denied, "an SMS was sent a moment ago")
        .with_remedy("the user waits before another SMS is requested"),
    entry(3022, Reaction::Denied, "the SMS code is invalid").with_remedy(NEW_SMS),
];

const CHECK_APPID: &str =
    "compare the appid that the application sends with the one that the operator configured";
const ASK_OPERATOR: &str = "ask the operator of the binding service; its log has the cause";
const NEW_SMS: &str = "the user requests a new SMS code";
