//! Marker cookies: the results of a browser's recent logins.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use http::HeaderMap;

use super::flow_cookies::pair_size;
use crate::cookie::{CookieName, CookiePolicy, Found, SetCookies};
use crate::error::Error;
use crate::random;

/// The result of the last login of a browser.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::login) enum LastResult {
    /// A login that is required within 10 s of a successful one means that the browser rejects the
    /// session cookie.
    LoggedIn,
    /// A silent login failed.
    FailedSilently,
}

impl LastResult {
    const fn as_str(self) -> &'static str {
        match self {
            Self::LoggedIn => "1",
            Self::FailedSilently => "0",
        }
    }
}

const LAST_RESULT: &str = "result";
const LAST_RESULT_LIFETIME: Duration = Duration::from_secs(10);

const SILENT_ATTEMPTED: &str = "silent";
/// The value of a marker without a meaning; those of [`LastResult`] are as long.
const PRESENT: &str = "1";

const LOGOUT: &str = "logout";
/// Random bytes in the logout marker, and characters of its value.
const LOGOUT_BYTES: usize = 6;
const LOGOUT_LENGTH: usize = LOGOUT_BYTES / 3 * 4;
/// Short-lived, because only the change of the cookie matters, and the browser detects it at once.
const LOGOUT_LIFETIME: Duration = Duration::from_secs(10);

/// The marker cookies of one login layer.
pub(in crate::login) struct Markers {
    last_result: CookieName,
    silent_attempted: CookieName,
    logout: String,
}

impl Markers {
    pub(super) fn new(policy: CookiePolicy, cookie_base: &str) -> Self {
        let name = |marker| policy.name(&format!("{cookie_base}-{marker}"));
        Self {
            last_result: CookieName::new(name(LAST_RESULT)),
            silent_attempted: CookieName::new(name(SILENT_ATTEMPTED)),
            logout: name(LOGOUT),
        }
    }

    /// Remembers the result of a login for 10 s.
    pub(in crate::login) fn set_last_result(
        &self,
        result: LastResult,
        cookies: &mut SetCookies,
    ) -> Result<(), Error> {
        let (name, value) = (self.last_result.as_str(), result.as_str());
        cookies.set(name, value, Some(LAST_RESULT_LIFETIME))
    }

    pub(in crate::login) fn last_result(&self, headers: &HeaderMap) -> Option<LastResult> {
        let Found::Value(value) = self.last_result.find(headers) else {
            return None;
        };
        [LastResult::LoggedIn, LastResult::FailedSilently]
            .into_iter()
            .find(|result| result.as_str().as_bytes() == value)
    }

    pub(super) fn delete_last_result(
        &self,
        headers: &HeaderMap,
        cookies: &mut SetCookies,
    ) -> Result<(), Error> {
        match self.last_result(headers) {
            Some(_) => cookies.delete(self.last_result.as_str()),
            None => Ok(()),
        }
    }

    /// Prevents further silent logins until the browser closes.
    pub(in crate::login) fn set_silent_attempted(
        &self,
        cookies: &mut SetCookies,
    ) -> Result<(), Error> {
        cookies.set(self.silent_attempted.as_str(), PRESENT, None)
    }

    pub(in crate::login) fn silent_attempted(&self, headers: &HeaderMap) -> bool {
        self.silent_attempted.find(headers) != Found::Absent
    }

    /// Sets the logout marker: an `HttpOnly` cookie with a new value after each logout, which no
    /// code reads (rule S5).
    ///
    /// Chromium keeps pages with `no-store` in its back/forward cache until an `HttpOnly` cookie of
    /// the site changes. The deletion of the session cookie does not count for the page that the
    /// login itself led to (measured).
    pub(in crate::login) fn set_logout(&self, cookies: &mut SetCookies) -> Result<(), Error> {
        let value = BASE64.encode(random::bytes::<LOGOUT_BYTES>()?);
        cookies.set(&self.logout, &value, Some(LOGOUT_LIFETIME))
    }

    /// The bytes that all markers take of the `Cookie` header.
    pub(super) fn size(&self) -> usize {
        let lengths = [PRESENT.len(), PRESENT.len(), LOGOUT_LENGTH];
        let sizes = self.names().into_iter().zip(lengths);
        sizes
            .map(|(name, length)| pair_size(name.len(), length))
            .sum()
    }

    pub(super) fn names(&self) -> [&str; 3] {
        let [last_result, silent] = [&self.last_result, &self.silent_attempted];
        [last_result.as_str(), silent.as_str(), &self.logout]
    }

    /// Whether a cookie has the form of a marker of any login layer.
    pub(super) fn is_marker(name: &[u8], value: &[u8]) -> bool {
        let is_named = |marker: &str| {
            let rest = name.strip_suffix(marker.as_bytes());
            rest.is_some_and(|rest| rest.ends_with(b"-"))
        };
        match value.len() {
            LOGOUT_LENGTH => is_named(LOGOUT),
            length => {
                length == PRESENT.len() && (is_named(LAST_RESULT) || is_named(SILENT_ATTEMPTED))
            }
        }
    }
}
