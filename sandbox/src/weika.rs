//! Tencent Weika's manager login, as <https://wiki.weixiao.qq.com/api/third/admin.html> describes it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{HeaderValue, StatusCode};
use percent_encoding::{CONTROLS, utf8_percent_encode};
use serde_json::{Map, Value, json};
use url::{Url, form_urlencoded};

use super::answer::{Answer, Content};
use super::call::Call;
use super::dialect::Dialect;
use super::endpoint::Endpoint;
use super::fault::{Fault, Faults};
use super::grant::{BadToken, Codes, Tokens};
use super::page;
use super::person::Person;
use super::provenance::{Behaviour, Provenance, labelled};
use super::query::{parameter, raw_parameter, with_parameters};
use super::quirk::Quirk;

pub(super) struct Weika {
    pub(super) apps: Vec<App>,
    pub(super) people: Vec<Person>,
    pub(super) codes: Codes,
    pub(super) tokens: Tokens,
    pub(super) faults: Faults,
    pub(super) approval: Mutex<Approval>,
}

pub(super) struct App {
    pub(super) key: String,
    pub(super) secret: String,
}

/// What happens when a browser comes to log in.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Approval {
    /// A page asks who to be.
    Ask,
    /// The person of this id is logged in at once.
    Approve(String),
    /// The person declines at once.
    Decline,
}

labelled! {
    /// Why Weika says no.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    #[non_exhaustive]
    pub enum Refusal {
        /// The `wxcode` is spent, expired, foreign, or was never issued: `"6001"`, a string.
        InvalidCode: Documented, "admin.html, error example";
        /// `app_key` or `app_secret` is wrong: 40001.
        InvalidApp: Documented, "cloud.tencent.com/document/api/1523/87715";
        /// The access token is expired: 40002.
        TokenExpired: Documented, "cloud.tencent.com/document/api/1523/87715";
        /// The access token was never issued, or a newer one has replaced it: 40005.
        TokenInvalid: Documented, "cloud.tencent.com/document/api/1523/87715";
        /// There is no such school: 40006.
        UnknownSchool: Documented, "cloud.tencent.com/document/api/1523/87715";
        /// A required parameter is missing or empty: 40009.
        ParameterMissing: Documented, "cloud.tencent.com/document/api/1523/87715";
        /// A parameter is not of its type, or the body is not JSON: 40010.
        ParameterWrong: Documented, "cloud.tencent.com/document/api/1523/87715";
        /// The sandbox itself cannot go on: -1.
        Busy: Inferred, "by analogy with WeChat";
    }
}

pub(super) const LABELS: &[Behaviour] = &[
    label("status_200", Provenance::Documented, "errors are shown as bodies only, in every Weika document"),
    label("state_unchanged", Provenance::Documented, "admin.html: 回调之后原样返回"),
    label("state_absent_if_absent", Provenance::Inferred, "state is optional in admin.html"),
    label("code_single_use", Provenance::Documented, "admin.html: 一次性"),
    label("code_lives_5_minutes", Provenance::Inferred, "documented for the member's wxcode, access_token.html"),
    label("code_of_18_digits", Provenance::Observed, "a public sample of 2016"),
    label("code_bound_to_application", Provenance::Inferred, "as with every OAuth code"),
    label("token_error_does_not_spend_code", Provenance::Inferred, "no document says in which order is checked"),
    label("token_lives_7200_s", Provenance::Documented, "admin.html, step 2"),
    label("token_overlap_5_minutes", Provenance::Inferred, "by analogy with WeChat's stable_token"),
    label("empty_school_entry", Provenance::Documented, "admin.html, example of step 3"),
    label("real_info_only_if_known", Provenance::Documented, "admin.html: 仅当管理员有实名信息时有此字段"),
    label("decline_brings_state_only", Provenance::Inferred, "WeChat's rule; Weika documents nothing"),
    label("error_page_for_wrong_request", Provenance::Inferred, "no document says what is shown"),
    label("parameters_before_fragment", Provenance::Observed, "cnblogs 8468844, of WeChat"),
    label("json_content_type_required", Provenance::Documented, "admin.html: POST(application/json)"),
];

const fn label(name: &'static str, provenance: Provenance, source: &'static str) -> Behaviour {
    Behaviour { group: "Weika", name, provenance, source }
}

impl Weika {
    /// A code for `person` at the application `app`, as if the browser had been there.
    pub(super) fn issue_code(&self, app: usize, person: &str) -> Option<String> {
        let person = self.people.iter().position(|it| it.id() == person)?;
        self.codes.issue(app, person).ok()
    }

    pub(super) fn approval(&self) -> MutexGuard<'_, Approval> {
        self.approval.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn manager_connect(&self, call: &Call<'_>) -> Answer {
        let query = call.query();
        let (_, redirect_uri) = match self.login_request(query) {
            Ok(request) => request,
            Err(page) => return page,
        };
        let approval = self.approval().clone();
        let decision = match approval {
            Approval::Ask => return Answer::page(page::choose(&self.people, &redirect_uri, query)),
            Approval::Approve(person) => {
                form_urlencoded::Serializer::new(String::new()).append_pair("person", &person).finish()
            }
            Approval::Decline => "decline=1".to_owned(),
        };
        let fault = self.faults.take_on_the_way_back(Endpoint::Approve);
        self.send_back(&format!("{decision}&{query}"), call.quirks, fault.as_ref())
    }

    pub(super) fn approve(&self, call: &Call<'_>) -> Answer {
        self.send_back(call.query(), call.quirks, call.fault)
    }

    fn send_back(&self, query: &str, quirks: &[Quirk], fault: Option<&Fault>) -> Answer {
        let (app, redirect_uri) = match self.login_request(query) {
            Ok(request) => request,
            Err(page) => return page,
        };
        let mut parameters = Vec::new();
        if parameter(query, "decline").is_none() {
            let Some(person) = parameter(query, "person") else {
                return bad_request("没有选择身份", "Nobody was chosen");
            };
            let earlier = if fault == Some(&Fault::SameCode) { self.codes.last() } else { None };
            let Some(code) = earlier.or_else(|| self.issue_code(app, &person)) else {
                return bad_request("没有这个人", "There is no such person");
            };
            parameters.push(format!("wxcode={code}"));
        }
        // As it was spelled, not as it would be encoded anew: 原样返回.
        if let Some(state) = raw_parameter(query, "state") {
            match fault {
                Some(Fault::StateMissing) => {}
                Some(Fault::AlteredState(suffix)) => parameters.push(format!("state={state}{suffix}")),
                _ => parameters.push(format!("state={state}")),
            }
        }
        let twice = quirks.contains(&Quirk::SecondQuestionMark);
        let location = with_parameters(&redirect_uri, &parameters.join("&"), twice);
        let location = utf8_percent_encode(&location, CONTROLS).to_string();
        match HeaderValue::try_from(location) {
            Ok(location) => Answer::redirect(location),
            Err(_) => bad_request("回调地址不对", "redirect_uri is not an address"),
        }
    }

    /// The application and the `redirect_uri` of a login.
    fn login_request(&self, query: &str) -> Result<(usize, String), Answer> {
        let key = parameter(query, "app_key").unwrap_or_default();
        let Some(app) = self.apps.iter().position(|it| it.key == key) else {
            return Err(bad_request("应用不存在", "app_key is missing or unknown"));
        };
        let redirect_uri = parameter(query, "redirect_uri").unwrap_or_default();
        match Url::parse(&redirect_uri) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Ok((app, redirect_uri)),
            _ => Err(bad_request("回调地址不对", "redirect_uri is missing or not an address")),
        }
    }

    pub(super) fn access_token(&self, call: &Call<'_>) -> Result<Value, Refusal> {
        let body = json_body(call)?;
        let (key, secret) = (text(&body, "app_key")?, text(&body, "app_secret")?);
        let app = self.apps.iter().position(|it| it.key == key && it.secret == secret);
        let token = self.tokens.issue(app.ok_or(Refusal::InvalidApp)?).map_err(|_| Refusal::Busy)?;
        let mut answer = json!({ "access_token": token });
        let expires_in = match call.fault {
            Some(Fault::ExpiresIn(expires_in)) => expires_in.clone(),
            _ => Some(json!(self.tokens.life().as_secs())),
        };
        if let Some(expires_in) = expires_in {
            answer["expires_in"] = expires_in;
        }
        Ok(answer)
    }

    pub(super) fn manager_info(&self, call: &Call<'_>) -> Result<Value, Refusal> {
        let body = json_body(call)?;
        let app = self.token_app(call.query())?;
        let code = text(&body, "wxcode")?;
        let person = self.codes.spend(app, code).ok_or(Refusal::InvalidCode)?;
        let person = self.people.get(person).ok_or(Refusal::InvalidCode)?;
        Ok(person.manager_info(call.quirks))
    }

    /// The school of `school_code`, or the first there is.
    pub(super) fn school_info(&self, call: &Call<'_>) -> Result<Value, Refusal> {
        let body = json_body(call)?;
        self.token_app(call.query())?;
        let wanted = body.contains_key("school_code").then(|| text(&body, "school_code")).transpose()?;
        let mut schools = self.people.iter().flat_map(Person::all_schools);
        let school = schools.find(|it| wanted.is_none_or(|code| it.code() == code));
        Ok(school.ok_or(Refusal::UnknownSchool)?.info(call.quirks))
    }

    fn token_app(&self, query: &str) -> Result<usize, Refusal> {
        let token = parameter(query, "access_token").filter(|it| !it.is_empty());
        self.tokens.app(&token.ok_or(Refusal::ParameterMissing)?).map_err(|bad| match bad {
            BadToken::Expired => Refusal::TokenExpired,
            BadToken::Unknown => Refusal::TokenInvalid,
        })
    }
}

impl Refusal {
    /// The `errcode`, a number or a string as the documents print it.
    #[must_use]
    pub fn errcode(self) -> Value {
        match self {
            Self::InvalidCode => json!("6001"),
            Self::InvalidApp => json!(40001),
            Self::TokenExpired => json!(40002),
            Self::TokenInvalid => json!(40005),
            Self::UnknownSchool => json!(40006),
            Self::ParameterMissing => json!(40009),
            Self::ParameterWrong => json!(40010),
            Self::Busy => json!(-1),
        }
    }

    /// The `errmsg`; only that of [`InvalidCode`](Self::InvalidCode) is documented.
    #[must_use]
    pub const fn errmsg(self) -> &'static str {
        match self {
            Self::InvalidCode => "invalid code",
            Self::InvalidApp => "invalid app_key or app_secret",
            Self::TokenExpired => "access_token expired",
            Self::TokenInvalid => "invalid access_token",
            Self::UnknownSchool => "school_code not found",
            Self::ParameterMissing => "missing parameter",
            Self::ParameterWrong => "invalid parameter",
            Self::Busy => "system busy",
        }
    }

    pub(super) fn answer(self) -> Answer {
        Dialect::Weika.refusal(self.errcode(), self.errmsg())
    }
}

/// A page that says why a login cannot begin or end.
pub(super) fn bad_request(zh: &str, en: &str) -> Answer {
    Answer::failure(StatusCode::BAD_REQUEST, Content::Html(page::error(zh, en)))
}

fn json_body(call: &Call<'_>) -> Result<Map<String, Value>, Refusal> {
    call.members().ok_or(Refusal::ParameterWrong)
}

fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Result<&'a str, Refusal> {
    match body.get(name) {
        None | Some(Value::Null) => Err(Refusal::ParameterMissing),
        Some(Value::String(text)) if text.is_empty() => Err(Refusal::ParameterMissing),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(Refusal::ParameterWrong),
    }
}
