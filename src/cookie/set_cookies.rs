//! The `Set-Cookie` headers of one response (rule A4).

use std::fmt;
use std::time::Duration;

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};

use super::policy::CookiePolicy;
use crate::error::Error;

/// The maximum number of `Set-Cookie` headers in one response.
const MAX_SET_COOKIES: usize = 32;

/// The cookies that a response sets and deletes, from
/// [`LoginLayer::start_session`](crate::login::LoginLayer::start_session). With the feature `axum`
/// it is a part of a response: `(cookies, Redirect::to("/"))`.
///
/// Its `Debug` shows no value.
// Each name once, at most `MAX_SET_COOKIES` in all:
// 1. A later call for a name replaces the earlier one.
// 2. Cookies that are set precede deletions.
// 3. Deletions keep the order of the calls. Those beyond the limit are dropped, so the most
//    important one is added first.
#[must_use]
pub struct SetCookies {
    policy: CookiePolicy,
    /// The headers, in the order in which they are sent: those of cookies that are set come first.
    headers: Vec<HeaderValue>,
    /// How many of them set a cookie.
    set: usize,
}

impl SetCookies {
    pub(crate) fn new(policy: CookiePolicy) -> Self {
        Self {
            policy,
            headers: Vec::new(),
            set: 0,
        }
    }

    /// Sets a cookie that expires after `max_age`, or when the browser closes.
    ///
    /// # Errors
    /// If `value` cannot be in a header; the values of this crate always can.
    pub(crate) fn set(
        &mut self,
        full_name: &str,
        value: &str,
        max_age: Option<Duration>,
    ) -> Result<(), Error> {
        let header = self.policy.set(full_name, value, max_age)?;
        self.remove(full_name);
        self.headers.insert(self.set, header);
        self.set += 1;
        Ok(())
    }

    /// Deletes a cookie.
    ///
    /// # Errors
    /// If the name cannot be in a header; the names of this crate always can.
    pub(crate) fn delete(&mut self, full_name: &str) -> Result<(), Error> {
        // Checked before anything else, because a request may name thousands of cookies.
        let is_full = self.headers.len() - self.set == MAX_SET_COOKIES;
        if self.deletes(full_name) {
            return Ok(());
        }
        self.remove(full_name);
        if !is_full {
            self.headers.push(self.policy.delete(full_name)?);
        }
        Ok(())
    }

    /// Whether the response deletes this cookie.
    pub(crate) fn deletes(&self, full_name: &str) -> bool {
        self.headers[self.set..]
            .iter()
            .any(|header| is_of(header, full_name))
    }

    /// Adds the `Set-Cookie` headers to those of a response.
    pub fn append_to(self, headers: &mut HeaderMap) {
        for header in self.headers.into_iter().take(MAX_SET_COOKIES) {
            headers.append(SET_COOKIE, header);
        }
    }

    fn remove(&mut self, full_name: &str) {
        if let Some(index) = self
            .headers
            .iter()
            .position(|header| is_of(header, full_name))
        {
            self.headers.remove(index);
            self.set -= usize::from(index < self.set);
        }
    }
}

impl fmt::Debug for SetCookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetCookies")
            .field("set", &self.set)
            .field("deleted", &(self.headers.len() - self.set))
            .finish()
    }
}

/// Whether a header sets or deletes the cookie with this name.
fn is_of(header: &HeaderValue, full_name: &str) -> bool {
    header
        .as_bytes()
        .strip_prefix(full_name.as_bytes())
        .is_some_and(|rest| rest.starts_with(b"="))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookies: SetCookies) -> Vec<String> {
        let mut headers = HeaderMap::new();
        cookies.append_to(&mut headers);
        headers
            .get_all(SET_COOKIE)
            .iter()
            .map(|header| header.to_str().unwrap().to_owned())
            .collect()
    }

    /// `name=value` of the cookies that are set, `-name` of the deletions.
    fn brief(cookies: SetCookies) -> Vec<String> {
        let brief = |header: String| {
            let (pair, attributes) = header.split_once(';').unwrap();
            let is_deletion = attributes.contains("Max-Age=0;");
            if is_deletion {
                format!("-{}", pair.trim_end_matches('='))
            } else {
                pair.to_owned()
            }
        };
        headers(cookies).into_iter().map(brief).collect()
    }

    fn secure() -> SetCookies {
        SetCookies::new(CookiePolicy::Secure)
    }

    #[test]
    fn headers_are_those_of_the_policy() {
        let policy = CookiePolicy::Secure;
        let age = Some(Duration::from_secs(5));
        let mut cookies = secure();
        cookies.set("__Host-a", "1", age).unwrap();
        cookies.delete("__Host-b").unwrap();
        let expected = [
            policy.set("__Host-a", "1", age).unwrap(),
            policy.delete("__Host-b").unwrap(),
        ];
        assert_eq!(
            headers(cookies),
            expected.map(|header| header.to_str().unwrap().to_owned())
        );
    }

    #[test]
    fn a4_last_call_for_a_name_wins() {
        let mut cookies = secure();
        cookies.set("a", "1", None).unwrap();
        cookies.set("a", "2", None).unwrap();
        cookies.delete("d").unwrap();
        cookies.delete("b").unwrap();
        cookies.delete("b").unwrap();
        cookies.set("c", "1", None).unwrap();
        cookies.delete("c").unwrap();
        assert!(cookies.deletes("d") && !cookies.deletes("a"));
        cookies.set("d", "1", None).unwrap();
        assert!(!cookies.deletes("d"));
        assert_eq!(brief(cookies), ["a=2", "d=1", "-b", "-c"]);
    }

    #[test]
    fn debug_shows_counts_and_no_value() {
        let mut cookies = secure();
        cookies.set("session", "secret", None).unwrap();
        cookies.delete("flow").unwrap();
        assert_eq!(format!("{cookies:?}"), "SetCookies { set: 1, deleted: 1 }");
    }

    #[test]
    fn a4_response_has_at_most_32_cookies_and_the_first_deletions_stay() {
        let expected: Vec<_> = ["session=1".to_owned(), "flow=1".to_owned()]
            .into_iter()
            .chain((0..30).map(|number| format!("-old{number}")))
            .collect();
        let set = |cookies: &mut SetCookies| {
            cookies.set("session", "1", None).unwrap();
            cookies.set("flow", "1", None).unwrap();
        };
        for sets_first in [true, false] {
            let mut cookies = secure();
            if sets_first {
                set(&mut cookies);
            }
            for number in 0..15_000 {
                cookies.delete(&format!("old{number}")).unwrap();
            }
            if !sets_first {
                set(&mut cookies);
            }
            assert_eq!(brief(cookies), expected);
        }
    }

    #[test]
    fn deletion_beyond_the_limit_still_cancels_the_cookie() {
        let mut cookies = secure();
        cookies.set("a", "1", None).unwrap();
        for number in 0..MAX_SET_COOKIES {
            cookies.delete(&format!("old{number}")).unwrap();
        }
        cookies.delete("a").unwrap();
        assert!(
            brief(cookies)
                .iter()
                .all(|cookie| cookie.starts_with("-old"))
        );
    }
}
