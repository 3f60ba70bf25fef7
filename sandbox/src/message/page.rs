//! Layout and parts of the sandbox's pages.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use url::form_urlencoded;

/// Returns a whole page of the sandbox around `body`.
pub(crate) fn document(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (title) " · 微卡沙箱 Weika sandbox" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    p.note {
                        "沙箱：仅供开发和测试，与腾讯无关"
                        br;
                        span lang="en" { "Sandbox for development and tests; not Tencent" }
                    }
                    (body)
                }
            }
        }
    }
}

/// Returns an error page in two languages.
pub(crate) fn error(zh: &str, en: &str) -> Markup {
    document("无法登录", &html! { h1 { (zh) (small(en)) } })
}

/// Returns an English translation, in a smaller type.
pub(crate) fn small(en: &str) -> Markup {
    html! { small lang="en" { (en) } }
}

/// Returns an English translation, in the same type.
pub(crate) fn english(en: &str) -> Markup {
    html! { span lang="en" { (en) } }
}

/// Returns a summary of a person: the name and a line below it.
pub(crate) fn card(name: &str, about: &str) -> Markup {
    html! {
        span.who {
            span.face aria-hidden="true" { (name.chars().take(1).collect::<String>()) }
            span { b { (name) } small { (about) } }
        }
    }
}

/// List of people, of whom the visitor chooses one or declines.
pub(crate) struct Choice<'a> {
    /// Where the application wants the visitor to be sent.
    pub(crate) redirect_uri: &'a str,
    /// Path of the links. They carry the decision, then the query of the request.
    pub(crate) approve: &'a str,
    /// Query of the request, as received.
    pub(crate) query: &'a str,
}

impl Choice<'_> {
    /// Returns the list; each person is given by id and card.
    pub(crate) fn of<'p>(&self, people: impl Iterator<Item = (&'p str, Markup)>) -> Markup {
        let Self {
            redirect_uri,
            approve,
            query,
        } = *self;
        html! {
            p { "将返回 " (english("You return to")) " " code { (redirect_uri) } }
            ul {
                @for (id, card) in people {
                    @let encoded: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
                    li { a data-person=(id) href={ (approve) "?person=" (encoded) "&" (query) } { (card) } }
                }
            }
            a.decline data-decline href={ (approve) "?decline=1&" (query) } { "拒绝 " (english("Decline")) }
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_in_elements_and_attributes() {
        let choice = Choice {
            redirect_uri: "http://x/?\"><script>",
            approve: "/approve",
            query: "state='\"><script>",
        };
        let page = choice
            .of([("a\"b", card("<b>&'\"", "<i>"))].into_iter())
            .into_string();
        assert!(!page.contains("<script") && !page.contains("<b><b>") && !page.contains("<i>"));
        assert!(
            page.contains(r#"data-person="a&quot;b" href="/approve?person=a%22b&amp;"#),
            "{page}"
        );
    }
}
