//! The control page: what tests switch by calls, a person switches here by buttons.
//!
//! The names of the buttons are listed at [`Endpoint::Control`].

use http::Method;

use super::answer::Answer;
use super::binding::{BindingRefusal, BindingState};
use super::call::Call;
use super::endpoint::Endpoint;
use super::kesion::KesionState;
use super::page::{document, escape};
use super::query::parameter;
use super::switch::Switch;
use super::systems::Systems;
use super::wechat::WechatApproval;
use super::wechat_page::follower_card;
use super::weika::bad_request;

/// Shows the page, or switches and comes back to it.
pub(super) fn answer(systems: &Systems, call: &Call<'_>) -> Answer {
    if call.parts.method != Method::POST {
        return Answer::page(show(systems));
    }
    if call.is_cross_site() {
        return bad_request("请在本页操作", "Other sites switch nothing here");
    }
    let form = std::str::from_utf8(call.body).unwrap_or_default();
    let switch = parameter(form, "switch").and_then(|name| Switch::parse(&name));
    if switch.is_some_and(|it| it.apply(systems)) {
        Answer::see_other(Endpoint::Control.path())
    } else {
        bad_request("没有这个开关", "There is no such switch")
    }
}

fn show(systems: &Systems) -> String {
    let kesion = [
        (Switch::Kesion(KesionState::Authorized), "已授权", "authorized"),
        (Switch::Kesion(KesionState::NotAuthorized), "未授权 3002", "not authorized"),
        (Switch::Kesion(KesionState::NotOpened), "没有开通 3001", "not opened"),
        (Switch::Kesion(KesionState::Failing), "微信出错", "failing"),
    ];
    let auto_login = [(Switch::KesionAutoLogin(true), "启用", "on"), (Switch::KesionAutoLogin(false), "不启用", "off")];
    let binding = [
        (Switch::Binding(BindingState::Normal), "正常", "normal"),
        (Switch::Binding(BindingState::NotConfigured), "未配置公众号 2002", "not configured"),
        (Switch::Binding(BindingState::OperatorUnavailable), "运营商不可用 2003", "operator unavailable"),
        (Switch::Binding(BindingState::NobodyBound), "都未绑定 2000", "nobody bound"),
        refusing(BindingRefusal::BadCode, "获取openid失败 2001", "no openid"),
        refusing(BindingRefusal::CodeEmpty, "code为空 2004", "no code"),
        refusing(BindingRefusal::UnknownAppId, "APPID不存在 2035", "unknown APPID"),
        refusing(BindingRefusal::Busy, "未知异常 440001", "unknown exception"),
        refusing(BindingRefusal::NoPermission, "无权限 440002", "no permission"),
        refusing(BindingRefusal::NotLoggedIn, "未登录 440003", "not logged in"),
        refusing(BindingRefusal::TokenInvalid, "token无效 440004", "token invalid"),
        refusing(BindingRefusal::RequestFailed, "请求失败 440007", "request failed"),
    ];
    let body = format!(
        r#"<h1>控制台<small lang="en">Control page</small></h1>
<form method="post" action="{path}">
<h2 id="kesion">科汛公众号 <small lang="en">Kesion's official account</small></h2>
{kesion}<h2 id="auto-login">微信自动登录 <small lang="en">Kesion: automatic login</small></h2>
{auto_login}<h2 id="binding">绑定服务 <small lang="en">Binding service</small></h2>
{binding}<h2 id="phone">手机是谁的 <small lang="en">Who has the phone</small></h2>
{phone}<h2>绑定 <small lang="en">Bindings</small></h2>
<ul>{bindings}</ul>
</form>
<h2 id="sms">最近的短信验证码 <small lang="en">Last SMS codes</small></h2>
{sms}"#,
        path = Endpoint::Control.path(),
        kesion = group(systems, r#"aria-labelledby="kesion""#, &kesion),
        auto_login = group(systems, r#"aria-labelledby="auto-login""#, &auto_login),
        binding = group(systems, r#"aria-labelledby="binding""#, &binding),
        phone = phone(systems),
        bindings = bindings(systems),
        sms = sms(systems),
    );
    document("控制台", &body)
}

const fn refusing<'a>(refusal: BindingRefusal, zh: &'a str, en: &'a str) -> (Switch, &'a str, &'a str) {
    (Switch::Binding(BindingState::Refusing(refusal)), zh, en)
}

/// Buttons under one name: `named` is the attribute that gives it.
fn group(systems: &Systems, named: &str, switches: &[(Switch, &str, &str)]) -> String {
    let buttons: String = switches.iter().map(|(switch, zh, en)| button(systems, switch, zh, en)).collect();
    format!("<div class=\"switches\" role=\"group\" {named}>{buttons}</div>\n")
}

fn button(systems: &Systems, switch: &Switch, zh: &str, en: &str) -> String {
    let name = escape(&switch.to_string());
    format!(
        r#"<button name="switch" value="{name}" data-switch="{name}" aria-pressed="{on}">{zh}<small lang="en">{en}</small></button>
"#,
        on = switch.is_on(systems),
        zh = escape(zh),
        en = escape(en),
    )
}

fn phone(systems: &Systems) -> String {
    let follower = |id: &str| Switch::Phone(WechatApproval::Approve(id.to_owned()));
    let followers = systems.wechat.followers.iter().map(|it| (follower(it.id()), it.name(), it.id()));
    let mut switches = vec![(Switch::Phone(WechatApproval::Ask), "每次询问", "ask")];
    switches.extend(followers);
    switches.push((Switch::Phone(WechatApproval::Decline), "拒绝", "decline"));
    group(systems, r#"aria-labelledby="phone""#, &switches)
}

fn bindings(systems: &Systems) -> String {
    let entry = |it: &super::Follower| {
        let switches = [
            (Switch::Bound(it.id().to_owned(), true), "绑定", "bound"),
            (Switch::Bound(it.id().to_owned(), false), "未绑定", "not bound"),
        ];
        let named = format!(r#"aria-label="{}""#, escape(it.name()));
        format!("<li>{}{}</li>\n", follower_card(it), group(systems, &named, &switches))
    };
    systems.wechat.followers.iter().map(entry).collect()
}

fn sms(systems: &Systems) -> String {
    let sent = systems.binding.sms.all();
    if sent.is_empty() {
        return r#"<p>还没有短信<small lang="en">None yet</small></p>"#.to_owned();
    }
    let row = |(mobile, code): &(String, String)| {
        format!(r#"<tr><td>{mobile}</td><td><code data-sms="{mobile}">{code}</code></td></tr>"#)
    };
    format!(
        r#"<table aria-labelledby="sms"><thead><tr>
<th scope="col">手机号 <span lang="en">Mobile</span></th><th scope="col">验证码 <span lang="en">Code</span></th>
</tr></thead><tbody>{}</tbody></table>"#,
        sent.iter().map(row).collect::<String>()
    )
}
