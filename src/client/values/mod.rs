//! Readers of the members of a response, tolerant of the ways in which the upstream systems write values.
//!
//! The documents and the responses disagree on types (`"6001"` for `6001`, `7200.0` for `7200`, `[]` for an absent
//! object), and Weika's back ends are PHP. The readers tolerate only the differences that are named here.
//!
//! 1. A whole number is a JSON integer, a float without a fraction (`7200.0`, `7.2e3`), or a string that holds either.
//!    A JSON float is read up to 15 digits; beyond, the parser may have rounded it, and it only counts as very large.
//!    The error number of a response is not read here: it is exact.
//! 2. An identifier is a string of 1 to 512 bytes without control characters and without U+FFFD, which stands for
//!    damaged text: two damaged identifiers could look the same. Some identifiers may also be whole numbers from 1 to
//!    `u64::MAX`.
//! 3. Display text is cut at 512 characters. It may contain U+FFFD.
//! 4. `null`, `{}` and `[]` are absent. Every other value that cannot be read is ignored, and an event at debug level
//!    names the member; it is a warning if the login depends on the value. No event holds a value.

mod decimal;
mod identifier;
mod members;
mod number;
#[cfg(test)]
mod tests;
mod text;

pub(super) use members::Members;
pub(super) use text::DAMAGE;
