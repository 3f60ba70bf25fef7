use http::HeaderMap;
use http::header::ACCEPT;

/// Whether `Accept` names this media type (RFC 9110 §12.5.1); a wildcard does not, and a weight of 0 refuses it.
pub(super) fn accepts(headers: &HeaderMap, media_type: &[u8]) -> bool {
    let mut ranges = headers
        .get_all(ACCEPT)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    ranges.any(|range| {
        let mut parts = range.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let is_named = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(media_type));
        is_named && !parts.any(is_weight_of_zero)
    })
}

fn is_weight_of_zero(parameter: &[u8]) -> bool {
    let weight = parameter
        .strip_prefix(b"q=")
        .or_else(|| parameter.strip_prefix(b"Q="));
    weight.is_some_and(|weight| {
        weight.starts_with(b"0") && weight.iter().all(|byte| matches!(byte, b'0' | b'.'))
    })
}
