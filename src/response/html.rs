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
    let button = |url: Option<&str>, attributes: &str, label: &str| {
        let link = |url| format!("<a href=\"{}\" {attributes}>{label}</a>", escape(url));
        url.map(link).unwrap_or_default()
    };
    let retry = if is_framed {
        "class=\"button\" target=\"_top\""
    } else {
        "class=\"button\""
    };
    let next = button(page.next(), "class=\"button\"", text.next);
    let retry = button(page.retry(), retry, text.retry);
    let home = button(page.home(), "class=\"button home\"", text.home);
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
