//! Binding an openid to an account of the operator's service, with an SMS.
//!
//! The openid comes from the session and from nowhere else: whoever may choose it takes over somebody's login.
//!
//! An SMS costs the operator money, and rings at whoever's number was typed. The operator makes a number wait between
//! two; a real site also limits how many a session may ask for.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;
use tower_weika::identity::WechatUser;
use tower_weika::session::Authenticated;
use tower_weika::{Error, ErrorKind};

use crate::mark::Mark;
use crate::page::{self, Field, Notice};
use crate::reader::Reader;
use crate::same_origin::SameOrigin;
use crate::site::Site;
use crate::visitor::Visitor;

/// Where people do it.
pub(crate) const PATH: &str = "/bind";

/// The operator has taken a binding a moment ago. If the login after it finds nobody bound all the same, this page is
/// where it ends, and has to say so.
const BOUND: Mark = Mark {
    name: "just-bound",
    path: PATH,
};

/// How long that is worth mentioning, in seconds.
const MOMENT: u32 = 60;

/// What was typed. Nothing has to be there.
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
    if BOUND.is_in(&headers) {
        tracing::warn!("the operator has bound somebody, and still says that they are not");
        return (
            [(SET_COOKIE, BOUND.remove(&site))],
            page(Notice::Unconfirmed),
        )
            .into_response();
    }
    page(Notice::Nothing).into_response()
}

pub(crate) async fn submit(
    _: SameOrigin,
    State(site): State<Site>,
    reader: Reader,
    user: Authenticated<WechatUser>,
    visitor: Visitor,
    form: Result<Form<Typed>, FormRejection>,
) -> Response {
    let return_to = reader.return_to();
    if user.is_bound() {
        // In another window, say.
        return Redirect::to(&site.wechat_login.return_to(&return_to)).into_response();
    }
    // The login runs once more, silently, and finds the account or not, whatever this session knew.
    let again = site.wechat_login.login_url(&return_to);
    let (mut typed, outcome) = match form {
        Ok(Form(typed)) => {
            let typed = typed.trimmed();
            let outcome = act(&site, &user, &typed).await;
            (typed, outcome)
        }
        Err(rejection) => (Typed::default(), Err(rejection.into())),
    };
    let (status, notice) = match outcome {
        Ok(Done::Sent) => (StatusCode::OK, Notice::Sent),
        Ok(Done::Bound) => {
            return (
                [(SET_COOKIE, BOUND.set_for(&site, MOMENT))],
                Redirect::to(&again),
            )
                .into_response();
        }
        Err(Refusal {
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
                Notice::Refused {
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

/// What the buttons do.
enum Done {
    Sent,
    Bound,
}

async fn act(site: &Site, user: &WechatUser, typed: &Typed) -> Result<Done, Refusal> {
    let wants_sms = typed.action == "sms";
    match (&*typed.mobile, &*typed.sms) {
        ("", _) => Err(Refusal::known(
            Some(Field::Mobile),
            "请输入手机号",
            "Please enter your mobile number",
        )),
        _ if wants_sms => send_sms(site, typed).await.map(|()| Done::Sent),
        (_, "") => Err(Refusal::known(
            Some(Field::Sms),
            "请输入短信验证码",
            "Please enter the code from the SMS",
        )),
        _ => bind(site, user, typed).await.map(|()| Done::Bound),
    }
}

async fn send_sms(site: &Site, typed: &Typed) -> Result<(), Refusal> {
    site.binding
        .post_json(
            "/app/app/sms/sendLoginSms",
            &json!({ "mobile": typed.mobile }),
        )
        .await?;
    Ok(())
}

async fn bind(site: &Site, user: &WechatUser, typed: &Typed) -> Result<(), Refusal> {
    let body = json!({
        "userName": typed.mobile,
        "phoneSms": typed.sms,
        "openId": user.open_id.as_str(),
        "appid": user.app_id,
    });
    site.binding
        .post_json("/app/app/V1.0/bindingUser", &body)
        .await?;
    tracing::info!("bound");
    Ok(())
}

/// Why it did not work.
struct Refusal {
    status: StatusCode,
    field: Option<Field>,
    zh: &'static str,
    en: &'static str,
}

impl Refusal {
    /// One that the person can do something about.
    const fn known(field: Option<Field>, zh: &'static str, en: &'static str) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            field,
            zh,
            en,
        }
    }
}

/// No form of this site is like that.
impl From<FormRejection> for Refusal {
    fn from(rejection: FormRejection) -> Self {
        let (zh, en) = match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => (
                "提交的内容太长，请重新填写",
                "That is too long. Please fill in the form again",
            ),
            _ => (
                "无法读取提交的内容，请重新填写",
                "That cannot be read. Please fill in the form again",
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

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let known = KNOWN
            .iter()
            .find(|(code, ..)| error.upstream_code() == Some(*code));
        if let Some((_, field, zh, en)) = known {
            return Self::known(*field, zh, en);
        }
        tracing::warn!(%error, kind = ?error.kind(), "the binding service failed");
        let status = match error.kind() {
            ErrorKind::Timeout | ErrorKind::Unresponsive => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::BAD_GATEWAY,
        };
        let (zh, en) = (
            "绑定服务暂时不可用，请稍后再试",
            "The binding service has a problem. Please try again later",
        );
        Self {
            status,
            field: None,
            zh,
            en,
        }
    }
}

/// <https://www.showdoc.com.cn/east/2195723471259705> and <https://www.showdoc.com.cn/east/2714110949361841>.
const KNOWN: [(i64, Option<Field>, &str, &str); 8] = [
    (
        2014,
        Some(Field::Sms),
        "短信验证码已失效，请重新获取",
        "The code has expired. Please ask for another one",
    ),
    (
        2015,
        Some(Field::Sms),
        "短信验证码不正确",
        "That is not the code from the SMS",
    ),
    (
        2030,
        Some(Field::Mobile),
        "没有使用此手机号的用户",
        "There is no user with this mobile number",
    ),
    (
        2031,
        None,
        "绑定失败：此微信可能已绑定其他用户",
        "It cannot be bound: this WeChat may be bound to another user",
    ),
    (
        2034,
        Some(Field::Mobile),
        "此用户已绑定其他微信",
        "This user is bound to another WeChat",
    ),
    (
        3020,
        Some(Field::Mobile),
        "短信发送失败，请检查手机号",
        "The SMS could not be sent. Please check the number",
    ),
    (
        3021,
        None,
        "请勿频繁获取验证码，请稍后再试",
        "An SMS was sent a moment ago. Please wait before asking again",
    ),
    (
        3022,
        Some(Field::Sms),
        "短信验证码无效",
        "The code is not valid",
    ),
];
