//! Where a login leads back to, by rule T.
//!
//! Parsing a [`ReturnTo`] is the defence against open redirects; nothing else may become the `Location` after
//! a login or a logout. It stands between the parameter, the target of a guarded request, the flow cookie and
//! the redirect.

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// The longest target, in bytes (T1).
const MAX_BYTES: usize = 2048;

/// What a header needs encoded beside controls and what is not ASCII (T3, T8). `%` is not in it: what is
/// encoded stays as it is.
const ENCODE: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>');

/// A target that may be redirected to: ASCII, percent-encoded, on this site or on an origin that is
/// configured.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ReturnTo(Box<str>);

impl ReturnTo {
    /// `/`
    pub(super) fn root() -> Self {
        Self("/".into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Debug output shows the path only: a query may carry anything.
impl fmt::Debug for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.0.split(['?', '#']).next().unwrap_or_default();
        f.debug_tuple("ReturnTo").field(&path).finish()
    }
}

/// What may be returned to.
#[derive(Clone, Debug)]
pub(crate) struct ReturnRules {
    /// Our own endpoints (T5).
    own_paths: Vec<String>,
    /// Exact origins, `https://host[:port]` (T6).
    origins: Vec<String>,
}

impl ReturnRules {
    pub(crate) fn new(own_paths: Vec<String>, origins: Vec<String>) -> Self {
        let own_paths = own_paths.iter().map(|path| canonical(path)).collect();
        Self { own_paths, origins }
    }

    /// Checks a target (T9: the one function that does). The input is what remains after one form-decode.
    pub(crate) fn check(&self, target: &[u8]) -> Option<ReturnTo> {
        let text = std::str::from_utf8(target)
            .ok()
            .filter(|text| (1..=MAX_BYTES).contains(&text.len()))?;
        let local = self.without_origin(text);
        let is_plain = |byte: u8| byte >= 0x20 && byte != 0x7F && byte != b'\\';
        let path = local.split(['?', '#']).next().unwrap_or_default();
        let allowed = local.bytes().all(is_plain) && is_safe_path(path) && !self.is_own(path);
        allowed.then(|| ReturnTo(utf8_percent_encode(text, ENCODE).to_string().into()))
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
