//! Endpoints of WeChat's pages that give an application a code.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

use http::header;
use url::form_urlencoded;

use super::app::WechatApp;
use super::approval::WechatApproval;
use super::authorize_request::{AuthorizePage, AuthorizeRequest, PRETEND, Scope};
use super::page;
use super::refusal::WechatRefusal;
use crate::endpoint::Endpoint;
use crate::lock::lock;
use crate::message::call::Call;
use crate::message::query::parameter;
use crate::message::reply::Reply;
use crate::state::code::Codes;
use crate::state::fault::{Fault, Faults};
use crate::state::variation::Variation;
use crate::state::wechat_person::WechatPerson;
use crate::system::redirect;

/// WeChat with its applications and people.
pub(crate) struct Wechat {
    /// The first is the sandbox's own official account, the last its own website application.
    pub(crate) apps: Vec<WechatApp>,
    /// Hosts to which browsers may be redirected; every host if empty.
    pub(crate) redirect_domains: Vec<String>,
    pub(crate) people: Vec<WechatPerson>,
    /// Codes of the official accounts.
    pub(crate) codes: Codes<Grant>,
    /// Codes of the website applications, which live longer.
    pub(crate) website_codes: Codes<Grant>,
    pub(crate) faults: Faults,
    pub(crate) approval: Mutex<WechatApproval>,
    pub(crate) any_browser: AtomicBool,
    /// Whether the applications belong to one account of the Open Platform.
    pub(crate) open_platform: AtomicBool,
}

/// Grant of a code: the person, by number, and the extent of the authorization.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant {
    pub(crate) person: usize,
    pub(crate) scope: Scope,
}

impl Wechat {
    /// Returns the page that asks, or the redirect to the application if the decision is made.
    pub(crate) fn authorize(&self, call: &Call<'_>) -> Reply {
        self.decide(AuthorizePage::OfficialAccount, call)
    }

    /// Returns the page at a desk, or the redirect to the application if the decision is made.
    pub(crate) fn qr_connect(&self, call: &Call<'_>) -> Reply {
        self.decide(AuthorizePage::Website, call)
    }

    fn decide(&self, page: AuthorizePage, call: &Call<'_>) -> Reply {
        let request = match self.valid_request(page, call, call.query()) {
            Ok(request) => request,
            Err(page) => return page,
        };
        let approval = self.approval().clone();
        let decision = match approval {
            WechatApproval::Ask => {
                return Reply::page(page::ask(&self.people, &request, call.query()));
            }
            WechatApproval::Approve(person) => form_urlencoded::Serializer::new(String::new())
                .append_pair("person", &person)
                .finish(),
            WechatApproval::Decline => "decline=1".to_owned(),
        };
        let fault = self.faults.take_for_redirect(Endpoint::WechatApprove);
        self.redirect(&decision, &request, call.variations, fault.as_ref())
    }

    /// Redirects to the application. The decision is the first parameter; the rest is the request
    /// as received.
    pub(crate) fn approve(&self, call: &Call<'_>) -> Reply {
        let query = call.query();
        let (decision, query) = query.split_once('&').unwrap_or((query, ""));
        match self.valid_request(AuthorizePage::of(query), call, query) {
            Ok(request) => self.redirect(decision, &request, call.variations, call.fault),
            Err(page) => page,
        }
    }

    /// Issues a code for the person of this id at the application `app`.
    pub(crate) fn issue_code(&self, app: usize, scope: Scope, person: &str) -> Option<String> {
        let person = self.people.iter().position(|it| it.id() == person)?;
        self.codes_of(app).issue(app, Grant { person, scope }).ok()
    }

    /// Returns the codes of an application.
    pub(crate) fn codes_of(&self, app: usize) -> &Codes<Grant> {
        match self.apps[app].page {
            AuthorizePage::OfficialAccount => &self.codes,
            AuthorizePage::Website => &self.website_codes,
        }
    }

    pub(crate) fn is_on_open_platform(&self) -> bool {
        self.open_platform.load(Ordering::Acquire)
    }

    pub(crate) fn approval(&self) -> MutexGuard<'_, WechatApproval> {
        lock(&self.approval)
    }

    /// Returns the number of an official account.
    pub(crate) fn official_account(&self, app_id: &str) -> Option<usize> {
        let app = self.app(app_id)?;
        (self.apps[app].page == AuthorizePage::OfficialAccount).then_some(app)
    }

    /// Returns the number of an application.
    fn app(&self, app_id: &str) -> Option<usize> {
        self.apps.iter().position(|it| it.app_id == app_id)
    }

    /// Returns the request in `query`, if the request and the browser are valid.
    fn valid_request(
        &self,
        page: AuthorizePage,
        call: &Call<'_>,
        query: &str,
    ) -> Result<AuthorizeRequest, Reply> {
        let pretends = parameter(query, PRETEND.0).as_deref() == Some(PRETEND.1);
        let accepted = page == AuthorizePage::Website
            || self.any_browser.load(Ordering::Acquire)
            || is_wechat(call.header(header::USER_AGENT));
        if !accepted && !pretends {
            return Err(refuse(WechatRefusal::NotWechat, query));
        }
        let request = AuthorizeRequest::parse(page, query);
        let request = request.map_err(|refusal| refuse(refusal, query))?;
        match self.app(&request.app_id) {
            None => return Err(refuse(WechatRefusal::UnknownAppId, query)),
            // The page of the other kind of application.
            Some(app) if self.apps[app].page != page => {
                return Err(refuse(WechatRefusal::UnknownScope, query));
            }
            Some(_) => {}
        }
        let host = request.host();
        let registered = self.redirect_domains.is_empty() || self.redirect_domains.contains(&host);
        if registered {
            Ok(request)
        } else {
            Err(refuse(WechatRefusal::RedirectUriMismatch, query))
        }
    }

    fn redirect(
        &self,
        decision: &str,
        request: &AuthorizeRequest,
        variations: &[Variation],
        fault: Option<&Fault>,
    ) -> Reply {
        let code = if parameter(decision, "decline").is_some() {
            None
        } else {
            let Some(person) = parameter(decision, "person") else {
                return Reply::bad_request("没有选择是谁", "No person was chosen");
            };
            let app = self.app(&request.app_id);
            let code = app.and_then(|app| {
                let is_repeated = fault == Some(&Fault::SameCode);
                let earlier = self.codes_of(app).last().filter(|_| is_repeated);
                earlier.or_else(|| self.issue_code(app, request.scope, &person))
            });
            let Some(code) = code else {
                return Reply::bad_request("没有这个人", "There is no such person");
            };
            Some(("code", code))
        };
        redirect::to_application(
            &request.redirect_uri,
            code,
            request.state.as_deref(),
            variations,
            fault,
        )
    }
}

fn refuse(refusal: WechatRefusal, query: &str) -> Reply {
    let page = match refusal {
        WechatRefusal::NotWechat => page::not_wechat(query),
        _ => page::refusal(refusal),
    };
    Reply::refusing_page(page, refusal.number().unwrap_or(200))
}

/// Returns whether a `User-Agent` is WeChat's. WeCom's contains `MicroMessenger` too, so it is
/// excluded first.
fn is_wechat(user_agent: &str) -> bool {
    let user_agent = user_agent.to_ascii_lowercase();
    !user_agent.contains("wxwork/") && user_agent.contains("micromessenger")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wechat_is_recognized_and_wecom_is_not_wechat() {
        for (user_agent, expected) in [
            (
                "Mozilla/5.0 (iPhone) Mobile/15E148 MicroMessenger/8.0.59(0x18003b28) NetType/WIFI",
                true,
            ),
            ("mozilla/5.0 micromessenger/7.0.20.1781", true),
            (
                "Mozilla/5.0 (iPhone)  Mobile/15E148 wxwork/4.0.19 MicroMessenger/7.0.1",
                false,
            ),
            (
                "Mozilla/5.0 WXWORK/4.1.3 (MicroMessenger/6.2) WindowsWechat",
                false,
            ),
            ("Mozilla/5.0 Chrome/140.0.0.0 Safari/537.36", false),
            ("", false),
        ] {
            assert_eq!(is_wechat(user_agent), expected, "{user_agent}");
        }
    }
}
