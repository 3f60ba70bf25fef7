use url::{Host, Url};

use super::BaseUrl;
use super::http_url::{configured, http_url, origin};
use crate::error::{ConfigErrorKind, Error, ErrorKind, shown_url};

/// The addresses that may be called if a response names them (rule E8).
#[derive(Clone, Default, Debug)]
pub(in crate::client) struct HostAllowList(Vec<Entry>);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Entry {
    /// Exactly this scheme, host and port.
    Origin(url::Origin),
    /// Any host below this domain, https, port 443.
    Below(String),
}

impl HostAllowList {
    /// Returns the list with the origin of `base` and nothing else.
    pub(in crate::client) fn of(base: &BaseUrl) -> Self {
        Self(
            Url::parse(&base.0)
                .map(|url| Entry::Origin(url.origin()))
                .into_iter()
                .collect(),
        )
    }

    /// Returns the list with the origin of `base`, if that is valid, and the addresses of the patterns.
    pub(in crate::client) fn with<'p>(
        base: Option<&BaseUrl>,
        patterns: impl Iterator<Item = &'p str>,
        allow_http: bool,
        errors: &mut Vec<ConfigErrorKind>,
    ) -> Self {
        let mut list = base.map_or_else(Self::default, Self::of);
        for pattern in patterns {
            errors.extend(list.allow("allow_host", pattern, allow_http).err());
        }
        list
    }

    /// Adds `*.domain`, a host, `host:port`, or an origin with its scheme.
    pub(in crate::client) fn allow(
        &mut self,
        name: &'static str,
        pattern: &str,
        allow_http: bool,
    ) -> Result<(), ConfigErrorKind> {
        const EXPECTED: &str = "a host, an origin, or *. and a domain";
        let invalid = || ConfigErrorKind::InvalidUrl {
            name,
            value: shown_url(pattern),
            expected: EXPECTED,
        };
        let entry = if let Some(domain) = pattern.strip_prefix("*.") {
            let url = origin(&format!("https://{domain}")).ok_or_else(invalid)?;
            match url.host() {
                // `*.com` would allow any site.
                Some(Host::Domain(domain))
                    if domain.contains('.') && !domain.contains('*') && url.port().is_none() =>
                {
                    Entry::Below(format!(".{domain}"))
                }
                _ => return Err(invalid()),
            }
        } else {
            let text = if pattern.contains("://") {
                pattern.to_owned()
            } else {
                format!("https://{pattern}")
            };
            let url = configured(name, &text, allow_http, EXPECTED)?;
            if url.path() != "/" || url.host_str().is_some_and(|host| host.contains('*')) {
                return Err(invalid());
            }
            Entry::Origin(url.origin())
        };
        self.0.push(entry);
        Ok(())
    }

    /// Returns the base URL that `text` names if it may be called.
    pub(in crate::client) fn check(&self, text: &str) -> Result<BaseUrl, Error> {
        // The address is outside text: it stays out of the error.
        let rejected = || {
            Error::new(
                ErrorKind::ForbiddenHost,
                "the address is not on the list of those that may be called",
            )
        };
        let url = origin(text).ok_or_else(rejected)?;
        let allowed = self.0.iter().any(|entry| entry.matches(&url));
        if allowed {
            Ok(BaseUrl(url.origin().ascii_serialization()))
        } else {
            Err(rejected())
        }
    }

    /// Returns the link for a browser that `text` is if it leads to an allowed address: with any path, query and
    /// fragment, but without a user. The result is in the parser's own spelling, so that another parser reads the same.
    pub(in crate::client) fn check_link(&self, text: &str) -> Option<String> {
        // The part before an `@` is a user, even if it is empty, which the parser would drop.
        let (_, rest) = text.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let url = http_url(text).filter(|_| !authority.is_empty() && !authority.contains('@'))?;
        let allowed =
            text.len() <= MAX_LINK_LENGTH && self.0.iter().any(|entry| entry.matches(&url));
        allowed.then(|| url.into())
    }
}

/// The longest link that is followed, in bytes; that of a return target.
const MAX_LINK_LENGTH: usize = 2048;

impl Entry {
    fn matches(&self, url: &Url) -> bool {
        match self {
            Self::Origin(origin) => *origin == url.origin(),
            Self::Below(domain) => {
                url.scheme() == "https"
                    && url.port().is_none()
                    && matches!(url.host(), Some(Host::Domain(host))
                        if host.strip_suffix(domain.as_str()).is_some_and(|label| !label.is_empty()))
            }
        }
    }
}
