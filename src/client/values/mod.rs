//! Parsers of the values in a response, tolerant of the known variations of the upstream systems.
//!
//! The documents and the responses disagree on types (`"6001"` for `6001`, `7200.0` for `7200`,
//! `[]` for an absent object), and Weika's back ends are PHP. The parsers tolerate only these
//! deviations from the documentation:
//!
//! 1. A whole number is a JSON integer, a float without a fraction (`7200.0`, `7.2e3`), or a string
//!    that contains either. A JSON float is read up to 15 digits; beyond, the parser may have
//!    rounded it, and it only counts as very large. The error code of a response is not parsed
//!    here: it is exact.
//! 2. An identifier is a string of 1 to 512 bytes without control characters and without U+FFFD,
//!    which stands for damaged text: two damaged identifiers could look the same. Some identifiers
//!    may also be whole numbers from 1 to `u64::MAX`.
//! 3. Display text is cut at 512 characters. It may contain U+FFFD. That of a member also loses the
//!    blanks around it.
//! 4. `null`, `{}` and `[]` are absent. Every other value that cannot be parsed is ignored, and an
//!    event at debug level names the member; it is a warning if the login depends on the value. No
//!    event contains a value.

mod decimal;
mod identifier;
mod members;
mod number;
#[cfg(test)]
mod tests;
mod text;

pub(super) use members::Members;
pub(super) use text::DAMAGE;
