//! Endpoints of Weika: the login page, the access token, the manager and the school.

use std::sync::{Mutex, MutexGuard};

use serde_json::{Map, Value, json};
use url::{Url, form_urlencoded};

use super::approval::Approval;
use super::refusal::WeikaRefusal;
use super::{info, page};
use crate::endpoint::Endpoint;
use crate::lock::lock;
use crate::message::call::Call;
use crate::message::query::{parameter, raw_parameter};
use crate::message::reply::Reply;
use crate::response_format::ResponseFormat;
use crate::state::code::Codes;
use crate::state::fault::{Fault, Faults};
use crate::state::person::Person;
use crate::state::token::{BadToken, Tokens};
use crate::state::variation::Variation;
use crate::system::redirect;

/// Weika with its applications and people.
pub(crate) struct Weika {
    pub(crate) apps: Vec<App>,
    pub(crate) people: Vec<Person>,
    pub(crate) codes: Codes,
    pub(crate) tokens: Tokens,
    pub(crate) faults: Faults,
    pub(crate) approval: Mutex<Approval>,
}

/// Application that may use Weika.
pub(crate) struct App {
    pub(crate) key: String,
    pub(crate) secret: String,
}

impl Weika {
    /// Issues a code for `person` at the application `app`, as if a browser had been there.
    pub(crate) fn issue_code(&self, app: usize, person: &str) -> Option<String> {
        let person = self.people.iter().position(|it| it.id() == person)?;
        self.codes.issue(app, person).ok()
    }

    pub(crate) fn approval(&self) -> MutexGuard<'_, Approval> {
        lock(&self.approval)
    }

    pub(crate) fn manager_connect(&self, call: &Call<'_>) -> Reply {
        let query = call.query();
        let (_, redirect_uri) = match self.login_request(query) {
            Ok(request) => request,
            Err(page) => return page,
        };
        let approval = self.approval().clone();
        let decision = match approval {
            Approval::Ask => return Reply::page(page::choose(&self.people, &redirect_uri, query)),
            Approval::Approve(person) => form_urlencoded::Serializer::new(String::new())
                .append_pair("person", &person)
                .finish(),
            Approval::Decline => "decline=1".to_owned(),
        };
        let fault = self.faults.take_for_redirect(Endpoint::Approve);
        self.redirect(
            &format!("{decision}&{query}"),
            call.variations,
            fault.as_ref(),
        )
    }

    pub(crate) fn approve(&self, call: &Call<'_>) -> Reply {
        self.redirect(call.query(), call.variations, call.fault)
    }

    fn redirect(&self, query: &str, variations: &[Variation], fault: Option<&Fault>) -> Reply {
        let (app, redirect_uri) = match self.login_request(query) {
            Ok(request) => request,
            Err(page) => return page,
        };
        let code = if parameter(query, "decline").is_some() {
            None
        } else {
            let Some(person) = parameter(query, "person") else {
                return Reply::bad_request("没有选择身份", "No person was chosen");
            };
            let earlier = if fault == Some(&Fault::SameCode) {
                self.codes.last()
            } else {
                None
            };
            let Some(code) = earlier.or_else(|| self.issue_code(app, &person)) else {
                return Reply::bad_request("没有这个人", "There is no such person");
            };
            Some(("wxcode", code))
        };
        redirect::to_application(
            &redirect_uri,
            code,
            raw_parameter(query, "state"),
            variations,
            fault,
        )
    }

    /// Returns the application and the `redirect_uri` of a login request.
    fn login_request(&self, query: &str) -> Result<(usize, String), Reply> {
        let key = parameter(query, "app_key").unwrap_or_default();
        let Some(app) = self.apps.iter().position(|it| it.key == key) else {
            return Err(Reply::bad_request(
                "应用不存在",
                "app_key is missing or unknown",
            ));
        };
        let redirect_uri = parameter(query, "redirect_uri").unwrap_or_default();
        match Url::parse(&redirect_uri) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Ok((app, redirect_uri)),
            _ => Err(Reply::bad_request(
                "回调地址不对",
                "redirect_uri is missing or not an address",
            )),
        }
    }

    pub(crate) fn access_token(&self, call: &Call<'_>) -> Reply {
        reply(self.issue_token(call))
    }

    pub(crate) fn manager_info(&self, call: &Call<'_>) -> Reply {
        reply(self.exchange(call))
    }

    /// Returns the school of `school_code`, or the first one.
    pub(crate) fn school_info(&self, call: &Call<'_>) -> Reply {
        reply(self.school(call))
    }

    fn issue_token(&self, call: &Call<'_>) -> Result<Value, WeikaRefusal> {
        let body = json_body(call)?;
        let (key, secret) = (text(&body, "app_key")?, text(&body, "app_secret")?);
        let app = self
            .apps
            .iter()
            .position(|it| it.key == key && it.secret == secret);
        let token = self
            .tokens
            .issue(app.ok_or(WeikaRefusal::InvalidApp)?)
            .map_err(|_| WeikaRefusal::Busy)?;
        let mut members = json!({ "access_token": token });
        let expires_in = match call.fault {
            Some(Fault::ExpiresIn(expires_in)) => expires_in.clone(),
            _ => Some(json!(self.tokens.life().as_secs())),
        };
        if let Some(expires_in) = expires_in {
            members["expires_in"] = expires_in;
        }
        Ok(members)
    }

    fn exchange(&self, call: &Call<'_>) -> Result<Value, WeikaRefusal> {
        let body = json_body(call)?;
        let app = self.token_app(call.query())?;
        let code = text(&body, "wxcode")?;
        let person = self
            .codes
            .consume(app, code)
            .ok_or(WeikaRefusal::InvalidCode)?;
        let person = self.people.get(person).ok_or(WeikaRefusal::InvalidCode)?;
        Ok(info::manager_info(person, call.variations))
    }

    fn school(&self, call: &Call<'_>) -> Result<Value, WeikaRefusal> {
        let body = json_body(call)?;
        self.token_app(call.query())?;
        let wanted = body
            .contains_key("school_code")
            .then(|| text(&body, "school_code"))
            .transpose()?;
        let mut schools = self.people.iter().flat_map(Person::all_schools);
        let school = schools.find(|it| wanted.is_none_or(|code| it.code() == code));
        Ok(info::school_info(
            school.ok_or(WeikaRefusal::UnknownSchool)?,
            call.variations,
        ))
    }

    fn token_app(&self, query: &str) -> Result<usize, WeikaRefusal> {
        let token = parameter(query, "access_token").filter(|it| !it.is_empty());
        self.tokens
            .app(&token.ok_or(WeikaRefusal::ParameterMissing)?)
            .map_err(|bad| match bad {
                BadToken::Expired => WeikaRefusal::TokenExpired,
                BadToken::Unknown => WeikaRefusal::TokenInvalid,
            })
    }
}

/// Returns a success with its members, or the refusal.
fn reply(result: Result<Value, WeikaRefusal>) -> Reply {
    let members = match result {
        Ok(members) => members,
        Err(refusal) => return refusal.reply(),
    };
    let mut body = Map::from_iter([
        ("errcode".to_owned(), json!(0)),
        ("errmsg".to_owned(), json!("success")),
    ]);
    if let Value::Object(members) = members {
        body.extend(members);
    }
    Reply::json(ResponseFormat::Weika, body, None)
}

fn json_body(call: &Call<'_>) -> Result<Map<String, Value>, WeikaRefusal> {
    call.members().ok_or(WeikaRefusal::ParameterWrong)
}

fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Result<&'a str, WeikaRefusal> {
    match body.get(name) {
        None | Some(Value::Null) => Err(WeikaRefusal::ParameterMissing),
        Some(Value::String(text)) if text.is_empty() => Err(WeikaRefusal::ParameterMissing),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(WeikaRefusal::ParameterWrong),
    }
}
