//! Endpoints of the binding service: openid, SMS code, binding.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::account::Accounts;
use super::refusal::BindingRefusal;
use super::sms::Sms;
use super::state::BindingState;
use crate::clock::{Clock, elapsed};
use crate::lock::lock;
use crate::message::call::Call;
use crate::message::reply::Reply;
use crate::random;
use crate::response_format::{ResponseFormat, as_integer};
use crate::state::fault::Fault;
use crate::state::variation::{Variation, absent_object};
use crate::system::wechat::Wechat;

/// The binding service with its users.
pub(crate) struct Binding {
    /// Issues the codes that the service exchanges.
    pub(crate) wechat: Arc<Wechat>,
    pub(crate) clock: Clock,
    pub(crate) accounts: Accounts,
    pub(crate) sms: Sms,
    pub(crate) state: Mutex<BindingState>,
}

impl Binding {
    /// Exchanges a code for the openid, and a token if it is bound.
    pub(crate) fn open_id(&self, call: &Call<'_>) -> Reply {
        self.exchange(call)
            .unwrap_or_else(|refusal| refuse(refusal, None, call.variations))
    }

    /// Records an SMS code. It is not sent: the sandbox shows it.
    pub(crate) fn send_sms(&self, call: &Call<'_>) -> Reply {
        let sent = || {
            let body = call.members().ok_or(BindingRefusal::RequestFailed)?;
            let mobile = text(&body, "mobile")?.or(text(&body, "userName")?);
            self.sms.send(mobile.unwrap_or_default())
        };
        done(sent(), call.variations)
    }

    /// Binds an openid to the user who received the SMS code.
    pub(crate) fn bind_user(&self, call: &Call<'_>) -> Reply {
        done(self.bind(call), call.variations)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, BindingState> {
        lock(&self.state)
    }

    fn exchange(&self, call: &Call<'_>) -> Result<Reply, BindingRefusal> {
        let body = call.members().ok_or(BindingRefusal::RequestFailed)?;
        let code = text(&body, "code")?.ok_or(BindingRefusal::CodeEmpty)?;
        let company = company_flag(&body)?;
        let app_id = text(&body, "appid")?.unwrap_or_default();
        let app = self
            .wechat
            .official_account(app_id)
            .ok_or(BindingRefusal::UnknownAppId)?;
        let state = *self.state();
        match state {
            BindingState::NotConfigured => return Err(BindingRefusal::NotConfigured),
            BindingState::OperatorUnavailable => return Err(BindingRefusal::OperatorUnavailable),
            BindingState::Refusing(refusal) => return Err(refusal),
            BindingState::Normal | BindingState::AllUnbound => {}
        }
        let person = self
            .wechat
            .codes
            .consume(app, code)
            .ok_or(BindingRefusal::BadCode)?
            .person;
        let open_id = self
            .wechat
            .people
            .get(person)
            .ok_or(BindingRefusal::BadCode)?
            .open_id(app_id);
        let user = self
            .accounts
            .bound_to(person, company)
            .filter(|_| state == BindingState::Normal);
        let Some(user) = user else {
            return Ok(refuse(
                BindingRefusal::Unbound,
                Some(json!({ "openId": open_id })),
                call.variations,
            ));
        };
        let life = Duration::from_secs(if company { 7_200 } else { 604_800 });
        let token = token(user, self.clock.now(), life).map_err(|_| BindingRefusal::Busy)?;
        let mut data = json!({ "openId": open_id, "token": token });
        let expire = match call.fault {
            Some(Fault::ExpiresIn(expire)) => expire.clone(),
            _ => Some(json!(life.as_secs())),
        };
        if let Some(expire) = expire {
            data["expire"] = expire;
        }
        Ok(reply(0, "success", Some(data)))
    }

    fn bind(&self, call: &Call<'_>) -> Result<(), BindingRefusal> {
        let body = call.members().ok_or(BindingRefusal::RequestFailed)?;
        let open_id = text(&body, "openId")?.ok_or(BindingRefusal::OpenIdEmpty)?;
        let app_id = text(&body, "appid")?.unwrap_or_default();
        self.wechat
            .official_account(app_id)
            .ok_or(BindingRefusal::UnknownAppId)?;
        let person = self
            .wechat
            .people
            .iter()
            .position(|it| it.open_id(app_id) == open_id);
        let person = person.ok_or(BindingRefusal::BindFailed)?;
        let mobile = text(&body, "userName")?.unwrap_or_default();
        let user = self
            .accounts
            .of(mobile)
            .ok_or(BindingRefusal::UnknownUser)?;
        self.sms
            .check(mobile, text(&body, "phoneSms")?.unwrap_or_default())?;
        self.accounts.bind(user, person)?;
        self.sms.forget(mobile);
        Ok(())
    }
}

fn done(result: Result<(), BindingRefusal>, variations: &[Variation]) -> Reply {
    match result {
        Ok(()) => reply(0, "success", absent_object(variations)),
        Err(refusal) => refuse(refusal, None, variations),
    }
}

fn refuse(refusal: BindingRefusal, data: Option<Value>, variations: &[Variation]) -> Reply {
    reply(
        refusal.code(),
        refusal.msg(),
        data.or_else(|| absent_object(variations)),
    )
}

fn reply(code: i64, msg: &str, data: Option<Value>) -> Reply {
    let mut body = Map::from_iter([
        ("code".to_owned(), json!(code)),
        ("msg".to_owned(), json!(msg)),
    ]);
    if let Some(data) = data {
        body.insert("data".to_owned(), data);
    }
    Reply::json(ResponseFormat::Binding, body, (code != 0).then_some(code))
}

/// Returns a parameter that is present and not empty.
fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, BindingRefusal> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|it| !it.is_empty())),
        Some(_) => Err(BindingRefusal::RequestFailed),
    }
}

/// Returns whether a company's account is requested; `false` if the flag is absent.
fn company_flag(body: &Map<String, Value>) -> Result<bool, BindingRefusal> {
    match body.get("companyFlag") {
        None | Some(Value::Null) => Ok(false),
        Some(flag) => match as_integer(flag) {
            Some(0) => Ok(false),
            Some(1) => Ok(true),
            _ => Err(BindingRefusal::RequestFailed),
        },
    }
}

/// Returns a token in the form of the service's own, with a random signature.
fn token(user: usize, now: SystemTime, life: Duration) -> Result<String, getrandom::Error> {
    let issued = elapsed(SystemTime::UNIX_EPOCH, now).as_secs();
    let expires = issued + life.as_secs();
    let header = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"HS512"}"#);
    let claims = URL_SAFE_NO_PAD.encode(format!(
        r#"{{"sub":"{}","iat":{issued},"exp":{expires}}}"#,
        user + 1
    ));
    let signature = URL_SAFE_NO_PAD.encode(random::bytes::<64>()?);
    Ok(format!("{header}.{claims}.{signature}"))
}
