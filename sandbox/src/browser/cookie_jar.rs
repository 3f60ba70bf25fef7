//! Cookie jar of a browser.

use std::time::SystemTime;

use url::Url;

use super::cookie::{Cookie, SameSite};

/// Cookies in the order in which they were first set.
#[derive(Default, Debug)]
pub(crate) struct Jar {
    cookies: Vec<Cookie>,
    /// Whether cookies are neither stored nor sent.
    pub(crate) refuses: bool,
}

/// Relation of a request to the site of its target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Context {
    SameSite,
    /// From another site, to a page, with a safe method: `Lax` cookies are sent.
    CrossSiteVisit,
    CrossSite,
}

impl Jar {
    /// Stores the cookie of a `Set-Cookie` header from `url`.
    pub(crate) fn set(&mut self, header: &str, url: &Url, secure: bool, now: SystemTime) {
        if self.refuses {
            return;
        }
        let Some(cookie) = Cookie::parse(header, url, secure, now) else {
            return;
        };
        self.drop_expired(now);
        let protected = self
            .cookies
            .iter()
            .any(|it| it.secure && it.shadows(&cookie));
        if !secure && protected {
            return;
        }
        let expired = cookie.expires.is_some_and(|end| end <= now);
        match self.cookies.iter().position(|it| it.same_place(&cookie)) {
            Some(at) if expired => drop(self.cookies.remove(at)),
            Some(at) => self.cookies[at] = cookie,
            None if expired => {}
            None => self.cookies.push(cookie),
        }
    }

    /// Returns the `Cookie` header for `url`: longer paths first, then older cookies first.
    pub(crate) fn header(
        &mut self,
        url: &Url,
        secure: bool,
        context: Context,
        now: SystemTime,
    ) -> Option<String> {
        if self.refuses {
            return None;
        }
        self.drop_expired(now);
        let fits = |it: &&Cookie| match context {
            Context::SameSite => true,
            Context::CrossSiteVisit => it.same_site != SameSite::Strict,
            Context::CrossSite => it.same_site == SameSite::None,
        };
        let mut cookies: Vec<_> = self
            .cookies
            .iter()
            .filter(|it| it.goes_to(url, secure))
            .filter(fits)
            .collect();
        cookies.sort_by_key(|it| std::cmp::Reverse(it.path.len()));
        let pairs: Vec<_> = cookies.iter().map(|it| it.pair()).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Returns the cookies that have not expired.
    pub(crate) fn cookies(&mut self, now: SystemTime) -> Vec<Cookie> {
        self.drop_expired(now);
        self.cookies.clone()
    }

    pub(crate) fn clear(&mut self) {
        self.cookies.clear();
    }

    fn drop_expired(&mut self, now: SystemTime) {
        self.cookies
            .retain(|it| it.expires.is_none_or(|end| end > now));
    }
}

impl Cookie {
    fn same_place(&self, other: &Self) -> bool {
        self.name == other.name
            && self.domain == other.domain
            && self.host_only == other.host_only
            && self.path == other.path
    }

    /// Returns whether `other`, set without a secure connection, would shadow this one ("leave
    /// secure cookies alone").
    fn shadows(&self, other: &Self) -> bool {
        let nested = |one: &str, two: &str| one == two || one.ends_with(&format!(".{two}"));
        self.name == other.name
            && (nested(&self.domain, &other.domain) || nested(&other.domain, &self.domain))
            && (other.path == self.path
                || other
                    .path
                    .starts_with(&format!("{}/", self.path.trim_end_matches('/'))))
    }

    fn pair(&self) -> String {
        format!("{}={}", self.name, self.value)
    }
}
