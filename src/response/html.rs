//! The default form of pages: plain HTML in Chinese or English, readable on a phone; nothing is loaded.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::CONTENT_SECURITY_POLICY;
use http::{HeaderValue, Response};
use sha2::{Digest, Sha256};

use super::{Page, PageKind};

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{margin:0;min-height:100vh;display:grid;place-items:center;background:#f3f6f4;color:#16241c;\
font:16px/1.7 system-ui,-apple-system,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif}\
main{box-sizing:border-box;width:min(30rem,calc(100vw - 2rem));margin:1rem;padding:2.25rem 2rem;background:#fff;\
border:1px solid #dfe7e2;border-radius:1.1rem;box-shadow:0 1rem 2.5rem -1rem #0b3d2426}\
main:before{content:'';display:block;width:2.5rem;height:.3rem;margin-bottom:1.25rem;border-radius:1rem;background:#06804a}\
h1{font-size:1.35rem;line-height:1.4;margin:0 0 .5rem}p{margin:0;color:#55665d}\
code{display:block;margin-top:1rem;font-size:.85rem;overflow-wrap:anywhere;user-select:all}\
svg{display:block;width:min(100%,14rem);margin:1.5rem auto 0;border-radius:.65rem}\
a{display:block;margin-top:1.5rem;text-align:center;padding:.7rem 1rem;border-radius:.65rem;background:#06804a;\
color:#fff;text-decoration:none;font-weight:600}a:focus-visible{outline:3px solid #06804a;outline-offset:2px}\
a.home{margin-top:.5rem;background:none;color:#06804a}\
@media(prefers-color-scheme:dark){body{background:#0f1512;color:#e6efe9}\
main{background:#18211c;border-color:#2a362f;box-shadow:none}p{color:#a3b3aa}\
svg{background:#fff}a,main:before{background:#3ecf8e;color:#06281a}a:focus-visible{outline-color:#3ecf8e}\
a.home{background:none;color:#3ecf8e}}";

/// The policies that allow exactly [`STYLE`]: of an ordinary page, and of the page that may be framed.
static POLICIES: LazyLock<[String; 2]> = LazyLock::new(|| {
    let digest = STANDARD.encode(Sha256::digest(STYLE));
    ["'none'", "*"].map(|ancestors| {
        format!(
            "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; \
             frame-ancestors {ancestors}"
        )
    })
});

/// Renders a page.
pub(super) fn html(page: &Page) -> Response<String> {
    let text = page.kind().text(page.language());
    let (title, paragraph) = (text.title, text.paragraph);
    let is_framed = page.kind() == PageKind::LoginInFrame;
    let leave_frame = if is_framed { " target=\"_top\"" } else { "" };
    let link = |url: &str, attributes: &str, label: &str| {
        format!("<a href=\"{}\"{attributes}>{label}</a>", escape(url))
    };
    let next = page
        .next()
        .map(|url| link(url, "", text.next))
        .unwrap_or_default();
    let retry = page
        .retry()
        .map(|url| link(url, leave_frame, text.retry))
        .unwrap_or_default();
    let home = page
        .home()
        .map(|url| link(url, " class=\"home\"", text.home))
        .unwrap_or_default();
    let address = page
        .address()
        .map(|address| format!("<p><code>{}</code></p>", escape(address)))
        .unwrap_or_default();
    let code = page.qr_code().unwrap_or_default();
    let html = format!(
        "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{title}</title>\
         <style>{STYLE}</style><main><h1>{title}</h1><p>{paragraph}</p>{code}{address}{next}{retry}{home}</main></html>",
        page.language().tag()
    );
    let mut response = Response::new(html);
    if let Ok(policy) = HeaderValue::from_str(&POLICIES[usize::from(is_framed)]) {
        response
            .headers_mut()
            .insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
