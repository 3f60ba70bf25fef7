//! Control page: buttons for the settings that tests make with methods of
//! [`Sandbox`](crate::Sandbox).
//!
//! The names of the buttons are listed at [`Endpoint::Control`].

use http::Method;
use maud::{Markup, html};

use super::setting::Setting;
use super::systems::Systems;
use crate::endpoint::Endpoint;
use crate::message::call::Call;
use crate::message::page::{document, english, small};
use crate::message::query::parameter;
use crate::message::reply::Reply;
use crate::state::wechat_person::WechatPerson;
use crate::system::binding::{BindingRefusal, BindingState};
use crate::system::kesion::KesionState;
use crate::system::wechat::{WechatApproval, person_card};
use crate::system::weika::Approval;

/// Shows the page, or applies the setting of a button and redirects to the page.
pub(crate) fn reply(systems: &Systems, call: &Call<'_>) -> Reply {
    if call.parts.method != Method::POST {
        return Reply::page(page(systems));
    }
    if call.is_cross_site() {
        return Reply::bad_request("请在本页操作", "Other sites cannot change settings");
    }
    let form = std::str::from_utf8(call.body).unwrap_or_default();
    let setting = parameter(form, "switch").and_then(|name| Setting::parse(&name));
    if setting.is_some_and(|it| it.apply(systems)) {
        Reply::see_other(Endpoint::Control.path())
    } else {
        Reply::bad_request("没有这个开关", "There is no such setting")
    }
}

fn page(systems: &Systems) -> Markup {
    let kesion = [
        (
            Setting::Kesion(KesionState::Authorized),
            "已授权",
            "authorized",
        ),
        (
            Setting::Kesion(KesionState::NotAuthorized),
            "未授权 3002",
            "not authorized",
        ),
        (
            Setting::Kesion(KesionState::NotOpened),
            "没有开通 3001",
            "not opened",
        ),
        (Setting::Kesion(KesionState::Failing), "微信出错", "failing"),
    ];
    let auto_login = [
        (Setting::KesionAutoLogin(true), "启用", "on"),
        (Setting::KesionAutoLogin(false), "不启用", "off"),
    ];
    let binding = [
        (Setting::Binding(BindingState::Normal), "正常", "normal"),
        (
            Setting::Binding(BindingState::NotConfigured),
            "未配置公众号 2002",
            "not configured",
        ),
        (
            Setting::Binding(BindingState::OperatorUnavailable),
            "运营商不可用 2003",
            "operator unavailable",
        ),
        (
            Setting::Binding(BindingState::AllUnbound),
            "都未绑定 2000",
            "none bound",
        ),
        refusing(BindingRefusal::BadCode, "获取openid失败 2001", "no openid"),
        refusing(BindingRefusal::CodeEmpty, "code为空 2004", "no code"),
        refusing(
            BindingRefusal::UnknownAppId,
            "APPID不存在 2035",
            "unknown APPID",
        ),
        refusing(BindingRefusal::Busy, "未知异常 440001", "unknown exception"),
        refusing(
            BindingRefusal::NoPermission,
            "无权限 440002",
            "no permission",
        ),
        refusing(
            BindingRefusal::NotLoggedIn,
            "未登录 440003",
            "not logged in",
        ),
        refusing(
            BindingRefusal::TokenInvalid,
            "token无效 440004",
            "token invalid",
        ),
        refusing(
            BindingRefusal::RequestFailed,
            "请求失败 440007",
            "request failed",
        ),
    ];
    let body = html! {
        h1 { "控制台" (small("Control page")) }
        form method="post" action=(Endpoint::Control.path()) {
            h2 id="kesion" { "科汛公众号 " (small("Kesion's official account")) }
            (named_group(systems, "kesion", &kesion))
            h2 id="auto-login" { "微信自动登录 " (small("Kesion: automatic login")) }
            (named_group(systems, "auto-login", &auto_login))
            h2 id="binding" { "绑定服务 " (small("Binding service")) }
            (named_group(systems, "binding", &binding))
            h2 id="phone" { "手机是谁的 " (small("Who has the phone")) }
            (named_group(systems, "phone", &phone(systems)))
            h2 { "绑定 " (small("Bindings")) }
            ul {
                @for person in &systems.wechat.people { li { (person_card(person)) (bindings(systems, person)) } }
            }
            h2 id="member-app" { "学校是否开启应用 " (small("Members: the school has the application on")) }
            (named_group(systems, "member-app", &member_app()))
            h2 id="member" { "校园卡是谁的 " (small("Members: who has the campus card")) }
            (named_group(systems, "member", &member(systems)))
        }
        h2 id="sms" { "最近的短信验证码 " (small("Last SMS codes")) }
        (sms(systems))
    };
    document("控制台", &body)
}

const fn refusing<'a>(refusal: BindingRefusal, zh: &'a str, en: &'a str) -> Button<'a> {
    (Setting::Binding(BindingState::Refusing(refusal)), zh, en)
}

/// A setting and its label in two languages.
type Button<'a> = (Setting, &'a str, &'a str);

/// Returns buttons under the heading with this id.
fn named_group(systems: &Systems, heading: &str, group: &[Button<'_>]) -> Markup {
    html! { div.switches role="group" aria-labelledby=(heading) { (buttons(systems, group)) } }
}

fn buttons(systems: &Systems, group: &[Button<'_>]) -> Markup {
    html! {
        @for (setting, zh, en) in group {
            @let name = setting.to_string();
            button name="switch" value=(name) data-switch=(name) aria-pressed=(setting.is_on(systems)) {
                (zh) (small(en))
            }
        }
    }
}

fn phone(systems: &Systems) -> Vec<Button<'_>> {
    let approve = |id: &str| Setting::Phone(WechatApproval::Approve(id.to_owned()));
    let people = systems
        .wechat
        .people
        .iter()
        .map(|it| (approve(it.id()), it.name(), it.id()));
    let mut buttons = vec![(Setting::Phone(WechatApproval::Ask), "每次询问", "ask")];
    buttons.extend(people);
    buttons.push((Setting::Phone(WechatApproval::Decline), "拒绝", "decline"));
    buttons
}

const fn member_app<'a>() -> [Button<'a>; 2] {
    [
        (Setting::MemberApp(true), "已开启", "on"),
        (Setting::MemberApp(false), "未开启 40018", "off"),
    ]
}

fn member(systems: &Systems) -> Vec<Button<'_>> {
    let approve = |id: &str| Setting::Member(Approval::Approve(id.to_owned()));
    let people = systems.weika_member.people.iter();
    let people = people.map(|it| (approve(it.id()), it.school().name(), it.id()));
    let mut buttons = vec![(Setting::Member(Approval::Ask), "每次询问", "ask")];
    buttons.extend(people);
    buttons.push((Setting::Member(Approval::Decline), "拒绝", "decline"));
    buttons
}

fn bindings(systems: &Systems, person: &WechatPerson) -> Markup {
    let group = [
        (
            Setting::Bound(person.id().to_owned(), true),
            "绑定",
            "bound",
        ),
        (
            Setting::Bound(person.id().to_owned(), false),
            "未绑定",
            "not bound",
        ),
    ];
    html! { div.switches role="group" aria-label=(person.name()) { (buttons(systems, &group)) } }
}

fn sms(systems: &Systems) -> Markup {
    let codes = systems.binding.sms.all();
    html! {
        @if codes.is_empty() {
            p { "还没有短信" (small("None yet")) }
        } @else {
            table aria-labelledby="sms" {
                thead {
                    tr {
                        th scope="col" { "手机号 " (english("Mobile")) }
                        th scope="col" { "验证码 " (english("Code")) }
                    }
                }
                tbody {
                    @for (mobile, code) in codes { tr { td { (mobile) } td { code data-sms=(mobile) { (code) } } } }
                }
            }
        }
    }
}
