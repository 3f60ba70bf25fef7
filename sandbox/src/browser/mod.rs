//! Browser for tests: cookies, redirects and headers as those of real browsers, without rendering.
//!
//! 1. `Set-Cookie` and cookie dates are parsed as RFC 6265, sections 5.1.1 and 5.2, says; RFC
//!    6265bis adds the name prefixes, `SameSite` (`Lax` if not given) and the limits. A cookie
//!    without a name is not stored. Cookies belong to a host, not to a port.
//! 2. Redirects change method and body as in the Fetch standard, and each hop is recorded.
//! 3. Headers are those of Chromium, with `Sec-Fetch-*` only to trustworthy origins.
//!
//! Where browsers differ, it follows the strictest one: `Secure` cookies do not work over plain
//! http, not even on loopback, and one hop of another site makes the rest of a redirect chain
//! cross-site. It has no list of public suffixes, but recognizes two-part ones such as `edu.cn` by
//! their form.

mod client;
mod connection;
mod cookie;
mod cookie_date;
mod cookie_jar;
mod headers;
mod navigation;
mod site;
mod visit;

pub use client::Browser;
pub use cookie::{Cookie, SameSite};
pub use visit::{Hop, Visit};
