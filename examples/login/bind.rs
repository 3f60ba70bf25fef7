//! Binding an openid to an account of the operator's service, with an SMS.
//!
//! The openid comes from the session and from nowhere else: whoever may choose it takes over somebody's login.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;
use tower_weika::extract::Authenticated;
use tower_weika::identity::WechatUser;
use tower_weika::{Error, ErrorKind};

use crate::page::{self, Notice};
use crate::reader::Reader;
use crate::same_origin::SameOrigin;
use crate::site::Site;
use crate::visitor::Visitor;

/// Where people do it.
pub(crate) const PATH: &str = "/bind";

/// Where they want to go afterwards. It is checked by the login, which leads there.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    return_to: String,
}

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
    Query(wanted): Query<Wanted>,
    user: Authenticated<WechatUser>,
    visitor: Visitor,
) -> Response {
    if user.is_bound() {
        return Redirect::to(&site.wechat_login.return_to(&wanted.return_to)).into_response();
    }
    let again = site.wechat_login.login_url(&wanted.return_to);
    let page = page::bind(&site.frame, &reader, &user, &visitor, &Typed::default(), &Notice::Nothing, &again);
    Html(page).into_response()
}

pub(crate) async fn submit(
    _: SameOrigin,
    State(site): State<Site>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
    user: Authenticated<WechatUser>,
    visitor: Visitor,
    Form(mut typed): Form<Typed>,
) -> Response {
    typed.mobile = typed.mobile.trim().to_owned();
    typed.sms = typed.sms.trim().to_owned();
    // The login runs once more, silently, and finds the account or not, whatever this session knew.
    let again = site.wechat_login.login_url(&wanted.return_to);
    let wants_sms = typed.action == "sms";
    let outcome = match (&*typed.mobile, &*typed.sms) {
        ("", _) => Err(Refusal::known("请输入手机号", "Please enter your mobile number")),
        _ if wants_sms => send_sms(&site, &typed).await,
        (_, "") => Err(Refusal::known("请输入短信验证码", "Please enter the code from the SMS")),
        _ => bind(&site, &user, &typed).await,
    };
    let (status, notice) = match outcome {
        Ok(()) if wants_sms => (StatusCode::OK, Notice::Sent),
        Ok(()) => return Redirect::to(&again).into_response(),
        Err(Refusal { status, zh, en }) => (status, Notice::Refused(reader.say(zh, en))),
    };
    (status, Html(page::bind(&site.frame, &reader, &user, &visitor, &typed, &notice, &again))).into_response()
}

async fn send_sms(site: &Site, typed: &Typed) -> Result<(), Refusal> {
    site.binding.post_json("/app/app/sms/sendLoginSms", &json!({ "mobile": typed.mobile })).await?;
    Ok(())
}

async fn bind(site: &Site, user: &WechatUser, typed: &Typed) -> Result<(), Refusal> {
    let body = json!({
        "userName": typed.mobile,
        "phoneSms": typed.sms,
        "openId": user.open_id().as_str(),
        "appid": user.app_id(),
    });
    site.binding.post_json("/app/app/V1.0/bindingUser", &body).await?;
    tracing::info!("bound");
    Ok(())
}

/// Why it did not work.
struct Refusal {
    status: StatusCode,
    zh: &'static str,
    en: &'static str,
}

impl Refusal {
    /// One that the person can do something about.
    const fn known(zh: &'static str, en: &'static str) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, zh, en }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let known = KNOWN.iter().find(|(code, ..)| error.upstream_code() == Some(*code));
        if let Some((_, zh, en)) = known {
            return Self::known(zh, en);
        }
        tracing::warn!(%error, kind = ?error.kind(), "the binding service failed");
        let status = match error.kind() {
            ErrorKind::Timeout | ErrorKind::Unresponsive => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::BAD_GATEWAY,
        };
        let (zh, en) = ("绑定服务暂时不可用，请稍后再试", "The binding service has a problem. Please try again later");
        Self { status, zh, en }
    }
}

/// <https://www.showdoc.com.cn/east/2195723471259705> and <https://www.showdoc.com.cn/east/2714110949361841>.
const KNOWN: [(i64, &str, &str); 8] = [
    (2014, "短信验证码已失效，请重新获取", "The code has expired. Please ask for another one"),
    (2015, "短信验证码不正确", "That is not the code from the SMS"),
    (2030, "没有使用此手机号的用户", "There is no user with this mobile number"),
    (2031, "绑定失败：此微信可能已绑定其他用户", "It cannot be bound: this WeChat may be bound to another user"),
    (2034, "此用户已绑定其他微信", "This user is bound to another WeChat"),
    (3020, "短信发送失败，请检查手机号", "The SMS could not be sent. Please check the number"),
    (3021, "请勿频繁获取验证码，请稍后再试", "An SMS was sent a moment ago. Please wait before asking again"),
    (3022, "短信验证码无效", "The code is not valid"),
];
