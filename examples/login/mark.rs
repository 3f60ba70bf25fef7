//! Cookies of the site's own, which say yes and nothing else.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;

/// One of them.
pub(crate) struct Mark {
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
}

impl Mark {
    pub(crate) fn is_in(&self, headers: &HeaderMap) -> bool {
        let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(';')).any(|pair| pair.trim().split_once('=') == Some((self.name, "1")))
    }

    /// The `Set-Cookie` for it: until the browser closes, or for so many seconds. 0 removes it.
    pub(crate) fn set(&self, seconds: Option<u32>) -> String {
        let Self { name, path } = self;
        let lifetime = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        format!("{name}=1; Path={path}; HttpOnly; SameSite=Lax{lifetime}")
    }
}
