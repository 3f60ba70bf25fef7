//! The pages. Markup is written here, text from outside goes through [`Escaped`].

use std::time::Duration;

use tower_weika::clock::Clock;
use tower_weika::identity::Manager;
use tower_weika::session::Authenticated;

use crate::card::{blank, card, shown_name};
use crate::html::Escaped;
use crate::reader::Reader;

/// What all pages know of the site.
pub(crate) struct Frame {
    pub(crate) login_path: String,
    pub(crate) logout_path: String,
    pub(crate) sandbox_url: Option<String>,
}

type Known<'a> = Option<&'a Authenticated<Manager>>;

pub(crate) fn home(frame: &Frame, reader: &Reader, manager: Known<'_>) -> String {
    let (headline, text, actions, card) = match manager {
        Some(manager) => (
            format!("{}{}", reader.say("你好，", "Hello, "), Escaped(shown_name(reader, manager))),
            reader.say("身份来自微卡，会话在本站。", "Weika says who you are; the session is this site's own."),
            format!(
                r#"<a class="button" href="{}">{}</a><a class="button quiet" href="/api/me">{}</a>"#,
                reader.link("/admin"),
                reader.say("进入管理后台", "Open the back office"),
                reader.say("查看 JSON", "See the JSON"),
            ),
            card(reader, manager),
        ),
        None => (
            reader.say("一层中间件，接入微卡登录", "Weika login in one Tower layer").to_owned(),
            reader.say(
                "本站用 tower-weika 识别学校管理员：跳转、回调、令牌和会话都由它处理。",
                "tower-weika tells this site which manager of a school is asking: redirect, callback, token and session.",
            ),
            format!(
                r#"<a class="button" data-login href="{}">{}</a>"#,
                Escaped(reader.link_via(&frame.login_path, "/")),
                reader.say("以管理员身份登录", "Log in as a manager"),
            ),
            blank(reader),
        ),
    };
    let main = format!(
        r#"<div class="hero"><div><h1>{headline}</h1><p class="lead">{text}</p><div class="actions">{actions}</div></div>
{card}</div>
{routes}"#,
        routes = routes(reader),
    );
    document(frame, reader, manager, reader.say("首页", "Home"), &main)
}

pub(crate) fn admin(frame: &Frame, reader: &Reader, manager: &Authenticated<Manager>) -> String {
    let asked = reader.uri().path_and_query().map_or("/", |target| target.as_str());
    let schools: String = manager.schools().iter().map(|school| school_row(reader, manager, school)).collect();
    let schools = if schools.is_empty() {
        format!("<p>{}</p>", reader.say("没有可管理的学校。", "There is no school to manage."))
    } else {
        format!(r#"<ul class="rows">{schools}</ul>"#)
    };
    let now = Clock::system().now();
    let session = manager.session();
    let main = format!(
        r#"<h1>{title}</h1>
<p class="lead">{intro} <code data-asked>{asked}</code></p>
<div class="columns">{card}
<section class="panel"><h2>{session_title}</h2><dl class="facts">
<div><dt>{since_label}</dt><dd>{since}</dd></div>
<div><dt>{left_label}</dt><dd>{left}</dd></div>
<div><dt>user_id</dt><dd><code>{user_id}</code></dd></div></dl></section></div>
<section class="panel"><h2>{schools_title}</h2>{schools}</section>
<div class="actions"><a class="button" href="{settings}">{settings_label}</a><a class="button quiet" href="{deep}">{deep_label}</a></div>"#,
        title = reader.say("管理后台", "Back office"),
        intro = reader
            .say("只有登录的管理员能看到这里。您要访问的是", "Only managers who are logged in get here. You asked for"),
        asked = Escaped(asked),
        card = card(reader, manager),
        session_title = reader.say("本次登录", "This login"),
        since_label = reader.say("已登录", "Logged in for"),
        since = duration(reader, now.since(session.created())),
        left_label = reader.say("最长还可使用", "At most for another"),
        left = duration(reader, session.ends().since(now)),
        user_id = Escaped(manager.user_id()),
        schools_title = reader.say("可管理的学校", "Schools"),
        settings = reader.link("/admin/settings"),
        settings_label = reader.say("系统设置（角色组 1）", "Settings (role group 1)"),
        deep = reader.link("/admin/reports/today"),
        deep_label = reader.say("更深的页面", "A deeper page"),
    );
    document(frame, reader, Some(manager), reader.say("管理后台", "Back office"), &main)
}

pub(crate) fn settings(frame: &Frame, reader: &Reader, manager: &Authenticated<Manager>) -> String {
    let main = format!(
        r#"<h1>{}</h1><p class="lead">{}</p><div class="actions"><a class="button quiet" href="{}">{}</a></div>"#,
        reader.say("系统设置", "Settings"),
        reader.say(
            "只有角色组 1 的管理员能看到此页；其他管理员得到 403。",
            "Only managers of role group 1 see this page; others get 403.",
        ),
        reader.link("/admin"),
        reader.say("返回管理后台", "Back to the back office"),
    );
    document(frame, reader, Some(manager), reader.say("系统设置", "Settings"), &main)
}

pub(crate) fn not_found(frame: &Frame, reader: &Reader, manager: Known<'_>) -> String {
    let main = format!(
        r#"<p class="figure">404</p><h1>{}</h1><p class="lead"><code>{}</code></p>
<div class="actions"><a class="button" href="{}">{}</a></div>"#,
        reader.say("这里什么也没有", "There is nothing here"),
        Escaped(reader.uri().path()),
        reader.link("/"),
        reader.say("回到首页", "Go to the home page"),
    );
    document(frame, reader, manager, "404", &main)
}

fn document(frame: &Frame, reader: &Reader, manager: Known<'_>, title: &str, main: &str) -> String {
    let (other, tag, link) = reader.other_language();
    let account = match manager {
        Some(_) => logout(frame, reader),
        None => format!(
            r#"<a class="small button" href="{}">{}</a>"#,
            Escaped(reader.link_via(&frame.login_path, reader.uri().path())),
            reader.say("登录", "Log in"),
        ),
    };
    let sandbox = frame.sandbox_url.as_ref().map_or(String::new(), |url| {
        format!(
            r#"<p data-sandbox>{} <a href="{url}/">{}</a></p>"#,
            reader.say("未配置微卡凭证，正在使用内置沙盒。", "There are no credentials: this site uses its embedded"),
            reader.say("查看沙盒", "sandbox"),
        )
    });
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
<header class="top"><nav><a class="brand" href="{home}"><img src="/icon.svg" alt="" width="28" height="28"><span>tower-weika</span></a>
<a class="wide" href="{admin}">{admin_label}</a></nav>
<nav><a href="{link}" hreflang="{tag}" lang="{tag}">{other}</a>{account}</nav></header>
<main>
{main}
</main>
<footer>{sandbox}<p>{about}</p></footer>
</body>
</html>
"#,
        lang = reader.tag(),
        home = reader.link("/"),
        admin = reader.link("/admin"),
        admin_label = reader.say("管理后台", "Back office"),
        about = reader.say("tower-weika 的示例程序", "An example of tower-weika"),
    )
}

/// Logging out is a `POST`, so that no link and no image can do it.
fn logout(frame: &Frame, reader: &Reader) -> String {
    format!(
        r#"<form method="post" action="{}"><button class="quiet button">{}</button></form>"#,
        Escaped(reader.link_via(&frame.logout_path, "/")),
        reader.say("退出登录", "Log out"),
    )
}

fn routes(reader: &Reader) -> String {
    let (everybody, managers) = (reader.say("公开", "Public"), reader.say("管理员", "Managers"));
    let rows = [
        ("/admin", reader.say("管理后台：未登录会先去登录", "Back office: sends you to the login first"), managers),
        ("/admin/deep/path?x=1", reader.say("登录后回到原来的地址", "After the login you are exactly here"), managers),
        (
            "/admin/settings",
            reader.say("系统设置：其他角色得到 403", "Settings: other roles get 403"),
            reader.say("角色组 1", "Role group 1"),
        ),
        ("/api/me", reader.say("当前身份；未登录为 401", "Who you are, as JSON; 401 if nobody"), "JSON"),
        ("/healthz", reader.say("存活检查", "Is it alive?"), everybody),
        ("/readyz", reader.say("就绪检查：令牌与会话存储", "Can it serve? Token and session store"), everybody),
    ];
    let rows = rows.map(|(path, text, who)| {
        format!(r#"<li><a href="{path}"><code>{path}</code><span>{text}</span><em>{who}</em></a></li>"#)
    });
    format!(
        r#"<section class="panel"><h2>{}</h2><ul class="rows">{}</ul></section>"#,
        reader.say("试一试", "Try it"),
        rows.concat(),
    )
}

fn school_row(reader: &Reader, manager: &Manager, school: &tower_weika::identity::School) -> String {
    let is_current = manager.current_school() == Some(school);
    let mark = if is_current { format!("<em>{}</em>", reader.say("当前", "Current")) } else { String::new() };
    format!("<li><div><code>{}</code><span>{}</span>{mark}</div></li>", Escaped(school.code()), Escaped(school.name()))
}

fn duration(reader: &Reader, duration: Duration) -> String {
    let minutes = duration.as_secs() / 60;
    let (hours, minutes) = (minutes / 60, minutes % 60);
    match (hours, minutes) {
        (0, 0) => reader.say("不到 1 分钟", "less than a minute").to_owned(),
        (0, minutes) => format!("{minutes} {}", reader.say("分钟", "min")),
        (hours, minutes) => format!("{hours} {} {minutes} {}", reader.say("小时", "h"), reader.say("分钟", "min")),
    }
}
