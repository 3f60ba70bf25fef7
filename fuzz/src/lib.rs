//! Helpers of the fuzz targets: inputs that are read in parts, and an upstream system that responds with any bytes.

pub mod json;
pub mod upstream;

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

/// Returns the first byte and the rest; 0 of an empty input.
pub fn split_byte(data: &[u8]) -> (u8, &[u8]) {
    data.split_first()
        .map_or((0, data), |(first, rest)| (*first, rest))
}

/// Returns the first bytes and the rest; missing bytes are 0.
pub fn split_array<const N: usize>(data: &[u8]) -> ([u8; N], &[u8]) {
    let (first, rest) = data.split_at(N.min(data.len()));
    let mut array = [0; N];
    array[..first.len()].copy_from_slice(first);
    (array, rest)
}

/// Returns one header for each line that can be the value of a header.
pub fn header_lines(name: &HeaderName, lines: &[u8]) -> HeaderMap {
    let values = lines
        .split(|byte| *byte == b'\n')
        .map(HeaderValue::from_bytes);
    values
        .filter_map(Result::ok)
        .map(|value| (name.clone(), value))
        .collect()
}

/// Removes spaces and tabs at both ends.
pub fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}
