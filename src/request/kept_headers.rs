use http::HeaderMap;
use http::header::{COOKIE, HeaderName, ORIGIN, REFERER};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const HX_CURRENT_URL: HeaderName = HeaderName::from_static("hx-current-url");

/// The headers of a rejected request that a login layer needs: its cookies, and the headers that name the page that
/// sent it.
#[derive(Clone, Debug)]
pub(crate) struct KeptHeaders(HeaderMap);

impl KeptHeaders {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let names = [COOKIE, REFERER, ORIGIN, HX_CURRENT_URL, SEC_FETCH_SITE];
        let lines = names.into_iter().flat_map(|name| {
            headers.get_all(&name).into_iter().map(move |line| {
                let mut line = line.clone();
                line.set_sensitive(true);
                (name.clone(), line)
            })
        });
        Self(lines.collect())
    }

    /// Returns the headers, all marked sensitive.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.0
    }

    /// Returns absolute URLs of the page that sent the request, the more exact one first. They may be of another site.
    pub(crate) fn referring_pages(&self) -> impl Iterator<Item = &[u8]> {
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

    fn kept(pairs: &[(&'static str, &'static str)]) -> KeptHeaders {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        KeptHeaders::of(&pairs.collect())
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
                kept(pairs).is_cross_site("https://campus.example"),
                expected,
                "{pairs:?}"
            );
        }
    }

    #[test]
    fn kept_headers_are_sensitive_and_others_are_not_kept() {
        let kept = kept(&[
            ("cookie", "a=b"),
            ("referer", "https://campus.example/a"),
            ("accept", "text/html"),
        ]);
        assert_eq!(kept.headers().len(), 2);
        assert!(kept.headers().values().all(http::HeaderValue::is_sensitive));
        assert!(!format!("{kept:?}").contains("a=b"));
    }

    #[test]
    fn page_that_htmx_names_comes_first() {
        let named = kept(&[
            ("referer", "https://campus.example/a"),
            ("hx-current-url", "https://campus.example/a#b"),
        ]);
        assert_eq!(
            named.referring_pages().collect::<Vec<_>>(),
            [
                &b"https://campus.example/a#b"[..],
                b"https://campus.example/a"
            ]
        );
    }
}
