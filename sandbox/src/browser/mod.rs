//! An honest browser: cookies, redirects and headers as the real ones have them, and no page rendering.
//!
//! 1. `Set-Cookie` and cookie dates are parsed as RFC 6265, sections 5.1.1 and 5.2, says; RFC 6265bis adds the name
//!    prefixes, `SameSite` (`Lax` if not given) and the limits. A cookie without a name is not taken. Cookies go by
//!    host and not by port.
//! 2. Redirects change method and body as in the Fetch standard, and each hop is recorded.
//! 3. Headers are those of Chromium, with `Sec-Fetch-*` only to trustworthy origins.
//!
//! Where browsers differ it is the strict one: `Secure` cookies do not work over plain http, not even on
//! loopback, and one foreign hop makes the rest of a redirect chain cross-site. It has no list of public
//! suffixes, but knows two-part ones such as `edu.cn` by their form.

mod cookie;
mod date;
mod jar;
mod site;
mod tab;
mod trip;
mod visit;
mod wire;

pub use cookie::{Cookie, SameSite};
pub use tab::Browser;
pub use visit::{Hop, Visit};

#[cfg(test)]
mod tests;
