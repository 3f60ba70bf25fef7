//! Entry points of the fuzz targets in `fuzz`: private parsers, with public types only.
//!
//! Built with `--cfg fuzzing` only. No program may depend on it.

use http::HeaderMap;

pub use crate::client::fuzzing::{Values, errcode, response_object};
use crate::cookie::{CookieName, Found, pairs};
use crate::guard::{LoggedIn, PrefixGuards};
pub use crate::login::fuzzing::{FlowState, Flows, rewritten_outcome};

/// Returns the value of a cookie, or an error if it has several.
#[allow(clippy::result_unit_err)]
pub fn cookie<'h>(name: &str, headers: &'h HeaderMap) -> Result<Option<&'h [u8]>, ()> {
    match CookieName::new(name.to_owned()).find(headers) {
        Found::Absent => Ok(None),
        Found::Value(value) => Ok(Some(value)),
        Found::Conflict => Err(()),
    }
}

/// Returns all cookies of a request.
pub fn cookie_pairs(headers: &HeaderMap) -> Vec<(&[u8], &[u8])> {
    pairs(headers).collect()
}

/// Returns whether the guard of `prefix` applies to a raw path.
pub fn guard_covers(prefix: &str, path: &str) -> bool {
    let mut guards = PrefixGuards::<()>::new();
    guards.add(prefix, std::sync::Arc::new(LoggedIn));
    guards.cover(path)
}
