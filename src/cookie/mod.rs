//! Cookies: found as bytes without an allocation, written with every attribute, collected for one response.

mod policy;
mod read;
mod set_cookies;

pub(crate) use self::policy::CookiePolicy;
pub(crate) use self::read::{CookieName, Found, pairs};
pub(crate) use self::set_cookies::SetCookies;
