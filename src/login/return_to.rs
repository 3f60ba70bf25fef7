//! Return targets of logins and logouts (rule T).
//!
//! Parsing a [`ReturnTo`] is the defence against open redirects; nothing else may become the
//! `Location` after a login or a logout. Every target passes through it: that of the parameter, of
//! a guarded request and of the flow cookie.

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::path_prefix::PathPrefix;
use crate::trace::{debug, outside};

/// The longest target, in bytes (T1).
const MAX_BYTES: usize = 2048;

/// The characters that a header needs encoded, beside controls and non-ASCII (T3, T8). `%` is not
/// in it: an encoded target stays as it is.
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

/// The rules for targets of one login.
#[derive(Clone, Debug)]
pub(super) struct ReturnRules {
    /// The site's own origin.
    site: String,
    /// Targets on this origin are inside this prefix.
    prefix: PathPrefix,
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
            prefix: PathPrefix::default(),
            own_paths: own_paths.into_iter().map(canonical).collect(),
            origins,
            default_target: ReturnTo("/".into()),
        }
    }

    /// Restricts targets to an application under a prefix; its root is the default target. The
    /// paths that [`new`](Self::new) got are those that browsers see.
    pub(super) fn under(self, prefix: PathPrefix) -> Self {
        Self {
            default_target: ReturnTo(prefix.seen("/").into()),
            prefix,
            ..self
        }
    }

    /// Replaces the default target. Returns `None` if the new one is not valid.
    pub(super) fn with_default(self, target: &str) -> Option<Self> {
        let default_target = self.check_argument(target)?;
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

    /// Checks an argument of the API: a path of the application, or a target as browsers see it.
    pub(super) fn check_argument(&self, target: &str) -> Option<ReturnTo> {
        self.check(self.prefix.completed(target).as_bytes())
    }

    /// Checks the target of a request as it has arrived.
    pub(super) fn check_requested(&self, target: &str) -> Option<ReturnTo> {
        self.check(self.prefix.restored(target).as_bytes())
    }

    /// Checks a target as browsers see it (T9: the one function that does). The input is what remains after one
    /// form-decode. A target that is dropped leaves a debug event.
    pub(super) fn check(&self, target: &[u8]) -> Option<ReturnTo> {
        let checked = self.parse(target);
        checked
            .inspect_err(|reason| report_dropped(target, reason))
            .ok()
    }

    /// Checks the absolute URL of a page, as `Referer` and `HX-Current-URL` have it. A page of
    /// another origin is no target, which is ordinary and not logged.
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
        let is_of_this_site = local.len() == rooted.len();
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
        if is_of_this_site && !self.prefix.contains(path) {
            return Err("it is outside of the prefix in `public_url`");
        }
        if self.is_own(path) {
            return Err("it is an endpoint of a login or a closed path");
        }
        Ok(ReturnTo(
            utf8_percent_encode(&rooted, ENCODE).to_string().into(),
        ))
    }

    /// The target without a configured origin in front (T6). Only the exact spelling counts, so
    /// that no two parsers can disagree about where the origin ends.
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

/// Whether an origin ends before this text. `location.origin` has no path, `location.href` always
/// has one.
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

/// The path with unreserved characters decoded (RFC 3986 §6.2.2.2) and without one trailing slash
/// (T5).
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
mod tests;
