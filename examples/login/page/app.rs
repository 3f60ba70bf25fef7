//! The page for WeChat users with a linked account.

use tower_weika::clock::Clock;
use tower_weika::identity::WechatUser;
use tower_weika::session::Authenticated;

use super::frame::{Frame, document};
use crate::card::wechat_card;
use crate::html::Escaped;
use crate::reader::Reader;
use crate::visitor::Visitor;

pub(crate) fn app(
    frame: &Frame,
    reader: &Reader,
    user: &Authenticated<WechatUser>,
    visitor: &Visitor,
    account: Option<&str>,
) -> String {
    let now = Clock::system().now();
    let session = user.session();
    let main = format!(
        r#"<h1>{title}</h1>
<p class="lead">{intro} <code data-asked>{asked}</code></p>
<div class="columns">{card}
<section class="panel"><h2>{session_title}</h2><dl class="facts">
<div><dt>{since_label}</dt><dd>{since}</dd></div>
<div><dt>{left_label}</dt><dd>{left}</dd></div>
<div><dt>{token_label}</dt><dd>{token}</dd></div></dl></section></div>
<div class="actions"><a class="button quiet" href="{deep}">{deep_label}</a><a class="button quiet" href="{home}">{home_label}</a></div>"#,
        title = reader.say("校园应用", "Campus app"),
        intro = reader.say(
            if frame.has_binding {
                "本页仅供已绑定账号的微信用户访问。请求的地址："
            } else {
                "本页仅供已登录的微信用户访问。请求的地址："
            },
            if frame.has_binding {
                "This page is for WeChat users with a linked account. Requested address:"
            } else {
                "This page is for logged-in WeChat users. Requested address:"
            },
        ),
        asked = Escaped(
            reader
                .uri()
                .path_and_query()
                .map_or("/", |target| target.as_str())
        ),
        card = wechat_card(reader, user, account),
        session_title = reader.say("本次登录", "This login"),
        since_label = reader.say("已登录", "Logged in for"),
        since = reader.duration(now.since(session.created())),
        left_label = reader.say("最长剩余时间", "Expires at the latest in"),
        left = reader.duration(session.expires_at().since(now)),
        token_label = reader.say("用户凭证", "User credential"),
        token = if frame.has_binding {
            reader.say(
                "只在服务端使用，不会出现在页面里",
                "Used on the server only, never sent to the browser",
            )
        } else {
            reader.say("没有绑定服务，不保存", "None: there is no binding service")
        },
        deep = reader.link("/app/timetable/today"),
        deep_label = reader.say("下级页面", "A nested page"),
        home = reader.link("/"),
        home_label = reader.say("返回首页", "Home"),
    );
    document(
        frame,
        reader,
        visitor,
        reader.say("校园应用", "Campus app"),
        &main,
    )
}
