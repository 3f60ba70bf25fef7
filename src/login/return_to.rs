//! Where a login leads back to, by rule T.
//!
//! Parsing a [`ReturnTo`] is the defence against open redirects; nothing else may become the `Location` after
//! a login or a logout. It stands between the parameter, the target of a guarded request, the flow cookie and
//! the redirect.

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::trace::{debug, outside};

/// The longest target, in bytes (T1).
const MAX_BYTES: usize = 2048;

/// The characters that a header needs encoded, beside controls and non-ASCII (T3, T8). `%` is not in it: an encoded target
/// stays as it is.
const ENCODE: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>');

/// A target that may be redirected to: ASCII, percent-encoded, on this site or on an origin that is
/// configured.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ReturnTo(Box<str>);

impl ReturnTo {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Everything before the query, in the spelling in which paths are compared.
    pub(super) fn path(&self) -> String {
        canonical(self.0.split(['?', '#']).next().unwrap_or_default())
    }
}

/// Debug output shows the path only: a query may carry anything.
impl fmt::Debug for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReturnTo").field(&self.path()).finish()
    }
}

/// The targets that a login may lead back to.
#[derive(Clone, Debug)]
pub(super) struct ReturnRules {
    /// The site's own origin.
    site: String,
    /// The layer's endpoints, and other closed paths (T5).
    own_paths: Vec<String>,
    /// Exact origins, `https://host[:port]` (T6).
    origins: Vec<String>,
    /// The target of a login without a valid one (T7).
    default_target: ReturnTo,
}

impl ReturnRules {
    pub(super) fn new<'p>(
        site: impl Into<String>,
        own_paths: impl IntoIterator<Item = &'p str>,
        origins: Vec<String>,
    ) -> Self {
        Self {
            site: site.into(),
            own_paths: own_paths.into_iter().map(canonical).collect(),
            origins,
            default_target: ReturnTo("/".into()),
        }
    }

    /// Replaces the default target `/`. Returns `None` if the new one is not valid.
    pub(super) fn with_default(self, target: &str) -> Option<Self> {
        let default_target = self.check(target.as_bytes())?;
        Some(Self {
            default_target,
            ..self
        })
    }

    pub(super) fn default_target(&self) -> &ReturnTo {
        &self.default_target
    }

    /// Checks a target; the default target takes the place of an invalid one.
    pub(super) fn check_or_default(&self, target: &[u8]) -> ReturnTo {
        self.check(target)
            .unwrap_or_else(|| self.default_target.clone())
    }

    /// Checks a target (T9: the one function that does). The input is what remains after one form-decode. A target
    /// that is dropped leaves a debug event.
    pub(super) fn check(&self, target: &[u8]) -> Option<ReturnTo> {
        let checked = self.parse(target);
        checked
            .inspect_err(|reason| report_dropped(target, reason))
            .ok()
    }

    /// Checks the absolute URL of a page, as `Referer` and `HX-Current-URL` have it. A page of another origin is no
    /// target, and that is nothing to report.
    pub(super) fn check_page(&self, page: &[u8]) -> Option<ReturnTo> {
        let is_of_this_site = page
            .strip_prefix(self.site.as_bytes())
            .is_some_and(begins_behind_an_origin);
        if is_of_this_site {
            self.check(page)
        } else {
            None
        }
    }

    fn parse(&self, target: &[u8]) -> Result<ReturnTo, &'static str> {
        let text = std::str::from_utf8(target).map_err(|_| "it is not UTF-8")?;
        if !(1..=MAX_BYTES).contains(&text.len()) {
            return Err("it is empty or longer than 2048 bytes");
        }
        // Of the site's own URL only the part behind the origin is kept (T6).
        let own = text
            .strip_prefix(self.site.as_str())
            .filter(|rest| begins_behind_an_origin(rest.as_bytes()));
        let text = own.unwrap_or(text);
        let rooted = if own.is_some() && !text.starts_with('/') {
            format!("/{text}")
        } else {
            text.to_owned()
        };
        let local = self.without_origin(&rooted);
        if local
            .bytes()
            .any(|byte| byte < 0x20 || byte == 0x7F || byte == b'\\')
        {
            return Err("it has a control character or a backslash");
        }
        if !local.starts_with('/') {
            return Err("it is neither a path nor a URL of an allowed origin");
        }
        let path = local.split(['?', '#']).next().unwrap_or_default();
        if !is_safe_path(path) {
            return Err("its path can be read in two ways");
        }
        if self.is_own(path) {
            return Err("it is an endpoint of a login or a closed path");
        }
        Ok(ReturnTo(
            utf8_percent_encode(&rooted, ENCODE).to_string().into(),
        ))
    }

    /// The target without a configured origin in front (T6). Only the exact spelling counts, so that no two
    /// parsers can disagree about where the origin ends.
    fn without_origin<'t>(&self, text: &'t str) -> &'t str {
        let rest = self
            .origins
            .iter()
            .find_map(|origin| text.strip_prefix(origin.as_str()));
        rest.filter(|rest| rest.starts_with('/')).unwrap_or(text)
    }

    fn is_own(&self, path: &str) -> bool {
        self.own_paths.contains(&canonical(path))
    }
}

/// Whether an origin ends before this text. `location.origin` has no path, `location.href` always has one.
fn begins_behind_an_origin(rest: &[u8]) -> bool {
    matches!(rest.first(), None | Some(b'/' | b'?' | b'#'))
}

/// Logs a dropped target without its query and fragment, which may carry anything.
fn report_dropped(target: &[u8], reason: &str) {
    let end = target
        .iter()
        .position(|byte| matches!(byte, b'?' | b'#'))
        .unwrap_or(target.len());
    let shown = String::from_utf8_lossy(&target[..end]);
    debug!(target = %outside(&shown), reason = %reason, "login: return target dropped");
}

/// T2 and T4.
fn is_safe_path(path: &str) -> bool {
    let Some(segments) = path.strip_prefix('/') else {
        return false;
    };
    let last = segments.matches('/').count();
    segments.split('/').enumerate().all(|(index, segment)| {
        let decoded: Vec<u8> = percent_decode_str(segment).collect();
        let is_dots = decoded == b"." || decoded == b"..";
        let hides_something = decoded
            .iter()
            .any(|byte| matches!(byte, b'/' | b'\\' | 0x00..=0x1F | 0x7F));
        // Only the last segment may be empty: one trailing slash is an ordinary spelling.
        (!segment.is_empty() || index == last) && !is_dots && !hides_something
    })
}

/// The path with unreserved characters decoded (RFC 3986 §6.2.2.2) and without one trailing slash (T5).
fn canonical(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        plain.push_str(&rest[..at]);
        let byte = rest
            .get(at + 1..at + 3)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            .map(char::from);
        match byte.filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~')) {
            Some(unreserved) => {
                plain.push(unreserved);
                rest = &rest[at + 3..];
            }
            None => {
                plain.push('%');
                rest = &rest[at + 1..];
            }
        }
    }
    plain.push_str(rest);
    if plain.len() > 1 && plain.ends_with('/') {
        plain.pop();
    }
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rules() -> ReturnRules {
        let own = [
            "/auth/weika/login",
            "/auth/weika/callback",
            "/auth/weika/logout",
        ];
        let origins = vec![
            "https://portal.example.edu.cn".to_owned(),
            "https://a.example:8443".to_owned(),
        ];
        ReturnRules::new("https://campus.example", own, origins)
    }

    #[track_caller]
    fn assert_passes(target: &str, output: &str) {
        assert_eq!(rules().check(target.as_bytes()).unwrap().as_str(), output);
    }

    #[track_caller]
    fn assert_refused(targets: &[&str]) {
        for target in targets {
            assert_eq!(rules().check(target.as_bytes()), None, "{target:?}");
        }
    }

    #[test]
    fn t1_length_and_encoding() {
        assert_refused(&["", &format!("/{}", "a".repeat(2048))]);
        assert_passes(
            &format!("/{}", "a".repeat(2047)),
            &format!("/{}", "a".repeat(2047)),
        );
        assert_eq!(rules().check(b"/\xff"), None);
        assert_eq!(rules().check(b"/\xc0\xaf"), None);
    }

    #[test]
    fn t2_only_paths_of_this_site() {
        assert_refused(&[
            "//evil.example",
            "/\\evil.example",
            "\\/evil",
            "evil",
            "?a",
            "#a",
            "javascript:alert(1)",
            "///x",
            " /a",
            "\u{ff0f}/a",
        ]);
    }

    #[test]
    fn t3_no_control_characters_and_no_backslash() {
        assert_refused(&[
            "/a\r\nSet-Cookie: x",
            "/\ta",
            "/a\u{0}",
            "/a\u{7f}",
            "/a\\b",
            "/a?b=\\",
            "/a#\n",
        ]);
        assert_passes("/a b?c=\"<d>\"", "/a%20b?c=%22%3Cd%3E%22");
    }

    #[test]
    fn t4_paths_that_can_be_read_in_two_ways() {
        assert_refused(&[
            "/a//b",
            "/a/./b",
            "/a/../b",
            "/..",
            "/a/%2e%2E/b",
            "/.%2e",
            "/%2e",
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a%00",
            "/a%0d%0ab",
            "/%7f",
            "/a/%2f/evil",
        ]);
        assert_passes("/a?next=https://x.example/1", "/a?next=https://x.example/1");
        assert_passes(
            "/a?b=//c/../%2f%5c%00#//d/../%2e",
            "/a?b=//c/../%2f%5c%00#//d/../%2e",
        );
        assert_passes("/a/b/", "/a/b/");
        assert_passes("/a/...", "/a/...");
        assert_passes("/", "/");
    }

    #[test]
    fn t5_not_our_own_endpoints() {
        assert_refused(&[
            "/auth/weika/login",
            "/auth/weika/login/",
            "/auth/weika/callback?wxcode=1",
            "/auth/%77eika/logout",
            "/auth/weika/%6cogin#x",
        ]);
        assert_passes("/auth/weika/logins", "/auth/weika/logins");
        assert_passes("/auth/weika", "/auth/weika");
    }

    #[test]
    fn t6_only_exact_configured_origins() {
        assert_passes(
            "https://portal.example.edu.cn/a b",
            "https://portal.example.edu.cn/a%20b",
        );
        assert_passes("https://a.example:8443/x", "https://a.example:8443/x");
        assert_refused(&[
            "https://portal.example.edu.cn",
            "https://portal.example.edu.cn.evil.example/",
            "https://portal.example.edu.cn@evil.example/",
            "http://portal.example.edu.cn/",
            "https://portal.example.edu.cn:8443/",
            "https://a.example/",
            "HTTPS://portal.example.edu.cn/",
            "https://evil.example/",
            "https://portal.example.edu.cn//x",
            "https://portal.example.edu.cn/../x",
            "https:/portal.example.edu.cn/",
        ]);
    }

    #[test]
    fn t6_own_origin_is_accepted_and_not_kept() {
        assert_passes("https://campus.example/a b?c=d#/e", "/a%20b?c=d#/e");
        assert_passes("https://campus.example/", "/");
        assert_passes("https://campus.example", "/");
        assert_passes("https://campus.example?a=b", "/?a=b");
        assert_passes("https://campus.example#/orders/42", "/#/orders/42");
        assert_passes("https://campus.example/课程", "/%E8%AF%BE%E7%A8%8B");
        assert_refused(&[
            "https://campus.example.evil.example/",
            "https://campus.example@evil.example/",
            "https://campus.example:8443/",
            "https://campus.example//evil.example",
            "https://campus.example/\\evil.example",
            "https://campus.example\\evil.example",
            "https://campus.example/a/../b",
            "https://campus.example/auth/weika/login",
            "https://campus.example/https://campus.example//evil.example",
            "https://campus.examplehttps://portal.example.edu.cn/",
            "http://campus.example/",
            "HTTPS://CAMPUS.EXAMPLE/",
            "//campus.example/a",
        ]);
    }

    #[test]
    fn t9_page_of_this_origin_is_a_target_and_another_page_is_none() {
        let check = |page: &str| {
            rules()
                .check_page(page.as_bytes())
                .map(|target| target.as_str().to_owned())
        };
        assert_eq!(
            check("https://campus.example/a?b=c#d").as_deref(),
            Some("/a?b=c#d")
        );
        for page in [
            "",
            "/a",
            "https://portal.example.edu.cn/a",
            "https://campus.example.evil.example/a",
            "https://campus.example/auth/weika/login?return_to=%2F",
            "http://campus.example/a",
        ] {
            assert_eq!(check(page), None, "{page}");
        }
    }

    #[cfg(feature = "tracing")]
    #[test]
    fn dropped_target_leaves_an_event_without_its_query() {
        let captured = crate::trace::tests::Captured::new();
        for (target, reason) in [
            ("//evil.example/?token=secret", "in two ways"),
            ("evil", "neither a path"),
            ("/a\nb", "control character"),
            ("", "empty"),
            ("/auth/weika/logout#secret", "endpoint"),
            ("https://evil.example/a", "allowed origin"),
        ] {
            assert_eq!(rules().check(target.as_bytes()), None);
            let text = captured.text();
            let line = text.lines().last().unwrap();
            assert!(
                line.contains("DEBUG")
                    && line.contains("return target dropped")
                    && line.contains(reason),
                "{line}"
            );
        }
        assert!(!captured.text().contains("secret"));
        assert!(
            captured.text().contains("/a\\nb"),
            "outside text is escaped"
        );
    }

    #[test]
    fn t8_output_is_ascii_and_encoded_once() {
        assert_passes(
            "/课程/数学?名=值#节",
            "/%E8%AF%BE%E7%A8%8B/%E6%95%B0%E5%AD%A6?%E5%90%8D=%E5%80%BC#%E8%8A%82",
        );
        assert_passes("/%E8%AF%BE?a=%2520", "/%E8%AF%BE?a=%2520");
        assert_passes("/app#/route/1", "/app#/route/1");
    }

    #[test]
    fn debug_shows_no_query() {
        let target = rules().check(b"/a?token=secret#b").unwrap();
        assert_eq!(format!("{target:?}"), "ReturnTo(\"/a\")");
    }

    proptest! {
        #[test]
        fn t9_accepted_targets_stay_on_this_site_and_are_accepted_again(target in prop::collection::vec(any::<u8>(), 0..60)) {
            check_invariants(&target)?;
        }

        #[test]
        fn t9_tricky_targets_stay_on_this_site_too(
            target in prop::collection::vec(
                prop::sample::select(vec![
                    "/", "\\", ".", "%2e", "%2f", "%5c", "a", "@", ":", "?", "#", "https:", "//", "evil.example", "课", " ",
                    "%", "\t", "https://site.example",
                ]),
                1..10,
            )
        ) {
            check_invariants(target.concat().as_bytes())?;
        }
    }

    fn check_invariants(target: &[u8]) -> Result<(), TestCaseError> {
        let Some(passed) = ReturnRules::new("https://site.example", [], Vec::new()).check(target)
        else {
            return Ok(());
        };
        let output = passed.as_str();
        prop_assert!(output.is_ascii() && !output.bytes().any(|b| b <= b' ' || b == 0x7F));
        let base = url::Url::parse("https://campus.example/dir/page").unwrap();
        let resolved = base.join(output).unwrap();
        prop_assert_eq!(resolved.origin(), base.origin());
        // The browser does not rewrite the path: what was checked is what is asked for.
        let path = output.split(['?', '#']).next().unwrap();
        prop_assert!(resolved.path().len() >= path.len());
        prop_assert_eq!(
            ReturnRules::new("https://site.example", [], Vec::new()).check(output.as_bytes()),
            Some(passed)
        );
        Ok(())
    }
}
