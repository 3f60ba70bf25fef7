//! The devices on which the visitor is logged in. The page works without scripts: the buttons of a
//! login submit one form.

use time::{OffsetDateTime, UtcOffset};
use tower_weika::clock::Timestamp;
use tower_weika::request::Device;
use tower_weika::session::SessionInfo;

use super::device_name::{device_name, is_phone};
use super::frame::{Frame, Login, document};
use crate::card::{member_name, shown_name};
use crate::devices::{OTHERS, Outcome, PATH, Sessions};
use crate::html::Escaped;
use crate::reader::Reader;
use crate::visitor::Visitor;

pub(crate) fn devices(
    frame: &Frame,
    reader: &Reader,
    visitor: &Visitor,
    lists: &[Sessions],
    outcome: Option<&Outcome>,
) -> String {
    let title = reader.say("登录设备", "Your devices");
    let main = format!(
        r#"<h1>{title}</h1>
<p class="lead">{intro}</p>
{notice}{lists}<p class="after">{times}</p>
<div class="actions"><a class="button quiet" href="{home}">{home_label}</a></div>"#,
        intro = reader.say(
            "您在以下设备上登录了本站。如果有不认识的设备，请让它退出登录。",
            "You are logged in on these devices. Log out any that you do not recognize.",
        ),
        notice = outcome
            .map(|outcome| notice(reader.say(outcome.zh, outcome.en)))
            .unwrap_or_default(),
        lists = lists
            .iter()
            .map(|sessions| list(reader, visitor, sessions))
            .collect::<String>(),
        times = reader.say(
            "时间均为北京时间（UTC+8）。设备名称由浏览器提供，仅供参考。",
            "Times are in China Standard Time (UTC+8). The names of devices come from the browsers and are only a hint.",
        ),
        home = reader.link("/"),
        home_label = reader.say("返回首页", "Home"),
    );
    document(frame, reader, visitor, title, &main)
}

fn notice(text: &str) -> String {
    format!("<p class=\"notice\" role=\"status\" data-notice>{text}</p>\n")
}

fn list(reader: &Reader, visitor: &Visitor, sessions: &Sessions) -> String {
    let others: String = sessions
        .others
        .iter()
        .map(|session| row(reader, session, &revoke_button(reader, session)))
        .collect();
    let mark = format!("<em>{}</em>", reader.say("本设备", "This device"));
    let rest = if sessions.others.is_empty() {
        format!(
            "<p>{}</p>",
            reader.say(
                "没有其他设备登录。",
                "You are not logged in on any other device."
            )
        )
    } else {
        format!(
            r#"<button class="button quiet" name="session" value="{OTHERS}" data-revoke-others>{}</button>"#,
            reader.say("退出所有其他设备", "Log out all other devices")
        )
    };
    format!(
        r#"<form class="panel" method="post" action="{action}" data-login-devices="{name}"><h2>{heading}</h2>
<input type="hidden" name="login" value="{name}">
<ul class="devices">{current}{others}</ul>
{rest}</form>
"#,
        action = reader.link(PATH),
        name = sessions.login.name(),
        heading = Escaped(heading(reader, visitor, sessions.login)),
        current = row(reader, &sessions.current, &mark),
    )
}

fn heading(reader: &Reader, visitor: &Visitor, login: Login) -> String {
    let (title, name) = match login {
        Login::Manager => (
            reader.say("管理员", "Manager"),
            visitor
                .staff
                .as_ref()
                .map(|staff| shown_name(reader, staff)),
        ),
        Login::Member => (
            reader.say("校园卡", "Campus card"),
            visitor
                .member
                .as_ref()
                .map(|member| member_name(reader, member)),
        ),
        Login::Wechat => (reader.say("微信", "WeChat"), None),
    };
    match name {
        Some(name) => format!("{title} · {name}"),
        None => title.to_owned(),
    }
}

fn row(reader: &Reader, session: &SessionInfo, end: &str) -> String {
    let facts = [
        (reader.say("登录时间", "Logged in"), session.created()),
        (reader.say("最近使用", "Last used"), session.last_used()),
        (reader.say("最迟到期", "Expires by"), session.expires_at()),
    ];
    let facts =
        facts.map(|(label, at)| format!("<div><dt>{label}</dt><dd>{}</dd></div>", time(at)));
    format!(
        "<li data-device>{icon}<strong>{name}</strong>{end}<dl>{facts}</dl></li>\n",
        icon = icon(session.device()),
        name = device_name(reader, session.device()),
        facts = facts.concat(),
    )
}

fn revoke_button(reader: &Reader, session: &SessionInfo) -> String {
    let label = reader.say("退出", "Log out");
    format!(
        r#"<button class="button quiet" name="session" value="{}" aria-label="{label}{}{}" data-revoke>{label}</button>"#,
        session.digest(),
        reader.say("：", ": "),
        device_name(reader, session.device()),
    )
}

fn icon(device: Device) -> String {
    let outline = if is_phone(device) {
        r#"<rect x="7" y="2.5" width="10" height="19" rx="2"/><path d="M11 18.5h2"/>"#
    } else {
        r#"<rect x="3" y="4" width="18" height="12" rx="1.5"/><path d="M8 20h8M12 16v4"/>"#
    };
    format!(r#"<svg viewBox="0 0 24 24" aria-hidden="true">{outline}</svg>"#)
}

/// A time at the school, to the minute: without a script the time zone of the visitor is unknown.
fn time(at: Timestamp) -> String {
    let seconds = i64::try_from(at.unix_seconds()).unwrap_or(i64::MAX);
    let utc = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let here = utc.to_offset(UtcOffset::from_hms(8, 0, 0).expect("less than a day"));
    let (year, month, day) = here.to_calendar_date();
    let date = format!("{year}-{:02}-{day:02}", u8::from(month));
    let clock = format!("{:02}:{:02}", here.hour(), here.minute());
    format!(r#"<time datetime="{date}T{clock}+08:00">{date} {clock}</time>"#)
}

/// A response without a list.
#[derive(Clone, Copy)]
pub(crate) enum Problem {
    /// The form is not one of this page.
    BadForm,
    /// The session store failed.
    Unavailable,
}

pub(crate) fn problem(
    frame: &Frame,
    reader: &Reader,
    visitor: &Visitor,
    problem: Problem,
) -> String {
    let (status, title, text) = match problem {
        Problem::BadForm => (
            "400",
            reader.say("无法识别的请求", "Invalid request"),
            reader.say(
                "没有退出任何设备。请返回登录设备页面再试一次。",
                "No device was logged out. Please go back to your devices and try again.",
            ),
        ),
        Problem::Unavailable => (
            "503",
            reader.say("服务暂时不可用", "Temporarily unavailable"),
            reader.say(
                "暂时无法读取或退出您的登录设备，您仍处于登录状态。请稍后再试。",
                "Your devices cannot be read or logged out at the moment. You are still logged in. Please try again later.",
            ),
        ),
    };
    let main = format!(
        r#"<p class="figure">{status}</p><h1>{title}</h1><p class="lead">{text}</p>
<div class="actions"><a class="button" href="{}">{}</a></div>"#,
        reader.link(PATH),
        reader.say("返回登录设备", "Back to your devices"),
    );
    document(frame, reader, visitor, title, &main)
}
