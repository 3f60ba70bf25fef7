//! The facts of a request that decide the form of a response that this crate generates.

use http::header::{COOKIE, HeaderName, ORIGIN, REFERER};
use http::{HeaderMap, Method};

use super::kind::HX_REQUEST;
use super::{Language, RequestKind, UserAgent};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const HX_CURRENT_URL: HeaderName = HeaderName::from_static("hx-current-url");

/// The facts that fit in a few bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Reader {
    pub(crate) kind: RequestKind,
    pub(crate) language: Language,
    pub(crate) browser: UserAgent,
    /// Whether the method is `GET` or `HEAD`, so that the target can be asked for again.
    pub(crate) is_safe: bool,
    /// Whether htmx waits for the response: it follows `HX-Redirect`.
    pub(crate) is_htmx: bool,
    /// Whether the kind is that of a script, and the request says so itself.
    is_said_to_be_a_script: bool,
}

impl Reader {
    pub(crate) fn of(method: &Method, headers: &HeaderMap) -> Self {
        let kind = RequestKind::of(method, headers);
        Self {
            kind,
            language: Language::of(headers),
            browser: UserAgent::of(headers),
            is_safe: *method == Method::GET || *method == Method::HEAD,
            is_htmx: headers.contains_key(HX_REQUEST),
            is_said_to_be_a_script: kind == RequestKind::Script
                && RequestKind::is_said_to_be_a_script(headers),
        }
    }

    /// Whether a redirect to a provider would not arrive: in a frame its pages do not work, and a script cannot follow
    /// to another origin. A client that says nothing about itself can.
    pub(crate) fn cannot_follow_to_a_provider(self) -> bool {
        self.kind == RequestKind::Frame || self.is_said_to_be_a_script
    }
}

/// The request headers that a login layer needs to answer a rejection: cookies, and where the request came from.
#[derive(Clone, Debug)]
pub(crate) struct Origins(HeaderMap);

impl Origins {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let kept = [COOKIE, REFERER, ORIGIN, HX_CURRENT_URL, SEC_FETCH_SITE];
        let lines = kept.into_iter().flat_map(|name| {
            headers.get_all(&name).into_iter().map(move |line| {
                let mut line = line.clone();
                line.set_sensitive(true);
                (name.clone(), line)
            })
        });
        Self(lines.collect())
    }

    /// The headers, all marked sensitive.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.0
    }

    /// Absolute URLs of the page that sent the request, the more exact one first. They may be of another site.
    pub(crate) fn pages(&self) -> impl Iterator<Item = &[u8]> {
        [HX_CURRENT_URL, REFERER]
            .into_iter()
            .filter_map(|name| self.0.get(name))
            .map(|line| line.as_bytes())
    }

    /// Whether a page of another site than `origin` sent the request, so that a `Lax` cookie did not come with it.
    /// Without `Sec-Fetch-Site` a page of another origin counts as one of another site.
    pub(crate) fn is_cross_site(&self, origin: &str) -> bool {
        match (self.0.get(SEC_FETCH_SITE), self.0.get(ORIGIN)) {
            (Some(site), _) => site == "cross-site",
            (None, Some(given)) => given != "null" && given != origin,
            (None, None) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(pairs: &[(&'static str, &'static str)]) -> Origins {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        Origins::of(&pairs.collect())
    }

    #[test]
    fn fetch_site_decides_before_the_origin() {
        for (pairs, expected) in [
            (&[][..], false),
            (&[("sec-fetch-site", "cross-site")], true),
            (
                &[
                    ("sec-fetch-site", "same-site"),
                    ("origin", "https://other.example.edu.cn"),
                ],
                false,
            ),
            (&[("sec-fetch-site", "none")], false),
            (&[("origin", "https://pay.example")], true),
            (&[("origin", "https://campus.example")], false),
            (&[("origin", "null")], false),
        ] {
            assert_eq!(
                origins(pairs).is_cross_site("https://campus.example"),
                expected,
                "{pairs:?}"
            );
        }
    }

    #[test]
    fn kept_headers_are_sensitive_and_others_are_not_kept() {
        let origins = origins(&[
            ("cookie", "a=b"),
            ("referer", "https://campus.example/a"),
            ("accept", "text/html"),
        ]);
        assert_eq!(origins.headers().len(), 2);
        assert!(
            origins
                .headers()
                .values()
                .all(http::HeaderValue::is_sensitive)
        );
        assert!(!format!("{origins:?}").contains("a=b"));
    }

    #[test]
    fn page_that_htmx_names_comes_first() {
        let named = origins(&[
            ("referer", "https://campus.example/a"),
            ("hx-current-url", "https://campus.example/a#b"),
        ]);
        assert_eq!(
            named.pages().collect::<Vec<_>>(),
            [
                &b"https://campus.example/a#b"[..],
                b"https://campus.example/a"
            ]
        );
    }
}
