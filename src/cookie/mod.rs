//! Cookies: found as bytes without an allocation, written with every attribute.

mod policy;
mod read;

pub(crate) use self::policy::CookiePolicy;
pub(crate) use self::read::{CookieName, Found, pairs};
