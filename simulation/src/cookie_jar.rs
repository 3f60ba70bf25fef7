//! Cookies of a browser for the one host of the site (RFC 6265 §5).

use std::collections::BTreeMap;

use tokio::time::{Duration, Instant};

#[derive(Default, Debug)]
pub(crate) struct CookieJar(BTreeMap<String, (String, Option<Instant>)>);

impl CookieJar {
    /// Applies a `Set-Cookie` header. The site's cookies are all `__Host-` cookies of `/`.
    pub(crate) fn set(&mut self, header: &str) {
        let mut parts = header.split("; ");
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            return;
        };
        let max_age = parts.find_map(|part| part.strip_prefix("Max-Age=")?.parse::<u64>().ok());
        match max_age {
            Some(0) => {
                self.0.remove(name);
            }
            max_age => {
                let expires = max_age.map(|age| Instant::now() + Duration::from_secs(age));
                self.0.insert(name.to_owned(), (value.to_owned(), expires));
            }
        }
    }

    /// Drops the cookies that expire with the browser.
    pub(crate) fn end_visit(&mut self) {
        self.0.retain(|_, (_, expires)| expires.is_some());
    }

    /// Returns the `Cookie` header.
    pub(crate) fn header(&mut self) -> String {
        let now = Instant::now();
        self.0
            .retain(|_, (_, expires)| expires.is_none_or(|expires| now < expires));
        let pairs: Vec<String> = self
            .0
            .iter()
            .map(|(name, (value, _))| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }
}
