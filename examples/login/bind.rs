//! Links an openid to an account of the operator's service, confirmed by a text message.
//!
//! The openid is taken from the session and never from the request: a visitor who could choose it
//! could take over the login of another user.
//!
//! A text message costs the operator money and reaches the phone of any number that is typed. The
//! operator enforces a pause between two messages to one number; a production site should also
//! limit how many messages a session may request.
//!
//! With the application's own secret WeChat identifies the users itself: the page explains that there
//! is nothing to bind.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;
use tower_weika::client::binding::BindingClient;
use tower_weika::identity::WechatUser;
use tower_weika::session::Authenticated;
use tower_weika::{Error, ErrorKind};

use crate::marker_cookie::MarkerCookie;
use crate::page::{self, Field, Notice};
use crate::reader::Reader;
use crate::site::Site;
use crate::visitor::Visitor;

/// The path of the form.
pub(crate) const PATH: &str = "/bind";

/// Set when the operator has accepted a binding. If the login that follows still reports the user
/// as unbound, the user returns to this page, which has to explain that.
const JUST_BOUND: MarkerCookie = MarkerCookie {
    name: "just-bound",
    path: PATH,
};

/// Lifetime of that cookie in seconds.
const JUST_BOUND_MAX_AGE: u32 = 60;

/// The submitted form. Every field may be missing.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Typed {
    pub(crate) mobile: String,
    pub(crate) sms: String,
    action: String,
}

pub(crate) async fn show(
    State(site): State<Site>,
    reader: Reader,
    headers: HeaderMap,
    user: Authenticated<WechatUser>,
    visitor: Visitor,
) -> Response {
    let return_to = reader.return_to();
    if user.is_bound() {
        return Redirect::to(&site.wechat_login.return_to(&return_to)).into_response();
    }
    if site.binding.is_none() {
        let back = site.wechat_login.return_to(&return_to);
        return Html(page::nothing_to_bind(&site.frame, &reader, &visitor, &back)).into_response();
    }
    let again = site.wechat_login.login_url(&return_to);
    let page = |notice| {
        Html(page::bind(
            &site.frame,
            &reader,
            &user,
            &visitor,
            &Typed::default(),
            &notice,
            &again,
        ))
    };
    if JUST_BOUND.is_in(&headers) {
        tracing::warn!("binding service: user is still unbound after a successful binding");
        return (
            [(SET_COOKIE, JUST_BOUND.remove(&site))],
            page(Notice::Unconfirmed),
        )
            .into_response();
    }
    page(Notice::Nothing).into_response()
}

pub(crate) async fn submit(
    State(site): State<Site>,
    reader: Reader,
    user: Authenticated<WechatUser>,
    visitor: Visitor,
    form: Result<Form<Typed>, FormRejection>,
) -> Response {
    let return_to = reader.return_to();
    let Some(binding) = site.binding.as_ref().filter(|_| !user.is_bound()) else {
        // The user has bound the account in another window, for example; or there is nothing to
        // bind.
        return Redirect::to(&site.wechat_login.return_to(&return_to)).into_response();
    };
    // Silent login runs once more and fetches the account, even if this session is stale.
    let again = site.wechat_login.login_url(&return_to);
    let (mut typed, outcome) = match form {
        Ok(Form(typed)) => {
            let typed = typed.trimmed();
            let outcome = act(binding, &user, &typed).await;
            (typed, outcome)
        }
        Err(rejection) => (Typed::default(), Err(rejection.into())),
    };
    let (status, notice) = match outcome {
        Ok(Submitted::Sent) => (StatusCode::OK, Notice::Sent),
        Ok(Submitted::Bound) => {
            return (
                [(SET_COOKIE, JUST_BOUND.set_for(&site, JUST_BOUND_MAX_AGE))],
                Redirect::to(&again),
            )
                .into_response();
        }
        Err(FormError {
            status,
            field,
            zh,
            en,
        }) => {
            if let Some(Field::Sms) = field {
                typed.sms.clear();
            }
            (
                status,
                Notice::Rejected {
                    text: reader.say(zh, en),
                    field,
                },
            )
        }
    };
    (
        status,
        Html(page::bind(
            &site.frame,
            &reader,
            &user,
            &visitor,
            &typed,
            &notice,
            &again,
        )),
    )
        .into_response()
}

impl Typed {
    fn trimmed(self) -> Self {
        Self {
            mobile: self.mobile.trim().to_owned(),
            sms: self.sms.trim().to_owned(),
            action: self.action,
        }
    }
}

/// The outcome of the two buttons.
enum Submitted {
    Sent,
    Bound,
}

async fn act(
    binding: &BindingClient,
    user: &WechatUser,
    typed: &Typed,
) -> Result<Submitted, FormError> {
    let wants_sms = typed.action == "sms";
    match (&*typed.mobile, &*typed.sms) {
        ("", _) => Err(FormError::known(
            Some(Field::Mobile),
            "请输入手机号",
            "Please enter your mobile number",
        )),
        _ if wants_sms => send_sms(binding, typed).await.map(|()| Submitted::Sent),
        (_, "") => Err(FormError::known(
            Some(Field::Sms),
            "请输入短信验证码",
            "Please enter the verification code",
        )),
        _ => bind(binding, user, typed).await.map(|()| Submitted::Bound),
    }
}

async fn send_sms(binding: &BindingClient, typed: &Typed) -> Result<(), FormError> {
    binding
        .post_json(
            "/app/app/sms/sendLoginSms",
            &json!({ "mobile": typed.mobile }),
        )
        .await?;
    Ok(())
}

async fn bind(binding: &BindingClient, user: &WechatUser, typed: &Typed) -> Result<(), FormError> {
    let body = json!({
        "userName": typed.mobile,
        "phoneSms": typed.sms,
        "openId": user.open_id.as_str(),
        "appid": user.app_id,
    });
    binding
        .post_json("/app/app/V1.0/bindingUser", &body)
        .await?;
    tracing::info!("bind: the openid is bound to an account");
    Ok(())
}

/// Reason the form was not accepted, in both languages.
struct FormError {
    status: StatusCode,
    field: Option<Field>,
    zh: &'static str,
    en: &'static str,
}

impl FormError {
    /// An error that the user can correct.
    const fn known(field: Option<Field>, zh: &'static str, en: &'static str) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            field,
            zh,
            en,
        }
    }
}

/// A form that this site does not produce.
impl From<FormRejection> for FormError {
    fn from(rejection: FormRejection) -> Self {
        let (zh, en) = match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => (
                "提交的内容太长，请重新填写",
                "The form is too large. Please fill it in again",
            ),
            _ => (
                "无法读取提交的内容，请重新填写",
                "The form could not be read. Please fill it in again",
            ),
        };
        Self {
            status: rejection.status(),
            field: None,
            zh,
            en,
        }
    }
}

impl From<Error> for FormError {
    fn from(error: Error) -> Self {
        let known = KNOWN
            .iter()
            .find(|(code, ..)| error.upstream_code() == Some(*code));
        if let Some((_, field, zh, en)) = known {
            return Self::known(*field, zh, en);
        }
        tracing::warn!(%error, kind = ?error.kind(), "binding service: request failed");
        let status = match error.kind() {
            ErrorKind::Timeout | ErrorKind::Unresponsive => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::BAD_GATEWAY,
        };
        let (zh, en) = (
            "绑定服务暂时不可用，请稍后再试",
            "Account linking is temporarily unavailable. Please try again later",
        );
        Self {
            status,
            field: None,
            zh,
            en,
        }
    }
}

/// <https://www.showdoc.com.cn/east/2195723471259705> and
/// <https://www.showdoc.com.cn/east/2714110949361841>.
const KNOWN: [(i64, Option<Field>, &str, &str); 8] = [
    (
        2014,
        Some(Field::Sms),
        "短信验证码已失效，请重新获取",
        "The verification code has expired. Please request a new one",
    ),
    (
        2015,
        Some(Field::Sms),
        "短信验证码不正确",
        "The verification code is incorrect",
    ),
    (
        2030,
        Some(Field::Mobile),
        "没有使用此手机号的用户",
        "No user has this mobile number",
    ),
    (
        2031,
        None,
        "绑定失败：此微信可能已绑定其他用户",
        "Linking failed: this WeChat account may be linked to another user",
    ),
    (
        2034,
        Some(Field::Mobile),
        "此用户已绑定其他微信",
        "This user is linked to another WeChat account",
    ),
    (
        3020,
        Some(Field::Mobile),
        "短信发送失败，请检查手机号",
        "The text message could not be sent. Please check the mobile number",
    ),
    (
        3021,
        None,
        "请勿频繁获取验证码，请稍后再试",
        "A code was sent recently. Please wait before requesting another one",
    ),
    (
        3022,
        Some(Field::Sms),
        "短信验证码无效",
        "The verification code is invalid",
    ),
];
