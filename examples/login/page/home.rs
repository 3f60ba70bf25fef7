//! The public home page.

use tower_weika::identity::Identity;

use super::frame::{Frame, Login, document};
use crate::card::{blank, manager_card, member_card, member_name, shown_name, wechat_card};
use crate::devices;
use crate::html::Escaped;
use crate::pretend::{PATH, Pretence};
use crate::reader::Reader;
use crate::visitor::Visitor;

pub(crate) fn home(
    frame: &Frame,
    reader: &Reader,
    visitor: &Visitor,
    account: Option<&str>,
    pretence: Pretence,
) -> String {
    let (headline, text) = match visitor {
        Visitor { staff: Some(staff), .. } => (
            format!("{}{}", reader.say("你好，", "Hello, "), Escaped(shown_name(reader, staff))),
            reader.say("身份来自微卡，会话由本站管理。", "Your identity comes from Weika; the session is managed by this site."),
        ),
        Visitor { member: Some(member), .. } => (
            format!("{}{}", reader.say("你好，", "Hello, "), Escaped(member_name(reader, member))),
            reader.say("身份来自微卡的校园卡登录，会话由本站管理。", "Your identity comes from Weika's campus card login; the session is managed by this site."),
        ),
        Visitor { wechat: Some(_), .. } => (
            reader.say("你好，微信用户", "Hello, WeChat user").to_owned(),
            reader.say(
                "身份来自公众号的静默授权，会话由本站管理。",
                "Your identity comes from the official account's silent authorization; the session is managed by this site.",
            ),
        ),
        _ => (
            reader.say("一层中间件，接入微卡登录", "Weika login in one Tower layer").to_owned(),
            reader.say(
                "本站用 tower-weika 识别学校管理员、学校成员和微信用户：跳转、回调、令牌和会话都由它处理。",
                "This site authenticates school managers, members of a school and WeChat users with tower-weika, which \
                 handles redirects, callbacks, tokens and sessions.",
            ),
        ),
    };
    let main = format!(
        r#"<div class="hero"><div><h1>{headline}</h1><p class="lead">{text}</p>{actions}</div>
<div class="cards">{cards}</div></div>
{pretence}{routes}"#,
        actions = actions(frame, reader, visitor),
        cards = cards(reader, visitor, account),
        pretence = switch(reader, pretence),
        routes = routes(frame, reader),
    );
    document(frame, reader, visitor, reader.say("首页", "Home"), &main)
}

/// The logins that the visitor has come first; a visitor with several gets a row for each.
fn actions(frame: &Frame, reader: &Reader, visitor: &Visitor) -> String {
    let actions = [
        for_managers(frame, reader, visitor),
        for_members(frame, reader, visitor),
        for_wechat_users(frame, reader, visitor),
    ];
    let (open, log_in): (Vec<_>, Vec<_>) = actions.into_iter().partition(Result::is_ok);
    let open: Vec<_> = open.into_iter().flatten().collect();
    let log_in: String = log_in.into_iter().filter_map(Result::err).collect();
    let rows = match &*open {
        [] | [_] => vec![open.concat() + &log_in],
        _ => [open, vec![log_in]].concat(),
    };
    let rows = rows.into_iter().filter(|row| !row.is_empty());
    rows.map(|row| format!(r#"<div class="actions">{row}</div>"#))
        .collect()
}

/// The links of a login that the visitor has, or the link to log in.
type Actions = Result<String, String>;

fn for_managers(frame: &Frame, reader: &Reader, visitor: &Visitor) -> Actions {
    match &visitor.staff {
        Some(_) => Ok(format!(
            r#"<a class="button" href="{}">{}</a><a class="button quiet" href="{}">{}</a>"#,
            reader.link("/admin"),
            reader.say("进入管理后台", "Open the back office"),
            reader.link("/account"),
            reader.say("公众号状态", "Official account"),
        )),
        None => Err(format!(
            r#"<a class="button{}" data-login href="{}">{}</a>"#,
            if visitor.is_anonymous() { "" } else { " quiet" },
            Escaped(reader.link_via(&frame.manager_login, "/")),
            reader.say("以管理员身份登录", "Log in as a manager"),
        )),
    }
}

fn for_members(frame: &Frame, reader: &Reader, visitor: &Visitor) -> Actions {
    match &visitor.member {
        Some(_) => Ok(format!(
            r#"<a class="button" href="{}">{}</a>{}"#,
            reader.link("/card"),
            reader.say("打开校园卡", "Open the campus card"),
            log_out_below(Login::Member, frame, reader, visitor),
        )),
        None => Err(format!(
            r#"<a class="button quiet" data-member-login href="{}">{}</a>"#,
            Escaped(reader.link_via(&frame.member_login, "/")),
            reader.say("用校园卡登录", "Log in with a campus card"),
        )),
    }
}

fn for_wechat_users(frame: &Frame, reader: &Reader, visitor: &Visitor) -> Actions {
    match &visitor.wechat {
        Some(user) => {
            let (path, label) = if user.is_complete() {
                ("/app", reader.say("进入校园应用", "Open the campus app"))
            } else {
                ("/bind", reader.say("绑定账号", "Link your account"))
            };
            Ok(format!(
                r#"<a class="button" data-app href="{}">{label}</a>{}"#,
                reader.link(path),
                log_out_below(Login::Wechat, frame, reader, visitor),
            ))
        }
        None => Err(format!(
            r#"<a class="button quiet" data-wechat-login href="{}">{}</a>"#,
            Escaped(reader.link_via(&frame.wechat_login, "/")),
            reader.say("用微信登录", "Log in with WeChat"),
        )),
    }
}

/// The logout button of a login whose button is not at the top.
fn log_out_below(login: Login, frame: &Frame, reader: &Reader, visitor: &Visitor) -> String {
    match Login::of_page(visitor, "/") {
        Some(top) if top != login => login.logout(frame, reader),
        _ => String::new(),
    }
}

fn cards(reader: &Reader, visitor: &Visitor, account: Option<&str>) -> String {
    if visitor.is_anonymous() {
        return blank(reader);
    }
    let manager = visitor.staff.as_deref();
    let member = visitor.member.as_deref();
    let wechat = visitor.wechat.as_deref();
    let cards = [
        manager.map(|staff| manager_card(reader, staff.manager())),
        member.map(|member| member_card(reader, member, None)),
        wechat.map(|user| wechat_card(reader, user, account)),
    ];
    cards.into_iter().flatten().collect()
}

fn switch(reader: &Reader, pretence: Pretence) -> String {
    let (text, field, label) = match pretence {
        Pretence::Never => return String::new(),
        Pretence::Off => (
            reader.say(
                "微信登录只能在微信中进行。手边没有手机？",
                "WeChat login works only in WeChat. No phone at hand?",
            ),
            r#"<input type="hidden" name="on" value="1">"#,
            reader.say("模拟微信浏览器", "Simulate the WeChat browser"),
        ),
        Pretence::On => (
            reader.say(
                "本浏览器正在模拟微信。",
                "This browser is simulating WeChat.",
            ),
            "",
            reader.say("停止模拟", "Stop simulating"),
        ),
    };
    format!(
        r#"<form class="panel switch" method="post" action="{}"><p>{text}</p>{field}<button class="quiet button" data-pretend-switch>{label}</button></form>"#,
        reader.link(PATH),
    )
}

fn routes(frame: &Frame, reader: &Reader) -> String {
    let (all_users, managers) = (
        reader.say("公开", "Public"),
        reader.say("管理员", "Managers"),
    );
    let wechat = reader.say("微信用户", "WeChat users");
    let (app, app_users, bind) = if frame.has_binding {
        (
            reader.say(
                "校园应用：未绑定时先跳转到绑定页",
                "Campus app: redirects to account linking first",
            ),
            reader.say("已绑定", "Linked"),
            reader.say("用短信验证码绑定账号", "Link an account by text message"),
        )
    } else {
        (
            reader.say("校园应用", "Campus app"),
            wechat,
            reader.say("说明为何无需绑定", "Why no account is linked"),
        )
    };
    let rows = [
        (
            "/admin",
            reader.say(
                "管理后台：未登录时先跳转到登录",
                "Back office: redirects to the login first",
            ),
            managers,
        ),
        (
            "/admin/deep/path?x=1",
            reader.say(
                "登录后返回原地址",
                "Returns to this address after the login",
            ),
            managers,
        ),
        (
            "/admin/settings",
            reader.say(
                "系统设置：其他角色返回 403",
                "Settings: 403 for other roles",
            ),
            reader.say("角色组 1", "Role group 1"),
        ),
        (
            "/account",
            reader.say(
                "学校公众号的授权状态",
                "Authorization state of the official account",
            ),
            managers,
        ),
        (
            "/card",
            reader.say(
                "校园卡：微信内外各有登录页",
                "Campus card: one login page in WeChat, another elsewhere",
            ),
            reader.say("学校成员", "Members"),
        ),
        ("/app", app, app_users),
        ("/bind", bind, wechat),
        (
            devices::PATH,
            reader.say(
                "登录设备：查看并退出其他设备",
                "Your devices: see them, log others out",
            ),
            reader.say("已登录", "Logged in"),
        ),
        (
            "/api/me",
            reader.say(
                "当前身份；未登录时返回 401",
                "Current identity; 401 if not logged in",
            ),
            "JSON",
        ),
        (
            "/healthz",
            reader.say("存活检查", "Liveness probe"),
            all_users,
        ),
        (
            "/readyz",
            reader.say(
                "就绪检查：令牌与会话存储",
                "Readiness probe: token and session store",
            ),
            all_users,
        ),
        (
            "/metrics",
            reader.say("Prometheus 指标", "Prometheus metrics"),
            all_users,
        ),
    ];
    let rows = rows.map(|(path, text, who)| {
        format!(
            r#"<li><a href="{path}"><code>{path}</code><span>{text}</span><em>{who}</em></a></li>"#
        )
    });
    format!(
        r#"<section class="panel"><h2>{}</h2><ul class="rows">{}</ul></section>"#,
        reader.say("试一试", "Try it"),
        rows.concat(),
    )
}
