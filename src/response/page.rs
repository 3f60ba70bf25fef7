//! Pages for people: plain, readable on a phone, in Chinese and English, nothing loaded from anywhere.

use std::fmt;
use std::sync::{Arc, LazyLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{ALLOW, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use sha2::{Digest, Sha256};

use super::own_response::{OwnResponse, grpc, json, protect};
use super::qr_code;
use super::{Links, PageKind};
use crate::request::{Language, RequestKind};

/// Seconds after which a request that met a failed store is worth repeating.
const RETRY_SECONDS: &str = "2";
/// Seconds after which a login is worth repeating that met too many others.
const BUSY_SECONDS: &str = "5";

/// A page to be shown.
#[derive(Clone, Debug)]
pub struct Page {
    kind: PageKind,
    language: Language,
    retry: Option<String>,
    next: Option<String>,
    home: Option<String>,
    address: Option<String>,
}

impl Page {
    pub(crate) fn new(kind: PageKind, language: Language) -> Self {
        Self {
            kind,
            language,
            retry: None,
            next: None,
            home: None,
            address: None,
        }
    }

    /// The same page with the links that belong to its kind.
    #[must_use]
    pub(crate) fn with_links(mut self, links: &Links) -> Self {
        let (next, has_retry, has_home) = match self.kind {
            PageKind::LoginInFrame => (&None, true, false),
            PageKind::ContinueFromOtherSite => (&links.same_page, false, false),
            PageKind::Unbound => (&links.bind, false, true),
            PageKind::LoginRequired | PageKind::LoginExpired | PageKind::Forbidden => {
                (&None, true, true)
            }
            _ => (&None, false, false),
        };
        self.next.clone_from(next);
        self.retry = links.login.clone().filter(|_| has_retry);
        self.home = links.home.clone().filter(|_| has_home);
        self
    }

    /// The same page with the address to open elsewhere.
    #[must_use]
    pub(crate) fn with_address(mut self, address: String) -> Self {
        self.address = Some(address);
        self
    }

    /// The same page with a link that begins the login anew.
    #[must_use]
    pub(crate) fn with_retry(mut self, login_url: String) -> Self {
        self.retry = Some(login_url);
        self
    }

    /// The same page with a link to the default page of the site.
    #[must_use]
    pub(crate) fn with_home(mut self, home: String) -> Self {
        self.home = Some(home);
        self
    }

    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> PageKind {
        self.kind
    }

    /// The language to write it in.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// Where the login begins anew, as a path on this site; it may carry the return target. It has to be
    /// escaped to go into HTML.
    #[must_use]
    pub fn retry(&self) -> Option<&str> {
        self.retry.as_deref()
    }

    /// Where the person goes on without a new login, as a path on this site: the page that links an account, or for a
    /// form from another site the page that it was sent to. It has to be escaped to go into HTML.
    #[must_use]
    pub fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// The default page of the site, for a way out. It has to be escaped to go into HTML.
    #[must_use]
    pub fn home(&self) -> Option<&str> {
        self.home.as_deref()
    }

    /// The address of this site to open in WeChat, if that is what the page is about. It has to be escaped to go
    /// into HTML.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// [`address`](Self::address) as a QR code: an `<svg>` element in black and white, with a quiet zone.
    #[must_use]
    pub fn qr_code(&self) -> Option<String> {
        let label = match self.language {
            Language::Chinese => "二维码：用微信打开此页",
            Language::English => "QR code: open this page in WeChat",
        };
        qr_code::svg(self.address()?, label)
    }
}

/// How pages look: ours, or a closure of yours.
///
/// Status, `Content-Language` and `Cache-Control: no-store` are set on whatever a closure returns; the content type
/// (HTML), `nosniff`, the Content-Security-Policy (nothing may load) and the referrer policy where the closure did
/// not set its own.
///
/// ```
/// use tower_weika::response::{Page, Pages};
///
/// let pages = Pages::custom(|page: &Page| {
///     http::Response::new(format!("<!doctype html><title>{}</title>", page.kind().status()))
/// });
/// ```
#[derive(Clone, Default)]
pub struct Pages(Option<Arc<Renderer>>);

type Renderer = dyn Fn(&Page) -> Response<String> + Send + Sync;

impl Pages {
    /// Pages of yours.
    pub fn custom(render: impl Fn(&Page) -> Response<String> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(render)))
    }

    /// The answer that carries the page.
    fn respond(&self, page: &Page) -> OwnResponse {
        let rendered = self
            .0
            .as_ref()
            .map_or_else(|| plain(page), |render| render(page));
        let mut response = rendered.map(Full::from);
        *response.status_mut() = page.kind.status();
        let headers = response.headers_mut();
        headers
            .entry(CONTENT_TYPE)
            .or_insert(HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(
            CONTENT_LANGUAGE,
            HeaderValue::from_static(page.language.tag()),
        );
        protect(headers, page.kind == PageKind::LoginInFrame);
        response
    }

    /// The page where a person sees the response, else its short form.
    pub(crate) fn respond_to(&self, reader: RequestKind, page: &Page) -> OwnResponse {
        let mut response = match reader {
            reader if reader.is_shown() => self.respond(page),
            RequestKind::Grpc => grpc(page.kind.grpc_status(), page.kind.code()),
            _ => match page.address() {
                // The page is no failure; for a script that wants to log in, it is.
                Some(address) => json(
                    StatusCode::FORBIDDEN,
                    &serde_json::json!({ "error": page.kind.code(), "address": address }),
                ),
                None => json(
                    page.kind.status(),
                    &serde_json::json!({ "error": page.kind.code() }),
                ),
            },
        };
        match page.kind {
            PageKind::MethodNotAllowed(allow) => {
                response
                    .headers_mut()
                    .insert(ALLOW, HeaderValue::from_static(allow));
            }
            PageKind::Unavailable => {
                response
                    .headers_mut()
                    .insert(RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
            }
            PageKind::Busy | PageKind::TooManyAttempts => {
                response
                    .headers_mut()
                    .insert(RETRY_AFTER, HeaderValue::from_static(BUSY_SECONDS));
            }
            _ => {}
        }
        response
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "Pages::Custom"
        } else {
            "Pages::Plain"
        })
    }
}

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

/// The policies that let exactly [`STYLE`] apply: of an ordinary page, and of the one that may be framed.
static POLICIES: LazyLock<[String; 2]> = LazyLock::new(|| {
    let digest = STANDARD.encode(Sha256::digest(STYLE));
    ["'none'", "*"].map(|ancestors| {
        format!(
            "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; \
             frame-ancestors {ancestors}"
        )
    })
});

fn plain(page: &Page) -> Response<String> {
    let (title, text) = page.kind.words(page.language);
    let is_framed = page.kind == PageKind::LoginInFrame;
    let leave_frame = if is_framed { " target=\"_top\"" } else { "" };
    let link = |url: &str, attributes: &str, label: &str| {
        format!("<a href=\"{}\"{attributes}>{label}</a>", escape(url))
    };
    let labels = page.kind.labels(page.language);
    let next = page
        .next()
        .map(|url| link(url, "", labels.next))
        .unwrap_or_default();
    let retry = page
        .retry()
        .map(|url| link(url, leave_frame, labels.retry))
        .unwrap_or_default();
    let home = page
        .home()
        .map(|url| link(url, " class=\"home\"", labels.home))
        .unwrap_or_default();
    let address = page
        .address()
        .map(|address| format!("<p><code>{}</code></p>", escape(address)))
        .unwrap_or_default();
    let code = page.qr_code().unwrap_or_default();
    let html = format!(
        "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{title}</title>\
         <style>{STYLE}</style><main><h1>{title}</h1><p>{text}</p>{code}{address}{next}{retry}{home}</main></html>",
        page.language.tag()
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

#[cfg(test)]
mod tests {
    use http::header::CACHE_CONTROL;
    use http_body_util::BodyExt;

    use super::*;

    async fn text(response: OwnResponse) -> String {
        String::from_utf8(
            response
                .into_body()
                .collect()
                .await
                .unwrap()
                .to_bytes()
                .to_vec(),
        )
        .unwrap()
    }

    #[tokio::test]
    async fn page_speaks_both_languages_and_escapes_the_link() {
        let page = |language| {
            Page::new(PageKind::Declined, language)
                .with_retry("/login?return_to=\"><b>&'".to_owned())
        };
        let chinese = text(Pages::default().respond(&page(Language::Chinese))).await;
        assert!(chinese.contains("登录已取消") && chinese.contains("lang=\"zh-CN\""));
        assert!(chinese.contains("href=\"/login?return_to=&quot;&gt;&lt;b&gt;&amp;&#39;\""));
        let english = text(Pages::default().respond(&page(Language::English))).await;
        assert!(english.contains("Login cancelled") && english.contains("Log in again"));
    }

    #[test]
    fn every_answer_is_no_store_nosniff_and_under_a_strict_policy() {
        for pages in [
            Pages::default(),
            Pages::custom(|_| Response::new(String::new())),
        ] {
            let response = pages.respond(&Page::new(PageKind::InvalidLink, Language::English));
            let headers = response.headers();
            assert_eq!(response.status(), StatusCode::BAD_REQUEST);
            assert_eq!(headers[CACHE_CONTROL], "no-store");
            assert_eq!(headers["x-content-type-options"], "nosniff");
            assert_eq!(headers["referrer-policy"], "no-referrer");
            let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(
                policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
                "{policy}"
            );
        }
    }

    #[test]
    fn closure_decides_all_but_the_status() {
        let pages = Pages::custom(|page| {
            Response::builder()
                .status(200)
                .header(CONTENT_SECURITY_POLICY, "mine")
                .body(format!("{:?}", page.kind()))
                .unwrap()
        });
        let response = pages.respond(&Page::new(PageKind::UpstreamTimeout, Language::English));
        assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
        assert_eq!(response.headers()[CONTENT_SECURITY_POLICY], "mine");
    }
}
