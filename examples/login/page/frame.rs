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
    pub(crate) member_login: String,
    pub(crate) member_logout: String,
    pub(crate) wechat_login: String,
    pub(crate) wechat_logout: String,
    /// Whether a binding service links openids to accounts.
    pub(crate) has_binding: bool,
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
    let account = match Login::of_page(visitor, reader.uri().path()) {
        Some(login) if login.is_alone(visitor) => {
            logout(frame, reader, login, reader.say("退出登录", "Log out"))
        }
        Some(login) => login.logout(frame, reader),
        None => format!(
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
<a class="wide" href="{card}">{card_label}</a>
<a class="wide" href="{app}">{app_label}</a></nav>
<nav aria-label="{personal}"><a href="{link}" hreflang="{tag}" lang="{tag}">{other}</a>{account}</nav></header>
<main>
{main}
</main>
<footer><nav class="slim" aria-label="{pages}"><a href="{admin}">{admin_label}</a>
<a href="{card}">{card_label}</a>
<a href="{app}">{app_label}</a></nav>{sandbox}<p>{about}</p></footer>
</body>
</html>
"#,
        lang = reader.tag(),
        link = Escaped(link),
        home = reader.link("/"),
        admin = reader.link("/admin"),
        admin_label = reader.say("管理后台", "Back office"),
        card = reader.link("/card"),
        card_label = reader.say("校园卡", "Campus card"),
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

/// One of the logins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Login {
    Manager,
    Member,
    Wechat,
}

impl Login {
    const ALL: [Self; 3] = [Self::Manager, Self::Member, Self::Wechat];

    /// The name in its endpoints, and in forms.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Manager => "weika",
            Self::Member => "weika-member",
            Self::Wechat => "wechat",
        }
    }

    /// Returns the login with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|login| login.name() == name)
    }

    /// Whether the visitor has it.
    fn is_of(self, visitor: &Visitor) -> bool {
        match self {
            Self::Manager => visitor.staff.is_some(),
            Self::Member => visitor.member.is_some(),
            Self::Wechat => visitor.wechat.is_some(),
        }
    }

    /// Whether the visitor has no other.
    fn is_alone(self, visitor: &Visitor) -> bool {
        !Self::ALL
            .into_iter()
            .any(|other| other != self && other.is_of(visitor))
    }

    /// Returns the login whose button is at the top, where there is room for one: that of the page,
    /// or else the first one of the visitor.
    pub(super) fn of_page(visitor: &Visitor, path: &str) -> Option<Self> {
        let is_under = |root: &str| {
            path.strip_prefix(root)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let of_path = if path == bind::PATH || is_under("/app") {
            Some(Self::Wechat)
        } else if is_under("/card") {
            Some(Self::Member)
        } else {
            None
        };
        of_path
            .into_iter()
            .chain(Self::ALL)
            .find(|login| login.is_of(visitor))
    }

    /// The logout button of a visitor with several logins.
    pub(super) fn logout(self, frame: &Frame, reader: &Reader) -> String {
        let label = match self {
            Self::Manager => reader.say("退出管理员", "Log out manager"),
            Self::Member => reader.say("退出校园卡", "Log out member"),
            Self::Wechat => reader.say("退出微信", "Log out WeChat"),
        };
        logout(frame, reader, self, label)
    }
}

/// Logging out is a `POST`, so that no link or image can trigger it.
fn logout(frame: &Frame, reader: &Reader, login: Login, label: &str) -> String {
    let path = match login {
        Login::Manager => &frame.manager_logout,
        Login::Member => &frame.member_logout,
        Login::Wechat => &frame.wechat_logout,
    };
    format!(
        r#"<form method="post" action="{}"><button class="quiet button" data-logout="{}">{label}</button></form>"#,
        Escaped(reader.link_via(path, "/")),
        login.name(),
    )
}

fn sandbox(reader: &Reader, imitation: &Imitation) -> String {
    let played = [
        (
            imitation.weika,
            reader.say("微卡管理员登录", "Weika's manager login"),
        ),
        (
            imitation.member,
            reader.say("微卡成员登录", "Weika's member login"),
        ),
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
