//! The page for members of the school.

use tower_weika::clock::Clock;
use tower_weika::identity::Member;
use tower_weika::session::Authenticated;

use super::frame::{Frame, document};
use crate::card::member_card;
use crate::html::Escaped;
use crate::reader::Reader;
use crate::visitor::Visitor;

pub(crate) fn card(
    frame: &Frame,
    reader: &Reader,
    member: &Authenticated<Member>,
    visitor: &Visitor,
    identity_type: Option<&str>,
) -> String {
    let now = Clock::system().now();
    let session = member.session();
    let main = format!(
        r#"<h1>{title}</h1>
<p class="lead">{intro} <code data-asked>{asked}</code></p>
<div class="columns">{card}
<section class="panel"><h2>{session_title}</h2><dl class="facts">
<div><dt>{since_label}</dt><dd>{since}</dd></div>
<div><dt>{left_label}</dt><dd>{left}</dd></div>
<div><dt>{type_label}</dt><dd>{identity_type}</dd></div></dl></section></div>
<div class="actions"><a class="button quiet" href="{deep}">{deep_label}</a><a class="button quiet" href="{home}">{home_label}</a></div>"#,
        title = reader.say("校园卡", "Campus card"),
        intro = reader.say(
            "本页仅供学校成员访问。请求的地址：",
            "This page is for members of the school. Requested address:",
        ),
        asked = Escaped(
            reader
                .uri()
                .path_and_query()
                .map_or("/", |target| target.as_str())
        ),
        card = member_card(reader, member, identity_type),
        session_title = reader.say("本次登录", "This login"),
        since_label = reader.say("已登录", "Logged in for"),
        since = reader.duration(now.since(session.created())),
        left_label = reader.say("最长剩余时间", "Expires at the latest in"),
        left = reader.duration(session.expires_at().since(now)),
        type_label = reader.say(
            "身份类型（按学校的列表）",
            "Identity type, from the school's list"
        ),
        identity_type = Escaped(identity_type.unwrap_or("—")),
        deep = reader.link("/card/library/today"),
        deep_label = reader.say("下级页面", "A nested page"),
        home = reader.link("/"),
        home_label = reader.say("返回首页", "Home"),
    );
    document(
        frame,
        reader,
        visitor,
        reader.say("校园卡", "Campus card"),
        &main,
    )
}
