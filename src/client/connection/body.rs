use std::fmt;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::error::{Error, ErrorKind};

/// The media type of a JSON body.
pub(in crate::client) const JSON: &str = "application/json";

/// Returns the JSON body of a call.
pub(in crate::client) fn json(
    body: &impl Serialize,
    context: &'static str,
) -> Result<Bytes, Error> {
    // The serializer's message may quote the value.
    serde_json::to_vec(body).map(Bytes::from).map_err(|_| {
        Error::new(ErrorKind::Internal, context).with_source("the body cannot be written as JSON")
    })
}

/// Returns text for the query of a URL: all but the unreserved characters of RFC 3986 §2.3 are encoded.
pub(crate) fn encoded(text: &str) -> impl fmt::Display {
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');

    utf8_percent_encode(text, ENCODED)
}
