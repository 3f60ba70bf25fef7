//! Cookies of this crate: reading the `Cookie` header without an allocation, and writing
//! `Set-Cookie` headers.

mod policy;
mod read;
mod set_cookies;

pub(crate) use self::policy::CookiePolicy;
pub(crate) use self::read::{CookieName, Found, pairs};
pub use self::set_cookies::SetCookies;
