//! Attributes of the cookies.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;

use crate::error::{Error, ErrorKind};

/// The attributes that all cookies of one layer share: `__Host-` name, `Secure`, `HttpOnly`,
/// `SameSite=Lax`, `Path=/`, no `Domain` (RFC 6265bis §4.1.3).
///
/// `Lax`, because browsers do not send `Strict` cookies when the login page redirects back across sites.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CookiePolicy {
    /// For https.
    Secure,
    /// For plain http on this machine only: without `Secure`, and therefore without the `__Host-` prefix.
    LoopbackDevelopment,
}

impl CookiePolicy {
    /// Returns the full name of the cookie `name`.
    pub(crate) fn name(self, name: &str) -> String {
        match self {
            Self::Secure => format!("__Host-{name}"),
            Self::LoopbackDevelopment => format!("dev-{name}"),
        }
    }

    /// Returns the `Set-Cookie` header of a cookie that expires after `max_age`, or when the browser closes.
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

    /// Returns the `Set-Cookie` header that deletes a cookie. Browsers ignore it unless it repeats every attribute.
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

/// Joins the parts in one allocation, which becomes that of the header.
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
    fn cookie_has_every_attribute() {
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
    fn deletion_repeats_every_attribute() {
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
