//! The pages for managers.

use tower_weika::clock::Clock;
use tower_weika::identity::{Manager, School};
use tower_weika::session::Authenticated;

use super::frame::{Frame, document};
use crate::card::manager_card;
use crate::html::Escaped;
use crate::reader::Reader;
use crate::staff::Staff;
use crate::visitor::Visitor;

pub(crate) fn admin(
    frame: &Frame,
    reader: &Reader,
    staff: &Authenticated<Staff>,
    visitor: &Visitor,
) -> String {
    let manager = staff.manager();
    let asked = reader
        .uri()
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let schools: String = manager
        .schools
        .iter()
        .map(|school| school_row(reader, manager, school))
        .collect();
    let schools = if schools.is_empty() {
        format!(
            "<p>{}</p>",
            reader.say("没有可管理的学校。", "You manage no schools.")
        )
    } else {
        format!(r#"<ul class="rows">{schools}</ul>"#)
    };
    let now = Clock::system().now();
    let session = staff.session();
    let main = format!(
        r#"<h1>{title}</h1>
<p class="lead">{intro} <code data-asked>{asked}</code></p>
<div class="columns">{card}
<section class="panel"><h2>{session_title}</h2><dl class="facts">
<div><dt>{since_label}</dt><dd>{since}</dd></div>
<div><dt>{left_label}</dt><dd>{left}</dd></div>
<div><dt>{number_label}</dt><dd>{number}</dd></div>
<div><dt>user_id</dt><dd><code>{user_id}</code></dd></div></dl></section></div>
<section class="panel"><h2>{schools_title}</h2>{schools}</section>
<div class="actions"><a class="button" href="{settings}">{settings_label}</a><a class="button quiet" href="{account}">{account_label}</a><a class="button quiet" href="{deep}">{deep_label}</a></div>"#,
        title = reader.say("管理后台", "Back office"),
        intro = reader.say(
            "本页仅供已登录的管理员访问。请求的地址：",
            "This page is for logged-in managers. Requested address:"
        ),
        asked = Escaped(asked),
        card = manager_card(reader, manager),
        session_title = reader.say("本次登录", "This login"),
        since_label = reader.say("已登录", "Logged in for"),
        since = reader.duration(now.since(session.created())),
        left_label = reader.say("最长剩余时间", "Expires at the latest in"),
        left = reader.duration(session.expires_at().since(now)),
        number_label = reader.say("本站用户编号", "User number of this site"),
        number = staff.number,
        user_id = Escaped(&manager.user_id),
        schools_title = reader.say("可管理的学校", "Schools"),
        settings = reader.link("/admin/settings"),
        settings_label = reader.say("系统设置（角色组 1）", "Settings (role group 1)"),
        account = reader.link("/account"),
        account_label = reader.say("公众号状态", "Official account"),
        deep = reader.link("/admin/reports/today"),
        deep_label = reader.say("下级页面", "A nested page"),
    );
    document(
        frame,
        reader,
        visitor,
        reader.say("管理后台", "Back office"),
        &main,
    )
}

pub(crate) fn settings(frame: &Frame, reader: &Reader, visitor: &Visitor) -> String {
    let main = format!(
        r#"<h1>{}</h1><p class="lead">{}</p><div class="actions"><a class="button quiet" href="{}">{}</a></div>"#,
        reader.say("系统设置", "Settings"),
        reader.say(
            "只有角色组 1 的管理员能看到此页，其他管理员会收到 403。登录超过 15 分钟后须重新登录。",
            "Only managers in role group 1 can see this page; other managers receive 403. It requires a login within the last 15 minutes.",
        ),
        reader.link("/admin"),
        reader.say("返回管理后台", "Back to the back office"),
    );
    document(
        frame,
        reader,
        visitor,
        reader.say("系统设置", "Settings"),
        &main,
    )
}

fn school_row(reader: &Reader, manager: &Manager, school: &School) -> String {
    let is_current = manager.current_school() == Some(school);
    let mark = if is_current {
        format!("<em>{}</em>", reader.say("当前", "Current"))
    } else {
        String::new()
    };
    format!(
        "<li><div><code>{}</code><span>{}</span>{mark}</div></li>",
        Escaped(&school.code),
        Escaped(&school.name)
    )
}
