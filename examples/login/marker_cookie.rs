//! Marker cookies of the site: their only information is that they are present. All cookies that
//! the site itself sets are created here.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;

use crate::site::Site;

/// A marker cookie.
pub(crate) struct MarkerCookie {
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
}

impl MarkerCookie {
    pub(crate) fn is_in(&self, headers: &HeaderMap) -> bool {
        let lines = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok());
        lines
            .flat_map(|line| line.split(';'))
            .any(|pair| pair.trim().split_once('=') == Some((self.name, "1")))
    }

    /// The `Set-Cookie` value that sets it until the browser closes.
    pub(crate) fn set(&self, site: &Site) -> String {
        self.cookie(site, "")
    }

    /// The `Set-Cookie` value that sets it for this number of seconds.
    pub(crate) fn set_for(&self, site: &Site, seconds: u32) -> String {
        self.cookie(site, &format!("; Max-Age={seconds}"))
    }

    /// The `Set-Cookie` value that removes it. Browsers let only a `Secure` cookie replace a
    /// `Secure` one.
    pub(crate) fn remove(&self, site: &Site) -> String {
        self.cookie(site, "; Max-Age=0")
    }

    fn cookie(&self, site: &Site, lifetime: &str) -> String {
        let Self { name, path } = self;
        let secure = if site.is_https() { "; Secure" } else { "" };
        format!("{name}=1; Path={path}; HttpOnly; SameSite=Lax{secure}{lifetime}")
    }
}
