//! Pages for people: plain, readable on a phone, in Chinese and English, nothing loaded from anywhere.

use std::fmt;
use std::sync::{Arc, LazyLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{ALLOW, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use sha2::{Digest, Sha256};

use super::qr_code;
use super::response::{OwnResponse, grpc, json, protect};
use super::{Language, RequestKind};
use crate::error::ErrorKind;

/// What a page of ours is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum PageKind {
    /// A login is needed, and this layer has no way to begin one.
    LoginRequired,
    /// Logged in, and not allowed to do this.
    Forbidden,
    /// The session store does not answer.
    Unavailable,
    /// The person did not agree to the login.
    Declined,
    /// The link that ends a login is forged, too old, used, or of another site. One page for all of these,
    /// so that it tells nobody which.
    InvalidLink,
    /// The browser did not bring back the cookie of the login, twice.
    CookiesBlocked,
    /// The upstream system refuses this person.
    Denied,
    /// The upstream system failed, or its answer makes no sense.
    UpstreamFailed,
    /// The upstream system says that this site is set up wrongly: key, school, official account.
    NotSetUp,
    /// The upstream system did not answer in time.
    UpstreamTimeout,
    /// Logged in, and not bound to an account, which this needs.
    Unbound,
    /// The login works in WeChat only, and this is another browser.
    OpenInWechat,
    /// A logout that another site asked for.
    CrossSite,
    /// The endpoint exists and does not take this method; the value for `Allow`.
    MethodNotAllowed(&'static str),
}

impl PageKind {
    /// The status of the answer that carries the page.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::LoginRequired => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::Declined | Self::Denied | Self::Unbound | Self::CrossSite => StatusCode::FORBIDDEN,
            // Nothing has failed: it is the login page, as far as there can be one here.
            Self::OpenInWechat => StatusCode::OK,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::InvalidLink | Self::CookiesBlocked => StatusCode::BAD_REQUEST,
            Self::UpstreamFailed | Self::NotSetUp => StatusCode::BAD_GATEWAY,
            Self::UpstreamTimeout => StatusCode::GATEWAY_TIMEOUT,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    /// The name for scripts: the `error` of a JSON answer.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::LoginRequired => "login_required",
            Self::Forbidden => "forbidden",
            Self::Unavailable => "unavailable",
            Self::Declined => "login_declined",
            Self::InvalidLink => "invalid_link",
            Self::CookiesBlocked => "cookies_blocked",
            Self::Denied => "denied",
            Self::UpstreamFailed => "upstream_failed",
            Self::NotSetUp => "not_set_up",
            Self::UpstreamTimeout => "upstream_timeout",
            Self::Unbound => "unbound",
            Self::OpenInWechat => "open_in_wechat",
            Self::CrossSite => "cross_site",
            Self::MethodNotAllowed(_) => "method_not_allowed",
        }
    }

    /// The page for the failure of something that we depend on.
    pub(crate) const fn of(failure: ErrorKind) -> Self {
        match failure {
            ErrorKind::Timeout | ErrorKind::Unresponsive => Self::UpstreamTimeout,
            ErrorKind::Store | ErrorKind::Internal => Self::Unavailable,
            ErrorKind::Configuration => Self::NotSetUp,
            _ => Self::UpstreamFailed,
        }
    }

    /// The status of a gRPC answer (`google.rpc.Code`).
    const fn grpc_status(self) -> &'static str {
        match self {
            Self::LoginRequired => "16",
            Self::Unavailable | Self::UpstreamFailed | Self::NotSetUp | Self::UpstreamTimeout => "14",
            _ => "7",
        }
    }

    /// Title and text.
    const fn words(self, language: Language) -> (&'static str, &'static str) {
        match (self, language) {
            (Self::LoginRequired, Language::Chinese) => ("请先登录", "查看此页面需要先登录。"),
            (Self::LoginRequired, Language::English) => ("Please log in", "You need to log in to see this page."),
            (Self::Forbidden, Language::Chinese) => ("没有权限", "您已登录，但当前身份无权访问此页面。"),
            (Self::Forbidden, Language::English) => {
                ("Not allowed", "You are logged in, but this page is not open to you.")
            }
            (Self::Unavailable, Language::Chinese) => ("服务暂时不可用", "请稍后再试，您的登录状态不会丢失。"),
            (Self::Unavailable, Language::English) => {
                ("Temporarily unavailable", "Please try again in a moment. You stay logged in.")
            }
            (Self::Declined, Language::Chinese) => ("登录已取消", "您没有同意登录。需要时可以重新登录。"),
            (Self::Declined, Language::English) => {
                ("Login cancelled", "You did not agree to log in. You can try again whenever you like.")
            }
            (Self::InvalidLink, Language::Chinese) => ("登录链接已失效", "此登录链接已过期或已被使用，请重新登录。"),
            (Self::InvalidLink, Language::English) => {
                ("This login link is no longer valid", "It has expired or was already used. Please log in again.")
            }
            (Self::CookiesBlocked, Language::Chinese) => {
                ("浏览器阻止了 Cookie", "登录需要使用 Cookie。请在浏览器设置中允许本站使用 Cookie，然后重新登录。")
            }
            (Self::CookiesBlocked, Language::English) => (
                "Your browser blocks cookies",
                "Logging in needs a cookie. Please allow cookies for this site in your browser, then log in again.",
            ),
            (Self::Denied, Language::Chinese) => ("登录被拒绝", "登录系统拒绝了此账号。如有疑问，请联系学校管理员。"),
            (Self::Denied, Language::English) => (
                "Login refused",
                "The login system does not let this account in. Please ask the administrator of your school.",
            ),
            (Self::UpstreamFailed, Language::Chinese) => ("系统暂时出现故障", "所依赖的系统没有正常应答，请稍后重试。"),
            (Self::UpstreamFailed, Language::English) => {
                ("A system that we need has a problem", "It did not answer as it should. Please try again later.")
            }
            (Self::NotSetUp, Language::Chinese) => ("登录尚未设置好", "本站的登录设置有误，请联系网站管理员。"),
            (Self::NotSetUp, Language::English) => (
                "The login is not set up",
                "Something is wrong with how this site is set up. Please tell whoever runs it.",
            ),
            (Self::UpstreamTimeout, Language::Chinese) => ("系统响应超时", "所依赖的系统没有及时应答，请稍后重试。"),
            (Self::UpstreamTimeout, Language::English) => {
                ("A system that we need does not answer", "It took too long. Please try again later.")
            }
            (Self::Unbound, Language::Chinese) => ("尚未绑定账号", "此功能需要先绑定账号。"),
            (Self::Unbound, Language::English) => ("No account yet", "You need to bind an account for this."),
            (Self::OpenInWechat, Language::Chinese) => {
                ("请在微信中打开", "登录只能在微信中进行。请用微信扫描二维码，或将下面的地址复制到微信中打开。")
            }
            (Self::OpenInWechat, Language::English) => (
                "Please open this in WeChat",
                "The login works in WeChat only. Scan the code with WeChat, or copy the address into a chat there and open it.",
            ),
            (Self::CrossSite, Language::Chinese) => ("请求被拒绝", "退出登录只能在本站页面上进行。"),
            (Self::CrossSite, Language::English) => {
                ("Request refused", "Logging out works from the pages of this site only.")
            }
            (Self::MethodNotAllowed(_), Language::Chinese) => ("请求方式不正确", "此地址不支持这种请求方式。"),
            (Self::MethodNotAllowed(_), Language::English) => {
                ("Wrong method", "This address does not take this kind of request.")
            }
        }
    }
}

/// Seconds after which a request that met a dead store is worth repeating.
const RETRY_SECONDS: &str = "2";

/// A page to be shown.
#[derive(Clone, Debug)]
pub struct Page {
    kind: PageKind,
    language: Language,
    retry: Option<String>,
    address: Option<String>,
}

impl Page {
    pub(crate) fn new(kind: PageKind, language: Language) -> Self {
        Self { kind, language, retry: None, address: None }
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
/// use tower_weika::answer::{Page, Pages};
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
        let rendered = self.0.as_ref().map_or_else(|| plain(page), |render| render(page));
        let mut response = rendered.map(Full::from);
        *response.status_mut() = page.kind.status();
        let headers = response.headers_mut();
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(page.language.tag()));
        protect(headers);
        response
    }

    /// The page, or its short form for whoever does not read pages.
    pub(crate) fn respond_to(&self, reader: RequestKind, page: &Page) -> OwnResponse {
        let mut response = match reader {
            RequestKind::Page => self.respond(page),
            RequestKind::Grpc => grpc(page.kind.grpc_status(), page.kind.code()),
            RequestKind::Data | RequestKind::Preflight => match page.address() {
                // The page is no failure; for a script that wants to log in, it is.
                Some(address) => {
                    json(StatusCode::FORBIDDEN, &serde_json::json!({ "error": page.kind.code(), "address": address }))
                }
                None => json(page.kind.status(), &serde_json::json!({ "error": page.kind.code() })),
            },
        };
        match page.kind {
            PageKind::MethodNotAllowed(allow) => {
                response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
            }
            PageKind::Unavailable => {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
            }
            _ => {}
        }
        response
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Pages::Custom" } else { "Pages::Plain" })
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
@media(prefers-color-scheme:dark){body{background:#0f1512;color:#e6efe9}\
main{background:#18211c;border-color:#2a362f;box-shadow:none}p{color:#a3b3aa}\
svg{background:#fff}a,main:before{background:#3ecf8e;color:#06281a}a:focus-visible{outline-color:#3ecf8e}}";

/// The policy that lets exactly [`STYLE`] apply.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let digest = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

fn plain(page: &Page) -> Response<String> {
    let (title, text) = page.kind.words(page.language);
    let again = match page.language {
        Language::Chinese => "重新登录",
        Language::English => "Log in again",
    };
    let link = page.retry.as_deref().map(|url| format!("<a href=\"{}\">{again}</a>", escape(url))).unwrap_or_default();
    let address = page.address().map(|address| format!("<p><code>{}</code></p>", escape(address))).unwrap_or_default();
    let code = page.qr_code().unwrap_or_default();
    let html = format!(
        "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{title}</title>\
         <style>{STYLE}</style><main><h1>{title}</h1><p>{text}</p>{code}{address}{link}</main></html>",
        page.language.tag()
    );
    let mut response = Response::new(html);
    if let Ok(policy) = HeaderValue::from_str(&POLICY) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use http::header::CACHE_CONTROL;
    use http_body_util::BodyExt;

    use super::*;

    async fn text(response: OwnResponse) -> String {
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn page_speaks_both_languages_and_escapes_the_link() {
        let page =
            |language| Page::new(PageKind::Declined, language).with_retry("/login?return_to=\"><b>&'".to_owned());
        let chinese = text(Pages::default().respond(&page(Language::Chinese))).await;
        assert!(chinese.contains("登录已取消") && chinese.contains("lang=\"zh-CN\""));
        assert!(chinese.contains("href=\"/login?return_to=&quot;&gt;&lt;b&gt;&amp;&#39;\""));
        let english = text(Pages::default().respond(&page(Language::English))).await;
        assert!(english.contains("Login cancelled") && english.contains("Log in again"));
    }

    #[test]
    fn every_answer_is_no_store_nosniff_and_under_a_strict_policy() {
        for pages in [Pages::default(), Pages::custom(|_| Response::new(String::new()))] {
            let response = pages.respond(&Page::new(PageKind::InvalidLink, Language::English));
            let headers = response.headers();
            assert_eq!(response.status(), StatusCode::BAD_REQUEST);
            assert_eq!(headers[CACHE_CONTROL], "no-store");
            assert_eq!(headers["x-content-type-options"], "nosniff");
            assert_eq!(headers["referrer-policy"], "no-referrer");
            let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
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
