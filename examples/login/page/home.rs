//! The page for everybody.

use super::frame::{Frame, document, logout_wechat};
use crate::card::{blank, manager_card, shown_name, wechat_card};
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
        Visitor { manager: Some(manager), .. } => (
            format!("{}{}", reader.say("你好，", "Hello, "), Escaped(shown_name(reader, manager))),
            reader.say("身份来自微卡，会话在本站。", "Weika says who you are; the session is this site's own."),
        ),
        Visitor { wechat: Some(_), .. } => (
            reader.say("你好，微信用户", "Hello from WeChat").to_owned(),
            reader.say(
                "身份来自公众号的静默授权，会话在本站。",
                "WeChat says who you are, without asking; the session is this site's own.",
            ),
        ),
        Visitor { manager: None, wechat: None } => (
            reader.say("一层中间件，接入微卡登录", "Weika login in one Tower layer").to_owned(),
            reader.say(
                "本站用 tower-weika 识别学校管理员和微信用户：跳转、回调、令牌和会话都由它处理。",
                "tower-weika tells this site which manager of a school or which WeChat user is asking: redirect, \
                 callback, token and session.",
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
        routes = routes(reader),
    );
    document(frame, reader, visitor, reader.say("首页", "Home"), &main)
}

/// What somebody has already comes before what they could have; who has both gets a row for each.
fn actions(frame: &Frame, reader: &Reader, visitor: &Visitor) -> String {
    let (managers, wechat) = (
        for_managers(frame, reader, visitor),
        for_wechat_users(frame, reader, visitor),
    );
    let row = |actions: &str| format!(r#"<div class="actions">{actions}</div>"#);
    match (&visitor.manager, &visitor.wechat) {
        (Some(_), Some(_)) => row(&managers) + &row(&wechat),
        (None, Some(_)) => row(&(wechat + &managers)),
        _ => row(&(managers + &wechat)),
    }
}

fn for_managers(frame: &Frame, reader: &Reader, visitor: &Visitor) -> String {
    match &visitor.manager {
        Some(_) => format!(
            r#"<a class="button" href="{}">{}</a><a class="button quiet" href="{}">{}</a>"#,
            reader.link("/admin"),
            reader.say("进入管理后台", "Open the back office"),
            reader.link("/account"),
            reader.say("公众号状态", "Official account"),
        ),
        None => format!(
            r#"<a class="button{}" data-login href="{}">{}</a>"#,
            if visitor.wechat.is_some() {
                " quiet"
            } else {
                ""
            },
            Escaped(reader.link_via(&frame.manager_login, "/")),
            reader.say("以管理员身份登录", "Log in as a manager"),
        ),
    }
}

fn for_wechat_users(frame: &Frame, reader: &Reader, visitor: &Visitor) -> String {
    match &visitor.wechat {
        Some(user) => {
            let (path, label) = if user.is_bound() {
                ("/app", reader.say("进入校园应用", "Open the campus app"))
            } else {
                ("/bind", reader.say("绑定账号", "Bind an account"))
            };
            // The button at the top ends the other session then.
            let both = visitor.manager.as_ref();
            let logout = both.map(|_| logout_wechat(frame, reader));
            format!(
                r#"<a class="button" data-app href="{}">{label}</a>{}"#,
                reader.link(path),
                logout.unwrap_or_default()
            )
        }
        None => format!(
            r#"<a class="button quiet" data-wechat-login href="{}">{}</a>"#,
            Escaped(reader.link_via(&frame.wechat_login, "/")),
            reader.say("用微信登录", "Log in with WeChat"),
        ),
    }
}

fn cards(reader: &Reader, visitor: &Visitor, account: Option<&str>) -> String {
    match (&visitor.manager, &visitor.wechat) {
        (None, None) => blank(reader),
        (manager, wechat) => {
            let manager = manager
                .as_deref()
                .map(|manager| manager_card(reader, manager));
            let wechat = wechat
                .as_deref()
                .map(|user| wechat_card(reader, user, account));
            [manager, wechat].into_iter().flatten().collect()
        }
    }
}

fn switch(reader: &Reader, pretence: Pretence) -> String {
    let (text, field, label) = match pretence {
        Pretence::Never => return String::new(),
        Pretence::Off => (
            reader.say(
                "微信登录只能在微信里进行。手边没有手机？",
                "The WeChat login works in WeChat only. No phone at hand?",
            ),
            r#"<input type="hidden" name="on" value="1">"#,
            reader.say("假装这是微信", "Pretend this is WeChat"),
        ),
        Pretence::On => (
            reader.say(
                "本浏览器正在假装是微信。",
                "This browser pretends to be WeChat's.",
            ),
            "",
            reader.say("不再假装", "Stop that"),
        ),
    };
    format!(
        r#"<form class="panel switch" method="post" action="{}"><p>{text}</p>{field}<button class="quiet button" data-pretend-switch>{label}</button></form>"#,
        reader.link(PATH),
    )
}

fn routes(reader: &Reader) -> String {
    let (everybody, managers) = (
        reader.say("公开", "Public"),
        reader.say("管理员", "Managers"),
    );
    let wechat = reader.say("微信用户", "WeChat users");
    let rows = [
        (
            "/admin",
            reader.say(
                "管理后台：未登录会先去登录",
                "Back office: sends you to the login first",
            ),
            managers,
        ),
        (
            "/admin/deep/path?x=1",
            reader.say(
                "登录后回到原来的地址",
                "After the login you are exactly here",
            ),
            managers,
        ),
        (
            "/admin/settings",
            reader.say(
                "系统设置：其他角色得到 403",
                "Settings: other roles get 403",
            ),
            reader.say("角色组 1", "Role group 1"),
        ),
        (
            "/account",
            reader.say(
                "学校公众号的授权状态",
                "Is the school's official account authorized?",
            ),
            managers,
        ),
        (
            "/app",
            reader.say(
                "校园应用：未绑定会先去绑定",
                "Campus app: sends you to bind an account first",
            ),
            reader.say("已绑定", "Bound"),
        ),
        (
            "/bind",
            reader.say("用短信验证码绑定账号", "Bind an account with an SMS"),
            wechat,
        ),
        (
            "/api/me",
            reader.say(
                "当前身份；未登录为 401",
                "Who you are, as JSON; 401 if nobody",
            ),
            "JSON",
        ),
        (
            "/healthz",
            reader.say("存活检查", "Is it alive?"),
            everybody,
        ),
        (
            "/readyz",
            reader.say(
                "就绪检查：令牌与会话存储",
                "Can it serve? Token and session store",
            ),
            everybody,
        ),
        (
            "/metrics",
            reader.say("Prometheus 指标", "Metrics for Prometheus"),
            everybody,
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
