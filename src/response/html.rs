//! The default form of pages: plain HTML in Chinese or English, readable on a phone; nothing is
//! loaded.

use http::header::CONTENT_SECURITY_POLICY;
use http::{HeaderValue, Response};

use super::site::Site;
use super::{Page, PageKind};

/// Renders a page of this site.
pub(super) fn html(page: &Page, site: &Site) -> Response<String> {
    let text = page.kind().text(page.language());
    let title = text.title;
    let is_framed = page.kind() == PageKind::LoginInFrame;
    let leave_frame = if is_framed { " target=\"_top\"" } else { "" };
    let button = |url: Option<&str>, attributes: &str, label: &str| {
        let link = |url| format!("<a href=\"{}\"{attributes}>{label}</a>", escape(url));
        url.map(link).unwrap_or_default()
    };
    let next = button(page.next(), "", text.next);
    let retry = button(page.retry(), leave_frame, text.retry);
    let home = button(page.home(), " class=\"home\"", text.home);
    let name = site.name.as_deref().map(escape);
    let heading = name
        .as_ref()
        .map(|name| format!("<p class=\"site\">{name}</p>"));
    let name = name.map(|name| format!(" · {name}"));
    let reason = page.reason().map(escape);
    let paragraph = reason.as_deref().unwrap_or(text.paragraph);
    let address = page.address();
    let address = address.map(|address| format!("<p><code>{}</code></p>", escape(address)));
    let contact = site
        .contact
        .as_deref()
        .filter(|_| page.kind().shows_contact());
    let contact = contact.map(|contact| {
        let contact = contact_link(contact);
        format!("<p class=\"contact\">{}{contact}</p>", text.contact)
    });
    let html = format!(
        "<!doctype html><html lang=\"{language}\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{title}{name}</title>\
         <style>{css}</style><main>{heading}<h1>{title}</h1><p>{paragraph}</p>{contact}{code}{address}{next}{retry}\
         {home}</main></html>",
        language = page.language().tag(),
        name = name.unwrap_or_default(),
        css = site.style().css,
        heading = heading.unwrap_or_default(),
        contact = contact.unwrap_or_default(),
        code = page.qr_code().unwrap_or_default(),
        address = address.unwrap_or_default(),
    );
    let mut response = Response::new(html);
    let policy = &site.style().policies[usize::from(is_framed)];
    if let Ok(policy) = HeaderValue::from_str(policy) {
        response
            .headers_mut()
            .insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Returns a contact as HTML. It is a link if it begins with one of three schemes.
fn contact_link(contact: &str) -> String {
    let schemes = ["mailto:", "tel:", "https://"];
    let text = escape(contact);
    match schemes
        .into_iter()
        .find_map(|scheme| contact.strip_prefix(scheme))
    {
        Some(label) => {
            let label = label.split('?').next().unwrap_or_default();
            format!("<a href=\"{text}\">{}</a>", escape(label))
        }
        None => text,
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::error::{Error, ErrorKind};
    use crate::request::Language;

    fn site() -> Site {
        let mut site = Site::default();
        site.name = Some("A & <B>".to_owned());
        site.contact = Some("mailto:it@a.example?subject=\"<x>".to_owned());
        site
    }

    fn denied(language: Language) -> Page {
        Page::new(PageKind::Denied, language).with_error(Error::denied("王伟 <b>"))
    }

    #[test]
    fn name_contact_and_reason_are_shown_escaped_in_both_languages() {
        let chinese = html(&denied(Language::Chinese), &site()).into_body();
        assert!(
            chinese.contains("<title>登录被拒绝 · A &amp; &lt;B&gt;</title>"),
            "{chinese}"
        );
        let english = html(&denied(Language::English), &site()).into_body();
        for (page, contact) in [(&chinese, "联系方式："), (&english, "Contact: ")] {
            for part in [
                "<p class=\"site\">A &amp; &lt;B&gt;</p>",
                "<p>王伟 &lt;b&gt;</p>",
                &format!(
                    "<p class=\"contact\">{contact}\
                     <a href=\"mailto:it@a.example?subject=&quot;&lt;x&gt;\">it@a.example</a></p>"
                ),
            ] {
                assert!(page.contains(part), "{part}: {page}");
            }
        }
        let upstream = Error::new(ErrorKind::Denied, "call");
        let page = Page::new(PageKind::Denied, Language::English).with_error(upstream);
        let page = html(&page, &Site::default()).into_body();
        assert!(
            page.contains("The login system does not let this account in."),
            "{page}"
        );
        assert!(page.contains("<title>Login denied</title>"), "{page}");
        assert!(
            !page.contains("Contact") && !page.contains("<p class"),
            "{page}"
        );
    }

    #[test]
    fn contact_is_a_link_for_three_schemes_only() {
        assert_eq!(
            contact_link("tel:+86-10-1"),
            "<a href=\"tel:+86-10-1\">+86-10-1</a>"
        );
        let link = "<a href=\"https://help.example/\">help.example/</a>";
        assert_eq!(contact_link("https://help.example/"), link);
        for text in [
            "信息中心 3 楼",
            "it@a.example",
            "javascript:alert(1)",
            "http://a.example",
        ] {
            assert_eq!(contact_link(text), text);
        }
        assert_eq!(contact_link("<script>"), "&lt;script&gt;");
    }

    #[test]
    fn contact_is_on_failure_pages_and_not_where_a_login_helps() {
        let has_contact = |kind| {
            let page = html(&Page::new(kind, Language::English), &site());
            page.into_body().contains("class=\"contact\"")
        };
        for kind in [
            PageKind::Forbidden,
            PageKind::NotSetUp,
            PageKind::Unavailable,
        ] {
            assert!(has_contact(kind), "{kind:?}");
        }
        for kind in [
            PageKind::LoginRequired,
            PageKind::Declined,
            PageKind::OpenInWechat,
        ] {
            assert!(!has_contact(kind), "{kind:?}");
        }
    }

    #[test]
    fn policy_allows_exactly_the_style_of_the_page() {
        let mut styles = Vec::new();
        for accent in [None, Some("#0a5"), Some("#ffee00"), Some("red;}</style>")] {
            let mut site = Site::default();
            if let Some(accent) = accent {
                site.set_accent(accent.to_owned());
            }
            for kind in [PageKind::Denied, PageKind::LoginInFrame] {
                let response = html(&Page::new(kind, Language::English), &site);
                let policy = response.headers()[CONTENT_SECURITY_POLICY].clone();
                let policy = policy.to_str().unwrap();
                let (_, rest) = response.body().split_once("<style>").unwrap();
                let (css, _) = rest.split_once("</style>").unwrap();
                let digest = STANDARD.encode(Sha256::digest(css));
                assert!(
                    policy.contains(&format!("style-src 'sha256-{digest}';")),
                    "{policy}"
                );
                assert!(!policy.contains("unsafe"), "{policy}");
                styles.push(css.to_owned());
            }
        }
        assert!(styles[2].contains("background:#00aa55}") && styles[2].contains("color:#000}"));
        assert!(styles[4].contains("background:#ffee00}"));
        assert_eq!(styles[6], styles[0], "an invalid accent changes nothing");
    }
}
