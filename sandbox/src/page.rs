//! What a person sees in the browser.

use super::endpoint::Endpoint;
use super::follower::Follower;
use super::person::Person;
use super::wechat_page::follower_card;

/// The page that asks who to be. `query` is that of the request, passed on as it came.
pub(super) fn choose(people: &[Person], redirect_uri: &str, query: &str) -> String {
    let approve = Endpoint::Approve.path();
    let query = escape(query);
    let mut choices = String::new();
    for person in people {
        let id: String = url::form_urlencoded::byte_serialize(person.id().as_bytes()).collect();
        choices.push_str(&format!(
            r#"<li><a data-person="{data}" href="{approve}?person={id}&amp;{query}">{card}</a></li>
"#,
            data = escape(person.id()),
            card = person_card(person),
        ));
    }
    let body = format!(
        r#"<h1>选择管理员身份<small lang="en">Choose who to log in as</small></h1>
<p>将返回 <span lang="en">You return to</span> <code>{target}</code></p>
<ul>
{choices}</ul>
<a class="decline" data-decline href="{approve}?decline=1&amp;{query}">拒绝 <span lang="en">Decline</span></a>"#,
        target = escape(redirect_uri),
    );
    document("管理员登录", &body)
}

/// The page that says what this is, for whoever follows a link to the address itself.
pub(super) fn home(people: &[Person], followers: &[Follower]) -> String {
    let people: String = people.iter().map(|person| format!("<li>{}</li>", person_card(person))).collect();
    let followers: String = followers.iter().map(|it| format!("<li>{}</li>", follower_card(it))).collect();
    let endpoints: String =
        Endpoint::ALL.iter().map(|endpoint| format!("<li><code>{}</code></li>", endpoint.path())).collect();
    let body = format!(
        r#"<h1>微卡沙盒<small lang="en">Weika sandbox</small></h1>
<p>模拟微卡的登录页和接口，以及公众号授权、绑定和科汛接口。请从应用发起登录。<small lang="en">It plays Weika's login page and interfaces, and those of WeChat's authorize page, the binding service and Kesion. Begin a login in your application.</small></p>
<a class="decline" href="{control}">控制台 <span lang="en">Control page</span></a>
<h2>可登录的人 <small lang="en">Who can log in</small></h2>
<ul>{people}</ul>
<h2>微信里的人 <small lang="en">Who has WeChat</small></h2>
<ul>{followers}</ul>
<h2>接口 <small lang="en">Endpoints</small></h2>
<ul>{endpoints}</ul>"#,
        control = Endpoint::Control.path(),
    );
    document("首页", &body)
}

/// A manager at a glance.
fn person_card(person: &Person) -> String {
    let school = person.shown_school().map_or("没有主体 · no school", |school| school.name());
    let real = if person.has_real_info() { " · 已实名 verified" } else { "" };
    card(person.name(), &format!("{school} · 角色组 role {role}{real}", role = person.role_id()))
}

/// Somebody at a glance: the name and a line about it, both as plain text.
pub(super) fn card(name: &str, about: &str) -> String {
    format!(
        r#"<span class="who"><span class="face" aria-hidden="true">{face}</span>
<span><b>{name}</b><small>{about}</small></span></span>"#,
        face = escape(&name.chars().take(1).collect::<String>()),
        name = escape(name),
        about = escape(about),
    )
}

/// A page that says in two languages why nothing can be done.
pub(super) fn error(zh: &str, en: &str) -> String {
    let (zh, en) = (escape(zh), escape(en));
    document("无法登录", &format!(r#"<h1>{zh}<small lang="en">{en}</small></h1>"#))
}

/// A whole page of the sandbox around `body`.
pub(super) fn document(title: &str, body: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title} · 微卡沙盒 Weika sandbox</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<p class="note">沙盒：仅供开发和测试，与腾讯无关<br><span lang="en">Sandbox for development and tests; not Tencent</span></p>
{body}
</main>
</body>
</html>
"#
    )
}

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#17202a;--dim:#5a6672;--line:#dfe4ea;--card:#fff;--back:#f2f5f8;--key:#0a6cff}\
@media(prefers-color-scheme:dark){:root{--ink:#eef2f6;--dim:#9aa7b4;--line:#2c3641;--card:#1a222b;--back:#10161c;--key:#6aa8ff}}\
*{box-sizing:border-box}\
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;background:var(--back);color:var(--ink);\
font:1rem/1.5 system-ui,-apple-system,'PingFang SC','Microsoft YaHei',sans-serif}\
main{width:100%;max-width:26rem;background:var(--card);border:1px solid var(--line);border-radius:1rem;padding:1.5rem}\
h1{font-size:1.35rem;line-height:1.3;margin:1rem 0}\
h2{font-size:1rem;margin:1.5rem 0 0}h2 small{display:inline}\
small{display:block;font-size:.85rem;font-weight:400;color:var(--dim)}\
code{overflow-wrap:anywhere;font-size:.85rem}\
.note{margin:0;padding:.6rem .8rem;border-radius:.6rem;background:#fff4d6;color:#5c4400;font-size:.8rem}\
ul{list-style:none;margin:1rem 0;padding:0;display:grid;gap:.6rem}\
.who{display:flex;gap:.8rem;align-items:center;padding:.7rem;border:1px solid var(--line);border-radius:.8rem;\
min-height:3.5rem}\
ul a{display:block;border-radius:.8rem;color:inherit;text-decoration:none}\
a:hover .who{border-color:var(--key)}a:focus-visible{outline:2px solid var(--key);outline-offset:2px}\
.face{flex:none;width:2.5rem;height:2.5rem;border-radius:50%;display:grid;place-items:center;background:var(--key);color:var(--card)}\
.decline{display:block;text-align:center;padding:.7rem;color:var(--dim)}\
.switches{display:flex;flex-wrap:wrap;gap:.5rem;margin:.6rem 0}\
button{font:inherit;color:inherit;background:none;border:1px solid var(--line);border-radius:.8rem;padding:.5rem .8rem;\
min-height:2.75rem;text-align:left;cursor:pointer}\
button:hover,button[aria-pressed=true]{border-color:var(--key)}button[aria-pressed=true]{color:var(--key);font-weight:600}\
button:focus-visible{outline:2px solid var(--key);outline-offset:2px}\
table{width:100%;border-collapse:collapse}th,td{padding:.4rem 0;text-align:left;border-bottom:1px solid var(--line)}";

/// Text for HTML, also inside a quoted attribute.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_request_becomes_markup() {
        let people = [Person::new("a\"b", "o", "<b>&'\"")];
        let page = choose(&people, "http://x/?\"><script>", "state='\"><script>&redirect_uri=x");
        assert!(!page.contains("<script") && !page.contains("<b><b>"));
        assert!(page.contains(r#"data-person="a&quot;b" href="/sandbox/weika/approve?person=a%22b&amp;"#));
    }

    #[test]
    fn home_names_everybody_and_logs_nobody_in() {
        let page = home(&[Person::new("a", "o", "<b>")], &[Follower::new("f", "<i>")]);
        assert!(page.contains("&lt;b&gt;") && page.contains("&lt;i&gt;"));
        let links: Vec<_> = page.split("href=\"").skip(1).collect();
        assert!(links.len() == 1 && links[0].starts_with("/sandbox/control\""));
        assert!(page.contains("/open/auth/manager-connect"));
    }

    #[test]
    fn everybody_and_the_refusal_can_be_clicked() {
        let page = choose(&Person::examples(), "http://x/", "app_key=K&state=S");
        for id in ["wang", "li", "chen", "zhao"] {
            let link =
                format!(r#"data-person="{id}" href="/sandbox/weika/approve?person={id}&amp;app_key=K&amp;state=S""#);
            assert!(page.contains(&link), "{id}");
        }
        assert!(page.contains(r#"data-decline href="/sandbox/weika/approve?decline=1&amp;app_key=K&amp;state=S""#));
    }
}
