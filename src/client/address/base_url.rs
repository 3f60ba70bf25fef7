use std::fmt;

use super::http_url::configured;
use crate::error::{ConfigErrorKind, Error, ErrorKind};

/// The base URL of an upstream system, without a slash at its end.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl(pub(super) String);

impl BaseUrl {
    /// Checks a configured base URL. A path before the endpoints is fine. Plain http is accepted for this
    /// machine, and for others only with `allow_http`.
    pub(crate) fn parse(
        name: &'static str,
        text: &str,
        allow_http: bool,
    ) -> Result<Self, ConfigErrorKind> {
        let url = configured(
            name,
            text,
            allow_http,
            "an http(s) URL without user, query and fragment",
        )?;
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// Returns the URL of an endpoint; `path` begins with a slash.
    pub(crate) fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Returns the URL of an endpoint for a path from outside this crate, which must be absolute and without query.
    pub(in crate::client) fn join_checked(&self, path: &str) -> Result<String, Error> {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'\\');
        if path.starts_with('/') && path.bytes().all(is_plain) {
            Ok(self.join(path))
        } else {
            Err(Error::new(
                ErrorKind::ForbiddenHost,
                "the path of a call must be absolute, without query",
            ))
        }
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
