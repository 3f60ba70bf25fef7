//! Parser of the envelope of every response: one JSON object with an error code in it.
//!
//! 1. The body is exactly one JSON value, an object; a byte order mark before it is skipped (RFC
//!    8259 §8.1). The parser is strict: syntax errors occur in the documents only. The one
//!    exception is damaged text: an unpaired surrogate escape (`\ud83d`) or a broken UTF-8 sequence
//!    in a string becomes U+FFFD, and a warning names the member. No identifier and no number may
//!    contain U+FFFD. A damaged member name makes the response malformed. A number beyond `f64`
//!    (`1e400`) is JSON, and is read as a very large one.
//! 2. A member that occurs twice makes the response malformed, at any depth: parsers disagree on
//!    which of the two counts, and one of them could be `0`.
//! 3. The error code must be present; the endpoints whose documents show a success without it are
//!    [WeChat's exchange of a code](super::wechat), and the token calls of
//!    [Weika's members](super::weika_member), for a member and for a school. It means success if it is the integer `0` or the string
//!    `"0"`, and nothing else: no `0.0`, no `"00"`, no `false`, no `null`. The same rule holds for
//!    other accepted error codes.
//! 4. Any other integer that fits `i64`, or a string of at most 19 decimal digits that does, is
//!    looked up in the [`ErrorCodes`](super::ErrorCodes) of the upstream system.
//!
//! No error quotes a response.

mod document;
mod envelope;
mod errcode;
mod identifiers;
mod parse_error;
mod range;
mod repair;
#[cfg(test)]
mod tests;
mod unrepeated;

pub(super) use document::object;
pub(super) use envelope::{Envelope, members};
pub(super) use errcode::errcode;
pub(super) use identifiers::check_identifiers;
pub(super) use parse_error::ParseError;
