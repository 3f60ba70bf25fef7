//! The attributes of our cookies.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;

use crate::error::{Error, ErrorKind};

/// The attributes that all cookies of one layer share: `__Host-` name, `Secure`, `HttpOnly`,
/// `SameSite=Lax`, `Path=/`, no `Domain` (RFC 6265bis §4.1.3).
///
/// `Lax`, because `Strict` does not come back on the cross-site return from the login page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CookiePolicy {
    /// For every site that is reached over https.
    Secure,
    /// For plain http on this machine only: no `Secure`, and so no `__Host-` prefix either.
    LoopbackDevelopment,
}

impl CookiePolicy {
    /// The full name of the cookie `name`.
    pub(crate) fn name(self, name: &str) -> String {
        match self {
            Self::Secure => format!("__Host-{name}"),
            Self::LoopbackDevelopment => format!("dev-{name}"),
        }
    }

    /// `Set-Cookie` for a cookie that lives for `max_age`, or until the browser closes.
    ///
    /// # Errors
    /// If `value` cannot be in a header; the values of this crate always can.
    pub(super) fn set(
        self,
        full_name: &str,
        value: &str,
        max_age: Option<Duration>,
    ) -> Result<HeaderValue, Error> {
        let attributes = self.attributes();
        match max_age.map(|age| age.as_secs().to_string()) {
            Some(age) => header(&[full_name, "=", value, attributes, "; Max-Age=", &age]),
            None => header(&[full_name, "=", value, attributes]),
        }
    }

    /// `Set-Cookie` that deletes the cookie. It repeats every attribute; browsers ignore it otherwise.
    pub(super) fn delete(self, full_name: &str) -> Result<HeaderValue, Error> {
        let expired = "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
        header(&[full_name, "=", self.attributes(), expired])
    }

    fn attributes(self) -> &'static str {
        match self {
            Self::Secure => "; Path=/; HttpOnly; SameSite=Lax; Secure",
            Self::LoopbackDevelopment => "; Path=/; HttpOnly; SameSite=Lax",
        }
    }
}

/// One allocation: the parts are joined in a buffer of their length, which the header takes over.
fn header(parts: &[&str]) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_maybe_shared(Bytes::from(parts.concat())).map_err(|_| {
        Error::new(
            ErrorKind::Internal,
            "a cookie cannot be written as a header",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attribute_is_there() {
        let policy = CookiePolicy::Secure;
        let set = policy
            .set(&policy.name("weika"), "v", Some(Duration::from_secs(600)))
            .unwrap();
        assert_eq!(
            set,
            "__Host-weika=v; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=600"
        );
        let set = policy.set(&policy.name("weika"), "v", None).unwrap();
        assert_eq!(
            set,
            "__Host-weika=v; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
    }

    #[test]
    fn deleting_repeats_every_attribute() {
        let deleted = CookiePolicy::Secure.delete("__Host-weika").unwrap();
        assert_eq!(
            deleted,
            "__Host-weika=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
        );
    }

    #[test]
    fn development_cookies_have_no_secure_and_no_host_prefix() {
        let policy = CookiePolicy::LoopbackDevelopment;
        let set = policy.set(&policy.name("weika"), "v", None).unwrap();
        assert_eq!(set, "dev-weika=v; Path=/; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn written_cookies_are_marked_sensitive() {
        assert!(
            CookiePolicy::Secure
                .set("n", "v", None)
                .unwrap()
                .is_sensitive()
        );
    }
}
