//! What the error numbers of an upstream system call for.
//!
//! The numbers of Weika and of WeChat overlap and mean different things (40001, 40002, 40003), so there is one
//! table per upstream system and none in common.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::ErrorKind;

/// What to do about an error number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Reaction {
    /// The one-time code is no good: log in again.
    Relogin,
    /// The access token is no good: fetch another one, once.
    RefreshToken,
    /// Busy: try again later, by hand.
    Retry,
    /// The application is set up wrongly: tell whoever runs it.
    Configuration,
    /// This person may not.
    Denied,
    /// Anything else: a failure of the upstream system, or of ours.
    Fault,
}

impl Reaction {
    pub(super) const fn kind(self) -> ErrorKind {
        match self {
            Self::Relogin => ErrorKind::InvalidCode,
            Self::RefreshToken => ErrorKind::TokenRejected,
            Self::Retry => ErrorKind::Busy,
            Self::Configuration => ErrorKind::Configuration,
            Self::Denied => ErrorKind::Denied,
            Self::Fault => ErrorKind::Fault,
        }
    }
}

/// Error numbers of one upstream system. What is not in it is a [`Reaction::Fault`].
///
/// ```
/// use tower_weika::client::{CodeTable, Reaction};
///
/// let codes = CodeTable::weika().with(50_000, Reaction::Retry);
/// assert_eq!(codes.reaction(50_000), Reaction::Retry);
/// assert_eq!(codes.reaction(6001), Reaction::Relogin);
/// assert_eq!(codes.reaction(12_345), Reaction::Fault);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodeTable(Arc<HashMap<i64, Reaction>>);

impl CodeTable {
    /// A table without entries.
    #[must_use]
    pub fn empty() -> Self {
        Self(Arc::default())
    }

    /// What is known of Weika.
    #[must_use]
    pub fn weika() -> Self {
        Self(Arc::new(WEIKA.iter().copied().collect()))
    }

    /// What is known of the openid-binding service and of its calls around binding. 2000, "not bound", is an
    /// answer there and no error.
    #[must_use]
    pub fn binding() -> Self {
        Self(Arc::new(BINDING.iter().copied().collect()))
    }

    /// What is known of Kesion: nothing. Its page names two numbers (3001, 3002), which are answers and no errors; its
    /// list of the others is not public.
    #[must_use]
    pub fn kesion() -> Self {
        Self::empty()
    }

    /// The same table with one more entry, or with another reaction to a number. 0 is never looked up.
    #[must_use]
    pub fn with(mut self, code: i64, reaction: Reaction) -> Self {
        Arc::make_mut(&mut self.0).insert(code, reaction);
        self
    }

    /// What `code` calls for.
    #[must_use]
    pub fn reaction(&self, code: i64) -> Reaction {
        self.0.get(&code).copied().unwrap_or(Reaction::Fault)
    }
}

/// Each entry with its meaning and the page that says so:
/// manager = <https://wiki.weixiao.qq.com/api/third/admin.html>,
/// token = <https://cloud.tencent.com/document/api/1523/87715>,
/// card = <https://wiki.weixiao.qq.com/api/third/cardMnpStu.html>,
/// e-code = <https://wiki.weixiao.qq.com/api/inner/ecode/wecardCodePluginApp.html>.
const WEIKA: &[(i64, Reaction)] = &[
    // manager: invalid code (spent, expired or foreign wxcode)
    (6001, Reaction::Relogin),
    // token: app_key or app_secret invalid 不合法. WeChat's 40001 also means a stale token; Weika's does not
    (40001, Reaction::Configuration),
    // token: access_token expired 过期
    (40002, Reaction::RefreshToken),
    // token: wxcode invalid 不合法
    (40003, Reaction::Relogin),
    // token: access_token invalid 无效
    (40005, Reaction::RefreshToken),
    // token: school_code does not exist
    (40006, Reaction::Configuration),
    // token: card number 电子卡号 does not exist
    (40007, Reaction::Denied),
    // token: no permission 权限不足
    (40008, Reaction::Denied),
    // token: parameter missing; a mistake in the program
    (40009, Reaction::Fault),
    // token: parameter wrong; a mistake in the program
    (40010, Reaction::Fault),
    // token: the school has not switched the application on 没有开启应用
    (40018, Reaction::Configuration),
    // card: the key has no right
    (10005, Reaction::Configuration),
    // card: card unknown
    (42007, Reaction::Denied),
    // card: cannot decrypt
    (42008, Reaction::Configuration),
    // card: network error
    (42009, Reaction::Retry),
    // card: school not found
    (43001, Reaction::Configuration),
    // card: member not found
    (44002, Reaction::Denied),
    // e-code: token expired
    (20001, Reaction::RefreshToken),
    // e-code: token wrong
    (20002, Reaction::RefreshToken),
    // e-code: user frozen
    (11101, Reaction::Denied),
    // e-code: on the pay black-list
    (11102, Reaction::Denied),
    // e-code: identity lapsed
    (11103, Reaction::Denied),
];

/// Each entry with its meaning and the page of <https://www.showdoc.com.cn/east/> that says so:
/// check = 2107969430195298, global = 2051211593999473, older = 2051190190791830 (全局通用消息码),
/// mini-program = 3336942484424867, register = 2153721931068981, bind = 2195723471259705, sms = 2714110949361841,
/// mini-program register = 3336818686838568, company = 2923093734632458.
const BINDING: &[(i64, Reaction)] = &[
    // mini-program: 获取微信openid失败, where check has 2001; a slip there, and so never a success anywhere
    (200, Reaction::Relogin),
    // check: getting the openid failed 获取微信openid失败; mostly because WeChat's code is no good
    (2001, Reaction::Relogin),
    // check: the operator has set up no official account 运营商未配置公众号信息
    (2002, Reaction::Configuration),
    // check: getting the operator's data failed 获取运营商信息失败; later, with a new code
    (2003, Reaction::Retry),
    // check: the code must not be empty 获取openid时code不能为空
    (2004, Reaction::Relogin),
    // check: no such appid 微信APPID不存在
    (2035, Reaction::Configuration),
    // global: unknown exception
    (440001, Reaction::Fault),
    // global: no permission
    (440002, Reaction::Denied),
    // global: not logged in
    (440003, Reaction::Relogin),
    // global: token invalid
    (440004, Reaction::Relogin),
    // global: request failed
    (440007, Reaction::Fault),
    // older: not logged in; global has 440003 for it
    (401, Reaction::Relogin),
    // older: user missing or wrong password
    (426, Reaction::Relogin),
    // global: the user's token at WeChat is lost
    (2005, Reaction::Relogin),
    // global, register: the openid is empty
    (2009, Reaction::Relogin),
    // global, register: getting the user's data failed
    (2010, Reaction::Retry),
    // global, register: the server has no such appid
    (2019, Reaction::Configuration),
    // global: the default agent is missing
    (2022, Reaction::Configuration),
    // global, register: the data of a registration is incomplete; a mistake in the program
    (2050, Reaction::Fault),
    // bind, register: the code of the SMS has lapsed
    (2014, Reaction::Denied),
    // bind, register: the code of the SMS is wrong
    (2015, Reaction::Denied),
    // mini-program register: the name is taken
    (2029, Reaction::Denied),
    // bind: no such user; somebody to register
    (2030, Reaction::Denied),
    // bind: binding failed
    (2031, Reaction::Fault),
    // bind: the user is bound to another WeChat already
    (2034, Reaction::Denied),
    // company: the captcha, lapsed or wrong
    (2072, Reaction::Denied),
    // company: the captcha, lapsed or wrong
    (2073, Reaction::Denied),
    // mini-program register: registering failed
    (2094, Reaction::Fault),
    // sms: sending failed
    (3020, Reaction::Retry),
    // sms: one was sent a moment ago, do not send another
    (3021, Reaction::Denied),
    // sms: invalid code
    (3022, Reaction::Denied),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weika_numbers_call_for_what_the_documents_say() {
        let table = CodeTable::weika();
        for (code, kind) in [
            (6001, ErrorKind::InvalidCode),
            (40003, ErrorKind::InvalidCode),
            (40001, ErrorKind::Configuration),
            (40018, ErrorKind::Configuration),
            (40002, ErrorKind::TokenRejected),
            (40005, ErrorKind::TokenRejected),
            (20001, ErrorKind::TokenRejected),
            (40008, ErrorKind::Denied),
            (11103, ErrorKind::Denied),
            (42009, ErrorKind::Busy),
            (40009, ErrorKind::Fault),
        ] {
            assert_eq!(table.reaction(code).kind(), kind, "{code}");
        }
    }

    #[test]
    fn binding_numbers_call_for_what_the_documents_say() {
        let table = CodeTable::binding();
        for (reaction, codes) in [
            (Reaction::Relogin, &[200, 401, 426, 2001, 2004, 2005, 2009, 440_003, 440_004][..]),
            (Reaction::Configuration, &[2002, 2019, 2022, 2035]),
            (Reaction::Retry, &[2003, 2010, 3020]),
            (Reaction::Denied, &[2014, 2015, 2029, 2030, 2034, 2072, 2073, 3021, 3022, 440_002]),
            (Reaction::Fault, &[2031, 2050, 2094, 440_001, 440_007]),
        ] {
            for code in codes {
                assert_eq!(table.reaction(*code), reaction, "{code}");
            }
        }
        assert!(!table.0.contains_key(&0) && !table.0.contains_key(&2000), "these are answers");
    }

    #[test]
    fn no_upstream_system_is_judged_by_the_table_of_another() {
        assert_eq!(CodeTable::weika().reaction(2001), Reaction::Fault);
        assert_eq!(CodeTable::binding().reaction(6001), Reaction::Fault);
    }

    #[test]
    fn unknown_numbers_are_faults() {
        for code in [-1, 1, 40004, 45009, i64::MAX, i64::MIN] {
            assert_eq!(CodeTable::weika().reaction(code), Reaction::Fault);
            assert_eq!(CodeTable::binding().reaction(code), Reaction::Fault);
        }
    }

    #[test]
    fn no_number_is_listed_twice() {
        assert_eq!(CodeTable::weika().0.len(), WEIKA.len());
        assert_eq!(CodeTable::binding().0.len(), BINDING.len());
    }
}
