//! Addresses that may be called: the configured base URL, and the allowed ones among those that responses name.
//!
//! Weika spreads schools over several platforms and names the address in its responses (`host`). The application's
//! token is sent to that address, so an attacker who can choose it would obtain the token. Therefore it is used only if
//!
//! 1. it is an origin and nothing else: no user, no path but `/`, no query, no fragment;
//! 2. it is https on port 443 and its host is on the allow list, exactly or below a `*.` entry; or the operator has
//!    configured exactly this scheme, host and port.
//!
//! An IP address, a private name, another port or plain http is therefore rejected unless it was configured.
//!
//! Kesion names a link for a browser (`auth_url`). An attacker who can choose it would choose the page that an
//! administrator visits, so the second condition holds for it too; its path, query and fragment are free.

mod allow_list;
mod base_url;
mod http_url;
#[cfg(test)]
mod tests;

pub(super) use allow_list::HostAllowList;
pub(crate) use base_url::BaseUrl;
pub(super) use http_url::host_of;
pub(crate) use http_url::is_loopback;
