//! The frame of every page: header, navigation and footer.

use crate::bind;
use crate::html::Escaped;
use crate::reader::Reader;
use crate::upstream::Imitation;
use crate::visitor::Visitor;

/// The facts about the site that all pages need.
pub(crate) struct Frame {
    pub(crate) manager_login: String,
    pub(crate) manager_logout: String,
    pub(crate) wechat_login: String,
    pub(crate) wechat_logout: String,
    pub(crate) imitation: Option<Imitation>,
}

pub(crate) fn not_found(frame: &Frame, reader: &Reader, visitor: &Visitor) -> String {
    let main = format!(
        r#"<p class="figure">404</p><h1>{}</h1><p class="lead"><code>{}</code></p>
<div class="actions"><a class="button" href="{}">{}</a></div>"#,
        reader.say("页面不存在", "Page not found"),
        Escaped(reader.uri().path()),
        reader.link("/"),
        reader.say("返回首页", "Go to the home page"),
    );
    document(frame, reader, visitor, "404", &main)
}

pub(super) fn document(
    frame: &Frame,
    reader: &Reader,
    visitor: &Visitor,
    title: &str,
    main: &str,
) -> String {
    let (other, tag, link) = reader.other_language();
    let log_out = reader.say("退出登录", "Log out");
    let account = match visitor {
        // There is room for one button: the WeChat user's on the pages for WeChat users, the
        // manager's elsewhere.
        Visitor {
            staff: Some(_),
            wechat: Some(_),
        } if is_for_wechat_users(reader.uri().path()) => logout_wechat(frame, reader),
        Visitor {
            staff: Some(_),
            wechat: Some(_),
        } => logout(
            reader,
            &frame.manager_logout,
            reader.say("退出管理员", "Log out manager"),
            "weika",
        ),
        Visitor {
            staff: Some(_),
            wechat: None,
        } => logout(reader, &frame.manager_logout, log_out, "weika"),
        Visitor {
            staff: None,
            wechat: Some(_),
        } => logout(reader, &frame.wechat_logout, log_out, "wechat"),
        Visitor {
            staff: None,
            wechat: None,
        } => format!(
            r#"<a class="small button" href="{}">{}</a>"#,
            Escaped(reader.link_via(&frame.manager_login, reader.uri().path())),
            reader.say("登录", "Log in"),
        ),
    };
    format!(
        r#"<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · tower-weika</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header class="top"><nav aria-label="{main_pages}"><a class="brand" href="{home}" aria-label="tower-weika"><img src="/icon.svg" alt="" width="28" height="28"><span>tower-weika</span></a>
<a class="wide" href="{admin}">{admin_label}</a>
<a class="wide" href="{app}">{app_label}</a></nav>
<nav aria-label="{personal}"><a href="{link}" hreflang="{tag}" lang="{tag}">{other}</a>{account}</nav></header>
<main>
{main}
</main>
<footer><nav class="slim" aria-label="{pages}"><a href="{admin}">{admin_label}</a>
<a href="{app}">{app_label}</a></nav>{sandbox}<p>{about}</p></footer>
</body>
</html>
"#,
        lang = reader.tag(),
        link = Escaped(link),
        home = reader.link("/"),
        admin = reader.link("/admin"),
        admin_label = reader.say("管理后台", "Back office"),
        app = reader.link("/app"),
        app_label = reader.say("校园应用", "Campus app"),
        main_pages = reader.say("主导航", "Main"),
        personal = reader.say("语言和登录", "Language and login"),
        pages = reader.say("页脚导航", "Footer"),
        sandbox = frame
            .imitation
            .as_ref()
            .map(|it| sandbox(reader, it))
            .unwrap_or_default(),
        about = reader.say(
            "tower-weika 的示例程序",
            "Example application of tower-weika"
        ),
    )
}

fn is_for_wechat_users(path: &str) -> bool {
    path == bind::PATH || path == "/app" || path.starts_with("/app/")
}

/// The second logout button, for a visitor with both logins.
pub(super) fn logout_wechat(frame: &Frame, reader: &Reader) -> String {
    logout(
        reader,
        &frame.wechat_logout,
        reader.say("退出微信", "Log out WeChat"),
        "wechat",
    )
}

/// Logging out is a `POST`, so that no link or image can trigger it.
fn logout(reader: &Reader, path: &str, label: &str, login: &str) -> String {
    format!(
        r#"<form method="post" action="{}"><button class="quiet button" data-logout="{login}">{label}</button></form>"#,
        Escaped(reader.link_via(path, "/")),
    )
}

fn sandbox(reader: &Reader, imitation: &Imitation) -> String {
    let played = [
        (imitation.weika, reader.say("微卡", "Weika")),
        (
            imitation.wechat,
            reader.say("微信与绑定服务", "WeChat and the binding service"),
        ),
        (imitation.kesion, reader.say("科汛", "Kesion")),
    ];
    let played: Vec<_> = played
        .into_iter()
        .filter(|(is_played, _)| *is_played)
        .map(|(_, name)| name)
        .collect();
    format!(
        r#"<p data-sandbox>{}{} <a href="{}/">{}</a> · <a href="{}">{}</a></p>"#,
        reader.say("内置沙箱模拟：", "Imitated by the embedded sandbox: "),
        played.join(reader.say("、", ", ")),
        imitation.url(),
        reader.say("查看沙箱", "open the sandbox"),
        imitation.control_page(),
        reader.say("控制台", "control page"),
    )
}
