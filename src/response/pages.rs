use std::fmt;
use std::sync::Arc;

use http::header::{ALLOW, CONTENT_LANGUAGE, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;

use super::generated::{GeneratedResponse, grpc, json, set_protective_headers};
use super::html::html;
use super::site::Site;
use super::{Page, PageKind};
use crate::error::ConfigErrorKind;
use crate::request::RequestKind;

/// The `Retry-After` of a response after a failure of the store.
const UNAVAILABLE_SECONDS: &str = "2";
/// The `Retry-After` of a response to a login that was not admitted.
const BUSY_SECONDS: &str = "5";

/// The pages that users see: those of this crate with the name of the site, or those of a closure.
///
/// ```
/// use tower_weika::response::Pages;
///
/// let pages = Pages::default()
///     .site_name("示例大学图书馆")
///     .home("/news")
///     .contact("mailto:it@library.example.edu.cn")
///     .accent("#a3123f");
/// ```
///
/// [`LoginLayerBuilder::build`](crate::login::LoginLayerBuilder::build) reports an invalid accent
/// and an invalid home. Layers without a `build` use the default in place of an invalid accent.
///
/// # Custom pages
/// The status, `Content-Language` and `Cache-Control: no-store` are set on every response of a
/// closure; the content type (HTML), `nosniff`, the Content-Security-Policy (nothing may load) and
/// the referrer policy only where the closure did not set them.
///
/// ```
/// use tower_weika::Error;
/// use tower_weika::response::{Page, PageKind, Pages};
///
/// let pages = Pages::custom(|page: &Page| {
///     let text = match page.kind() {
///         PageKind::Denied => page.error().and_then(Error::reason).unwrap_or("No access."),
///         PageKind::Forbidden => "This page is not open to you.",
///         _ => "Please try again.",
///     };
///     let home = page.home().unwrap_or("/");
///     http::Response::new(format!(
///         "<!doctype html><title>Library</title><p>{}</p><a href=\"{}\">Library</a>",
///         escape(text),
///         escape(home)
///     ))
/// });
///
/// fn escape(text: &str) -> String {
///     text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
/// }
/// ```
#[derive(Clone, Default)]
pub struct Pages {
    renderer: Option<Arc<Renderer>>,
    site: Site,
}

type Renderer = dyn Fn(&Page) -> Response<String> + Send + Sync;

impl Pages {
    /// Renders pages with a closure. Of the settings, [`home`](Self::home) has an effect on its
    /// pages; the others are for the pages of this crate.
    pub fn custom(render: impl Fn(&Page) -> Response<String> + Send + Sync + 'static) -> Self {
        Self {
            renderer: Some(Arc::new(render)),
            site: Site::default(),
        }
    }

    /// Sets the name of the site, in the title and above the heading. Default: none.
    #[must_use]
    pub fn site_name(mut self, name: impl Into<String>) -> Self {
        self.site.name = Some(name.into());
        self
    }

    /// Sets the link to the home page: a path of the site, or an `https` URL. Default: the default
    /// target of the login.
    #[must_use]
    pub fn home(mut self, url: impl Into<String>) -> Self {
        self.site.home = Some(url.into());
        self
    }

    /// Sets the contact that pages about failures and missing rights show: plain text, or a URL
    /// that begins with `mailto:`, `tel:` or `https://`, which becomes a link. Default: none.
    #[must_use]
    pub fn contact(mut self, contact: impl Into<String>) -> Self {
        self.site.contact = Some(contact.into());
        self
    }

    /// Sets the colour of buttons, `#rgb` or `#rrggbb`, on light and on dark pages. Their text is
    /// black or white, whichever has the higher contrast. Default: green.
    #[must_use]
    pub fn accent(mut self, colour: impl Into<String>) -> Self {
        self.site.set_accent(colour.into());
        self
    }

    /// Returns the setting [`home`](Self::home), unchecked.
    pub(crate) fn home_setting(&self) -> Option<&str> {
        self.site.home.as_deref()
    }

    /// Checks the settings that depend on no login.
    pub(crate) fn check(&self, errors: &mut Vec<ConfigErrorKind>) {
        self.site.check(errors);
    }

    /// Returns the response that shows the page.
    fn respond(&self, page: &Page) -> GeneratedResponse {
        let rendered = self
            .renderer
            .as_ref()
            .map_or_else(|| html(page, &self.site), |render| render(page));
        let mut response = rendered.map(Full::from);
        *response.status_mut() = page.kind().status();
        let headers = response.headers_mut();
        headers
            .entry(CONTENT_TYPE)
            .or_insert(HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(
            CONTENT_LANGUAGE,
            HeaderValue::from_static(page.language().tag()),
        );
        set_protective_headers(headers, page.kind() == PageKind::LoginInFrame);
        response
    }

    /// Returns the page where the response is shown, else its short form.
    pub(crate) fn respond_to(&self, kind: RequestKind, page: &Page) -> GeneratedResponse {
        let mut response = match kind {
            kind if kind.is_shown() => self.respond(page),
            RequestKind::Grpc => grpc(page.kind().grpc_status(), page.kind().code()),
            _ => {
                let code = page.kind().code();
                match (page.address(), page.reason()) {
                    // The page is the login page here, but a script cannot use it.
                    (Some(address), _) => json(
                        StatusCode::FORBIDDEN,
                        &serde_json::json!({ "error": code, "address": address }),
                    ),
                    (None, Some(reason)) => json(
                        page.kind().status(),
                        &serde_json::json!({ "error": code, "reason": reason }),
                    ),
                    (None, None) => {
                        json(page.kind().status(), &serde_json::json!({ "error": code }))
                    }
                }
            }
        };
        match page.kind() {
            PageKind::MethodNotAllowed(allow) => {
                response
                    .headers_mut()
                    .insert(ALLOW, HeaderValue::from_static(allow));
            }
            PageKind::Unavailable => {
                response
                    .headers_mut()
                    .insert(RETRY_AFTER, HeaderValue::from_static(UNAVAILABLE_SECONDS));
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
        f.write_str(if self.renderer.is_some() {
            "Pages::Custom"
        } else {
            "Pages::Default"
        })
    }
}

#[cfg(test)]
mod tests {
    use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY};
    use http::{HeaderMap, Method};
    use http_body_util::BodyExt;

    use super::*;
    use crate::error::{Error, ErrorKind};
    use crate::request::Language;
    use crate::response::{PageLinks, Rejection};

    async fn text(response: GeneratedResponse) -> String {
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
    async fn page_is_in_both_languages_and_escapes_the_link() {
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
    fn every_page_is_no_store_nosniff_and_under_a_strict_policy() {
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

    #[tokio::test]
    async fn closure_sees_the_error_of_a_failed_store() {
        let pages = Pages::custom(|page| Response::new(page.error().unwrap().to_string()));
        let error = Error::new(ErrorKind::Store, "as planned");
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("text/html"))]);
        let rejection = Rejection::unavailable::<()>(error, &Method::GET, &headers);
        let response = rejection.render(&pages, &PageLinks::default());
        assert_eq!(text(response).await, "as planned");
    }

    #[test]
    fn closure_sets_body_and_headers_but_not_the_status() {
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
