//! WeChat's page that gives an official account a code (网页授权).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{HeaderValue, header};
use percent_encoding::{CONTROLS, utf8_percent_encode};
use url::form_urlencoded;

use super::answer::Answer;
use super::authorize::{AuthorizeRequest, PRETEND};
use super::call::Call;
use super::endpoint::Endpoint;
use super::fault::{Fault, Faults};
use super::follower::Follower;
use super::grant::Codes;
use super::provenance::{Behaviour, Provenance, labelled};
use super::query::{parameter, with_parameters};
use super::quirk::Quirk;
use super::wechat_page;
use super::weika::bad_request;

pub(super) struct Wechat {
    /// The official accounts; the first is the sandbox's own.
    pub(super) app_ids: Vec<String>,
    /// Where the accounts' pages are; any host if there is none.
    pub(super) redirect_domains: Vec<String>,
    pub(super) followers: Vec<Follower>,
    pub(super) codes: Codes,
    pub(super) faults: Faults,
    pub(super) approval: Mutex<WechatApproval>,
    pub(super) any_browser: AtomicBool,
}

/// Who holds the phone when a browser comes to WeChat's page.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum WechatApproval {
    /// A page asks whose phone this is, and whether to allow it.
    Ask,
    /// The follower of this id is sent back with a code at once, whatever the scope.
    Approve(String),
    /// The follower declines at once.
    Decline,
}

labelled! {
    /// Why WeChat's page shows an error instead of going on. People see it in WeChat; the application never
    /// hears of it.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    #[non_exhaustive]
    pub enum WechatRefusal {
        /// The browser is not WeChat's.
        NotWechat: Observed, "developers.weixin.qq.com/community/develop/doc/0000cc24be8680a6aa0267a9860800";
        /// The parameters are not in the documented order, or there are others, or one is there twice.
        ParameterOrder: Documented, "网页授权: 参数顺序不对,授权页面将无法正常访问";
        /// `response_type` is not `code`.
        ResponseType: Inferred, "网页授权: 返回类型,请填写code; what is shown is not said";
        /// The host and port of `redirect_uri` are not what the account has registered: 10003.
        RedirectUriMismatch: Documented, "csdn 86527897, a copy of the table; with a port: csdn 119905706";
        /// There is no such scope: 10005.
        UnknownScope: Documented, "csdn 86527897, a copy of the table: 该公众号没有这个scope的权限";
        /// `scope` is missing or empty: 10010.
        ScopeEmpty: Documented, "csdn 86527897, a copy of the table";
        /// `redirect_uri` is missing or empty: 10011.
        RedirectUriEmpty: Documented, "csdn 86527897, a copy of the table";
        /// `appid` is missing or empty: 10012.
        AppIdEmpty: Documented, "csdn 86527897, a copy of the table";
        /// `state` has more than 128 bytes.
        StateTooLong: Observed, "aspnet-contrib/AspNet.Security.OAuth.Providers#168: state参数过长";
        /// `state` has something else than letters and digits.
        StateAlphabet: Inferred, "网页授权: a-zA-Z0-9的参数值; what is shown is not said";
        /// There is no such official account: 40013.
        UnknownAppId: Inferred, "the number that WeChat's interfaces use";
    }
}

pub(super) const LABELS: &[Behaviour] = &[
    label(
        "refusal_is_a_page_with_status_200",
        Provenance::Observed,
        "community/develop/doc/0002421ca10040a7b6513ad2b61400",
    ),
    label("browser_checked_first", Provenance::Inferred, "no document says in which order is checked"),
    label("wecom_is_not_wechat", Provenance::Inferred, "wxwork in the User-Agent: accounts of WeCom are others"),
    label(
        "parameters_after_state",
        Provenance::Observed,
        "forcePopup, forceSnapShot, and connect_redirect of chanxuehong/wechat#226",
    ),
    label(
        "state_optional",
        Provenance::Documented,
        "网页授权: state 否; csdn 86527897 lists 10013 state不能为空 beside it",
    ),
    label("state_absent_if_absent", Provenance::Inferred, "state is optional in 网页授权; its return is not described"),
    label("state_empty_if_empty", Provenance::Inferred, "state is returned unchanged; an empty one is not described"),
    label("snsapi_base_is_silent", Provenance::Documented, "网页授权: 静默授权并自动跳转到回调页"),
    label("snsapi_userinfo_asks", Provenance::Documented, "网页授权: 弹出授权页面"),
    label("decline_brings_state_only", Provenance::Observed, "cnblogs xiaofenguo/p/8400352"),
    label("code_single_use", Provenance::Documented, "网页授权: code只能使用一次"),
    label("code_lives_5_minutes", Provenance::Documented, "网页授权: 5分钟未被使用自动过期"),
    label("code_of_32_characters", Provenance::Observed, "samples in public questions; the length has changed before"),
    label("code_bound_to_appid", Provenance::Observed, "community/minihome/doc/00000ca9a30220eb81432af986b400"),
    label(
        "any_redirect_host_unless_registered",
        Provenance::Inferred,
        "the sandbox's own, for development; WeChat insists",
    ),
    label("openid_differs_by_account", Provenance::Documented, "网页授权: 用户的唯一标识, one for each account"),
    label("pretend_link", Provenance::Inferred, "the sandbox's own, for development on a desktop"),
];

const fn label(name: &'static str, provenance: Provenance, source: &'static str) -> Behaviour {
    Behaviour { group: "WeChat", name, provenance, source }
}

impl Wechat {
    /// The page that asks, or the way back if there is nothing to ask.
    pub(super) fn authorize(&self, call: &Call<'_>) -> Answer {
        let request = match self.admitted(call, call.query()) {
            Ok(request) => request,
            Err(page) => return page,
        };
        let approval = self.approval().clone();
        let decision = match approval {
            WechatApproval::Ask => return Answer::page(wechat_page::ask(&self.followers, &request, call.query())),
            WechatApproval::Approve(follower) => {
                form_urlencoded::Serializer::new(String::new()).append_pair("person", &follower).finish()
            }
            WechatApproval::Decline => "decline=1".to_owned(),
        };
        let fault = self.faults.take_on_the_way_back(Endpoint::WechatApprove);
        self.send_back(&decision, &request, call.quirks, fault.as_ref())
    }

    /// Sends the browser back. The decision is the first parameter; the rest is the request as it came.
    pub(super) fn approve(&self, call: &Call<'_>) -> Answer {
        let query = call.query();
        let (decision, query) = query.split_once('&').unwrap_or((query, ""));
        match self.admitted(call, query) {
            Ok(request) => self.send_back(decision, &request, call.quirks, call.fault),
            Err(page) => page,
        }
    }

    /// A code for the follower of this id at the official account `app`.
    pub(super) fn issue_code(&self, app: usize, follower: &str) -> Option<String> {
        let follower = self.followers.iter().position(|it| it.id() == follower)?;
        self.codes.issue(app, follower).ok()
    }

    pub(super) fn approval(&self) -> MutexGuard<'_, WechatApproval> {
        self.approval.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which official account this is.
    pub(super) fn app(&self, app_id: &str) -> Option<usize> {
        self.app_ids.iter().position(|it| it == app_id)
    }

    /// The request in `query`, if everything about it and about the browser is right.
    fn admitted(&self, call: &Call<'_>, query: &str) -> Result<AuthorizeRequest, Answer> {
        let pretends = parameter(query, PRETEND.0).as_deref() == Some(PRETEND.1);
        let wechat = self.any_browser.load(Ordering::Acquire) || is_wechat(call.header(header::USER_AGENT));
        if !wechat && !pretends {
            return Err(WechatRefusal::NotWechat.page(query));
        }
        let request = AuthorizeRequest::parse(query).map_err(|refusal| refusal.page(query))?;
        if self.app(&request.app_id).is_none() {
            return Err(WechatRefusal::UnknownAppId.page(query));
        }
        let host = request.host();
        let registered = self.redirect_domains.is_empty() || self.redirect_domains.contains(&host);
        if registered { Ok(request) } else { Err(WechatRefusal::RedirectUriMismatch.page(query)) }
    }

    fn send_back(&self, decision: &str, request: &AuthorizeRequest, quirks: &[Quirk], fault: Option<&Fault>) -> Answer {
        let mut parameters = Vec::new();
        if parameter(decision, "decline").is_none() {
            let Some(follower) = parameter(decision, "person") else {
                return bad_request("没有选择是谁", "Nobody was chosen");
            };
            let earlier = if fault == Some(&Fault::SameCode) { self.codes.last() } else { None };
            let code = earlier.or_else(|| self.issue_code(self.app(&request.app_id)?, &follower));
            let Some(code) = code else {
                return bad_request("没有这个人", "There is no such person");
            };
            parameters.push(format!("code={code}"));
        }
        if let Some(state) = &request.state {
            match fault {
                Some(Fault::StateMissing) => {}
                Some(Fault::AlteredState(suffix)) => parameters.push(format!("state={state}{suffix}")),
                _ => parameters.push(format!("state={state}")),
            }
        }
        let twice = quirks.contains(&Quirk::SecondQuestionMark);
        let location = with_parameters(&request.redirect_uri, &parameters.join("&"), twice);
        let location = utf8_percent_encode(&location, CONTROLS).to_string();
        match HeaderValue::try_from(location) {
            Ok(location) => Answer::redirect(location),
            Err(_) => bad_request("回调地址不对", "redirect_uri is not an address"),
        }
    }
}

impl WechatRefusal {
    /// The number on the page, where one is known.
    #[must_use]
    pub const fn number(self) -> Option<i64> {
        Some(match self {
            Self::RedirectUriMismatch => 10003,
            Self::UnknownScope => 10005,
            Self::ScopeEmpty => 10010,
            Self::RedirectUriEmpty => 10011,
            Self::AppIdEmpty => 10012,
            Self::UnknownAppId => 40013,
            Self::NotWechat | Self::ParameterOrder | Self::ResponseType | Self::StateTooLong | Self::StateAlphabet => {
                return None;
            }
        })
    }

    /// What the page has in `data-error`: the number, or a word of the sandbox's own.
    #[must_use]
    pub fn mark(self) -> String {
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

    fn page(self, query: &str) -> Answer {
        let page = match self {
            Self::NotWechat => wechat_page::not_wechat(query),
            _ => wechat_page::refusal(self),
        };
        Answer::refusing_page(page, self.number().unwrap_or(200))
    }
}

/// WeCom's browser names `MicroMessenger` too, so it is looked for first.
fn is_wechat(user_agent: &str) -> bool {
    let user_agent = user_agent.to_ascii_lowercase();
    !user_agent.contains("wxwork/") && user_agent.contains("micromessenger")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wechat_is_known_by_its_user_agent_and_wecom_is_not_wechat() {
        for (user_agent, expected) in [
            ("Mozilla/5.0 (iPhone) Mobile/15E148 MicroMessenger/8.0.59(0x18003b28) NetType/WIFI", true),
            ("mozilla/5.0 micromessenger/7.0.20.1781", true),
            ("Mozilla/5.0 (iPhone)  Mobile/15E148 wxwork/4.0.19 MicroMessenger/7.0.1", false),
            ("Mozilla/5.0 WXWORK/4.1.3 (MicroMessenger/6.2) WindowsWechat", false),
            ("Mozilla/5.0 Chrome/140.0.0.0 Safari/537.36", false),
            ("", false),
        ] {
            assert_eq!(is_wechat(user_agent), expected, "{user_agent}");
        }
    }
}
