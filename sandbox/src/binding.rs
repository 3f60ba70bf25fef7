//! The service that knows whose openid is behind a code, and to which user it is bound, as
//! <https://www.showdoc.com.cn/east/2107969430195298> describes it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::account::Accounts;
use super::answer::Answer;
use super::call::Call;
use super::dialect::{Dialect, as_integer};
use super::fault::Fault;
use super::provenance::{Behaviour, Provenance, labelled};
use super::quirk::{Quirk, missing};
use super::sms::Sms;
use super::wechat::Wechat;
use crate::clock::{Clock, elapsed};
use crate::random;

pub(super) struct Binding {
    pub(super) wechat: Arc<Wechat>,
    pub(super) clock: Clock,
    pub(super) accounts: Accounts,
    pub(super) sms: Sms,
    pub(super) state: Mutex<BindingState>,
}

/// How the operator of the binding service has set it up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum BindingState {
    /// All is well.
    Normal,
    /// The operator has no official account configured: 2002.
    NotConfigured,
    /// What there is about the operator cannot be got: 2003.
    OperatorUnavailable,
    /// All is well, and nobody is bound: 2000 for every good code, whoever was bound before or is meanwhile.
    NobodyBound,
    /// Every code is refused in this way, and none is spent.
    Refusing(BindingRefusal),
}

labelled! {
    /// Why the binding service says no, or "not yet".
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    #[non_exhaustive]
    pub enum BindingRefusal {
        /// The openid is not bound to a user: 2000. Not an error, and the openid comes with it.
        Unbound: Documented, "showdoc.com.cn/east/2107969430195298";
        /// The openid could not be got: 2001. Here: the code is spent, expired, foreign, or was never issued.
        BadCode: Documented, "showdoc.com.cn/east/2107969430195298; the reasons are our reading";
        /// The operator has no official account configured: 2002.
        NotConfigured: Documented, "showdoc.com.cn/east/2107969430195298";
        /// What there is about the operator could not be got: 2003.
        OperatorUnavailable: Documented, "showdoc.com.cn/east/2107969430195298";
        /// The code is missing or empty: 2004.
        CodeEmpty: Documented, "showdoc.com.cn/east/2107969430195298";
        /// There is no such official account: 2035.
        UnknownAppId: Documented, "showdoc.com.cn/east/2107969430195298";
        /// The openid is missing or empty: 2009.
        OpenIdEmpty: Documented, "showdoc.com.cn/east/2153721931068981, of the registration";
        /// The code of the SMS has lapsed, or none was sent: 2014.
        SmsLapsed: Documented, "showdoc.com.cn/east/2195723471259705";
        /// The code is not that of the SMS: 2015.
        SmsWrong: Documented, "showdoc.com.cn/east/2195723471259705";
        /// There is no such user: 2030.
        UnknownUser: Documented, "showdoc.com.cn/east/2195723471259705";
        /// The openid cannot be bound: 2031. Here: it is none of this official account, or bound to another user.
        BindFailed: Documented, "showdoc.com.cn/east/2195723471259705; the reasons are our reading";
        /// The user is bound to another WeChat: 2034.
        AlreadyBound: Documented, "showdoc.com.cn/east/2195723471259705";
        /// The SMS could not be sent: 3020. Here: the number has not 11 digits.
        SmsNotSent: Documented, "showdoc.com.cn/east/2714110949361841; the reason is our reading";
        /// The last SMS was sent less than 60 s ago: 3021.
        SmsTooSoon: Documented, "showdoc.com.cn/east/2714110949361841; 60 s are usual";
        /// Nobody may do this: 440002. Only if [`BindingState::Refusing`] says so, as the next two.
        NoPermission: Documented, "showdoc.com.cn/east/2051211593999473";
        /// Nobody is logged in: 440003.
        NotLoggedIn: Documented, "showdoc.com.cn/east/2051211593999473";
        /// The token is not valid: 440004.
        TokenInvalid: Documented, "showdoc.com.cn/east/2051211593999473";
        /// The request cannot be read: 440007.
        RequestFailed: Documented, "showdoc.com.cn/east/2051211593999473; the reason is our reading";
        /// The sandbox itself cannot go on: 440001.
        Busy: Documented, "showdoc.com.cn/east/2051211593999473: unknown exception";
    }
}

pub(super) const LABELS: &[Behaviour] = &[
    label("status_200", Provenance::Inferred, "errors are shown as bodies only"),
    label("code_is_an_integer", Provenance::Documented, "2107969430195298: declared a string, printed an integer"),
    label("data_absent_in_failures", Provenance::Inferred, "only 0 and 2000 are shown with data"),
    label("token_like_a_jwt", Provenance::Documented, "2107969430195298: HS512; here the signature is random"),
    label("token_lives_7_days", Provenance::Documented, "2107969430195298: expire 604800"),
    label("token_of_a_company_lives_7200_s", Provenance::Documented, "showdoc.com.cn/east/2876323683097954"),
    label("company_flag_selects_the_account", Provenance::Inferred, "2107969430195298 names the flag only"),
    label("operator_checked_before_the_code", Provenance::Inferred, "without the operator WeChat cannot be asked"),
    label("unbound_code_is_spent", Provenance::Inferred, "the openid is known only after WeChat was asked"),
    label("bound_at_every_official_account", Provenance::Inferred, "no document says to what a binding extends"),
    label("mobile_or_user_name_for_sms", Provenance::Inferred, "the table of parameters is not public"),
    label(
        "parameters_of_binding",
        Provenance::Inferred,
        "2195723471259705 names userName; phoneSms is that of smsLogin",
    ),
    label("sms_of_6_digits_for_5_minutes", Provenance::Inferred, "usual; no document says it"),
    label("sms_to_unknown_numbers", Provenance::Inferred, "an unknown user is a matter of the binding"),
    label("sms_checked_before_the_other_wechat", Provenance::Inferred, "else anybody could ask who is bound"),
    label("json_content_type_required", Provenance::Inferred, "2107969430195298 shows JSON"),
];

const fn label(name: &'static str, provenance: Provenance, source: &'static str) -> Behaviour {
    Behaviour { group: "Binding", name, provenance, source }
}

impl Binding {
    /// Whose openid is behind a code, and a token if it is bound.
    pub(super) fn open_id(&self, call: &Call<'_>) -> Answer {
        self.exchange(call).unwrap_or_else(|refusal| refusal.answer(None, call.quirks))
    }

    /// Sends an SMS, to nowhere: the sandbox shows it.
    pub(super) fn send_sms(&self, call: &Call<'_>) -> Answer {
        let sent = || {
            let body = call.members().ok_or(BindingRefusal::RequestFailed)?;
            let mobile = text(&body, "mobile")?.or(text(&body, "userName")?);
            self.sms.send(mobile.unwrap_or_default())
        };
        done(sent(), call.quirks)
    }

    /// Binds an openid to the user who got the SMS.
    pub(super) fn bind_user(&self, call: &Call<'_>) -> Answer {
        done(self.bind(call), call.quirks)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, BindingState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn exchange(&self, call: &Call<'_>) -> Result<Answer, BindingRefusal> {
        let body = call.members().ok_or(BindingRefusal::RequestFailed)?;
        let code = text(&body, "code")?.ok_or(BindingRefusal::CodeEmpty)?;
        let company = company_flag(&body)?;
        let app_id = text(&body, "appid")?.unwrap_or_default();
        let app = self.wechat.app(app_id).ok_or(BindingRefusal::UnknownAppId)?;
        let state = *self.state();
        match state {
            BindingState::NotConfigured => return Err(BindingRefusal::NotConfigured),
            BindingState::OperatorUnavailable => return Err(BindingRefusal::OperatorUnavailable),
            BindingState::Refusing(refusal) => return Err(refusal),
            BindingState::Normal | BindingState::NobodyBound => {}
        }
        let follower = self.wechat.codes.spend(app, code).ok_or(BindingRefusal::BadCode)?;
        let open_id = self.wechat.followers.get(follower).ok_or(BindingRefusal::BadCode)?.open_id(app_id);
        let user = self.accounts.bound_to(follower, company).filter(|_| state == BindingState::Normal);
        let Some(user) = user else {
            return Ok(BindingRefusal::Unbound.answer(Some(json!({ "openId": open_id })), call.quirks));
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
        Ok(answer(0, "success", Some(data)))
    }

    fn bind(&self, call: &Call<'_>) -> Result<(), BindingRefusal> {
        let body = call.members().ok_or(BindingRefusal::RequestFailed)?;
        let open_id = text(&body, "openId")?.ok_or(BindingRefusal::OpenIdEmpty)?;
        let app_id = text(&body, "appid")?.unwrap_or_default();
        self.wechat.app(app_id).ok_or(BindingRefusal::UnknownAppId)?;
        let follower = self.wechat.followers.iter().position(|it| it.open_id(app_id) == open_id);
        let follower = follower.ok_or(BindingRefusal::BindFailed)?;
        let mobile = text(&body, "userName")?.unwrap_or_default();
        let user = self.accounts.of(mobile).ok_or(BindingRefusal::UnknownUser)?;
        self.sms.check(mobile, text(&body, "phoneSms")?.unwrap_or_default())?;
        self.accounts.bind(user, follower)?;
        self.sms.forget(mobile);
        Ok(())
    }
}

impl BindingRefusal {
    /// The `code`.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Unbound => 2000,
            Self::BadCode => 2001,
            Self::NotConfigured => 2002,
            Self::OperatorUnavailable => 2003,
            Self::CodeEmpty => 2004,
            Self::OpenIdEmpty => 2009,
            Self::SmsLapsed => 2014,
            Self::SmsWrong => 2015,
            Self::UnknownUser => 2030,
            Self::BindFailed => 2031,
            Self::AlreadyBound => 2034,
            Self::UnknownAppId => 2035,
            Self::SmsNotSent => 3020,
            Self::SmsTooSoon => 3021,
            Self::Busy => 440_001,
            Self::NoPermission => 440_002,
            Self::NotLoggedIn => 440_003,
            Self::TokenInvalid => 440_004,
            Self::RequestFailed => 440_007,
        }
    }

    /// The `msg`, as the tables have it.
    #[must_use]
    pub const fn msg(self) -> &'static str {
        match self {
            Self::Unbound => "微信openid未绑定用户",
            Self::BadCode => "获取微信openid失败",
            Self::NotConfigured => "运营商未配置公众号信息",
            Self::OperatorUnavailable => "获取运营商信息失败",
            Self::CodeEmpty => "获取openid时code不能为空",
            Self::UnknownAppId => "微信APPID不存在",
            Self::OpenIdEmpty => "openId不能为空",
            Self::SmsLapsed => "短信验证码已失效",
            Self::SmsWrong => "短信验证码错误",
            Self::UnknownUser => "用户不存在",
            Self::BindFailed => "绑定失败",
            Self::AlreadyBound => "用户已绑定其他微信",
            Self::SmsNotSent => "短信发送失败",
            Self::SmsTooSoon => "请勿重复发送",
            Self::RequestFailed => "请求失败",
            Self::Busy => "未知异常",
            Self::NoPermission => "无权限",
            Self::NotLoggedIn => "未登录",
            Self::TokenInvalid => "token无效",
        }
    }

    fn answer(self, data: Option<Value>, quirks: &[Quirk]) -> Answer {
        answer(self.code(), self.msg(), data.or_else(|| missing(quirks)))
    }
}

fn done(result: Result<(), BindingRefusal>, quirks: &[Quirk]) -> Answer {
    match result {
        Ok(()) => answer(0, "success", missing(quirks)),
        Err(refusal) => refusal.answer(None, quirks),
    }
}

fn answer(code: i64, msg: &str, data: Option<Value>) -> Answer {
    let mut body = Map::from_iter([("code".to_owned(), json!(code)), ("msg".to_owned(), json!(msg))]);
    if let Some(data) = data {
        body.insert("data".to_owned(), data);
    }
    Answer::json(Dialect::Binding, body, (code != 0).then_some(code))
}

/// A parameter that is there and not empty.
fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, BindingRefusal> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|it| !it.is_empty())),
        Some(_) => Err(BindingRefusal::RequestFailed),
    }
}

/// Whether a company's account is wanted; not, if nothing is said.
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

/// What looks like the service's own tokens, with a signature that nobody can check.
fn token(user: usize, now: SystemTime, life: Duration) -> Result<String, getrandom::Error> {
    let issued = elapsed(SystemTime::UNIX_EPOCH, now).as_secs();
    let expires = issued + life.as_secs();
    let header = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"HS512"}"#);
    let claims = URL_SAFE_NO_PAD.encode(format!(r#"{{"sub":"{}","iat":{issued},"exp":{expires}}}"#, user + 1));
    let signature = URL_SAFE_NO_PAD.encode(random::bytes::<64>()?);
    Ok(format!("{header}.{claims}.{signature}"))
}
