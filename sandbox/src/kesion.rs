//! Kesion's lookup of the official account that a school has authorized, as
//! <https://www.showdoc.com.cn/kesionwebapi/9347782530902155> describes it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use http::Method;
use serde_json::{Map, json};

use super::answer::Answer;
use super::call::Call;
use super::dialect::Dialect;
use super::official_account::OfficialAccount;
use super::page::document;
use super::provenance::{Behaviour, Provenance, labelled};
use super::query::parameter;
use super::quirk::{Quirk, missing};

pub(super) struct Kesion {
    pub(super) app_id: String,
    pub(super) apptoken: String,
    pub(super) apikey: Option<String>,
    /// Where the administrator goes to authorize the account.
    pub(super) auth_url: String,
    pub(super) settings: Mutex<KesionSettings>,
}

/// What can be switched while it runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct KesionSettings {
    pub(super) state: KesionState,
    pub(super) auto_login: bool,
    pub(super) account_type: i64,
    pub(super) verified: bool,
}

labelled! {
    /// How far a school's official account is with Kesion.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    #[non_exhaustive]
    pub enum KesionState {
        /// The school has not bought it (没有开通第三方公众号授权): 3001.
        NotOpened: Documented, "showdoc.com.cn/kesionwebapi/9347782530902155";
        /// The school has authorized no account: 3002, with the address where its administrator can.
        NotAuthorized: Documented, "showdoc.com.cn/kesionwebapi/9347782530902155";
        /// All is well.
        Authorized: Documented, "showdoc.com.cn/kesionwebapi/9347782530902155";
        /// Something is wrong between Kesion and WeChat, whose raw words are in `msg`. There is no number.
        Failing: Observed, "showdoc.com.cn/kesionwebapi/9373704047606002, of a sister interface";
    }
}

pub(super) const LABELS: &[Behaviour] = &[
    label("status_200", Provenance::Documented, "errors are shown as bodies only, in every Kesion document"),
    label("no_number_when_authorized", Provenance::Documented, "9347782530902155: the example has no returnCode"),
    label("weixintype_is_a_string", Provenance::Documented, "9347782530902155: declared int, printed \"2\""),
    label("ercodeimg_is_spelled_so", Provenance::Documented, "9347782530902155"),
    label("confirm_info_only_sometimes", Provenance::Documented, "9347782530902155, and nobody explains it"),
    label("refresh_token_in_the_answer", Provenance::Documented, "9347782530902155: authorizer_refresh_token"),
    label("wrong_apptoken_has_no_number", Provenance::Inferred, "the error table is not public"),
    label("apikey_if_configured", Provenance::Inferred, "required on sister pages, not named on this one"),
    label(
        "form_json_or_query",
        Provenance::Inferred,
        "4716865527358561 and 9328464520586731 differ, this page says nothing",
    ),
    label("path_in_any_case", Provenance::Inferred, "4221642847652104 prints /WebApi, this page /webapi; IIS"),
];

const fn label(name: &'static str, provenance: Provenance, source: &'static str) -> Behaviour {
    Behaviour { group: "Kesion", name, provenance, source }
}

impl Kesion {
    /// The state of the school's official account, and everything about it if it is authorized.
    pub(super) fn official_account(&self, call: &Call<'_>) -> Answer {
        let say = |number, msg, auth_url| refusal(number, msg, auth_url, call.quirks);
        if named(call, "apptoken").as_deref() != Some(&*self.apptoken) {
            return say(None, "apptoken无效", None);
        }
        if self.apikey.is_some() && named(call, "apikey") != self.apikey {
            return say(None, "apikey无效", None);
        }
        let settings = *self.settings();
        match settings.state {
            KesionState::NotOpened => say(Some(3001), "对不起,没有开通第三方公众号授权!", None),
            KesionState::NotAuthorized => say(Some(3002), "对不起,公众号还未授权!", Some(&self.auth_url)),
            KesionState::Failing => say(None, "access_token missing rid: 632bc26a-1f8e3c5d-7a90b1c2", None),
            KesionState::Authorized => {
                let account = OfficialAccount { app_id: &self.app_id, auth_url: &self.auth_url, settings };
                Answer::json(Dialect::Kesion, account.members(call.quirks), None)
            }
        }
    }

    /// Where an administrator authorizes the account, with one button.
    pub(super) fn authorization_page(&self, call: &Call<'_>) -> Answer {
        let mut settings = self.settings();
        let opened = settings.state != KesionState::NotOpened;
        if call.parts.method == Method::POST {
            if opened {
                settings.state = KesionState::Authorized;
            }
            return Answer::see_other(AUTH_PATH);
        }
        let (zh, en) = match settings.state {
            KesionState::NotOpened => ("没有开通第三方公众号授权", "The school has not bought this"),
            KesionState::Authorized => ("公众号已授权", "The official account is authorized"),
            KesionState::NotAuthorized | KesionState::Failing => {
                ("公众号还未授权", "No official account is authorized yet")
            }
        };
        let button = if opened { BUTTON } else { "" };
        Answer::page(document("公众号授权", &format!(r#"<h1>{zh}<small lang="en">{en}</small></h1>{button}"#)))
    }

    pub(super) fn settings(&self) -> MutexGuard<'_, KesionSettings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KesionSettings {
    /// A verified service account that is authorized, without automatic login.
    pub(super) const fn new() -> Self {
        Self { state: KesionState::Authorized, auto_login: false, account_type: 2, verified: true }
    }
}

/// The path and query of `auth_url`, in the form of the document's example.
pub(super) const AUTH_PATH: &str = "/plus/auth_url?schoolid=5";

const BUTTON: &str = r#"
<form method="post"><button data-switch="kesion:authorized">授权公众号 <small lang="en">Authorize the account</small></button></form>"#;

/// A parameter of the body, form or JSON, or of the query.
fn named(call: &Call<'_>, name: &str) -> Option<String> {
    let in_body = if call.is_json() {
        call.members().and_then(|it| it.get(name)?.as_str().map(str::to_owned))
    } else {
        std::str::from_utf8(call.body).ok().and_then(|form| parameter(form, name))
    };
    in_body.or_else(|| parameter(call.query(), name))
}

/// `"result": false`, the words, and as much else as there is.
fn refusal(number: Option<i64>, msg: &str, auth_url: Option<&str>, quirks: &[Quirk]) -> Answer {
    let mut body = Map::from_iter([("result".to_owned(), json!(false)), ("msg".to_owned(), json!(msg))]);
    let number_member = number.map(|it| (Dialect::Kesion.number(), json!(it)));
    let auth_url = auth_url.map(|it| ("auth_url", json!(it)));
    let info = missing(quirks).map(|it| ("info", it));
    let members = [number_member, auth_url, info].into_iter().flatten();
    body.extend(members.map(|(name, value)| (name.to_owned(), value)));
    Answer::json(Dialect::Kesion, body, Some(number.unwrap_or(-1)))
}
