//! `Accept-Language`. Oracle: a naive reader of headers that conform to RFC 9110, section 12.5.4.

#![no_main]

use http::header::ACCEPT_LANGUAGE;
use libfuzzer_sys::fuzz_target;
use tower_weika::request::Language;
use tower_weika_fuzz::header_lines;

fuzz_target!(|data: &[u8]| {
    let headers = header_lines(&ACCEPT_LANGUAGE, data);
    let language = Language::of(&headers);
    let lines: Option<Vec<_>> = headers.values().map(|line| line.to_str().ok()).collect();
    let Some(lines) = lines.map(|lines| lines.join(",")) else {
        return;
    };
    let Some(ranges) = ranges(&lines) else {
        return;
    };
    // The first of the greatest weight.
    let mut best: Option<(Language, u16)> = None;
    for (tag, weight) in &ranges {
        let primary = tag
            .split('-')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let language = match &*primary {
            "zh" => Language::Chinese,
            "en" => Language::English,
            _ => continue,
        };
        if *weight > best.map_or(0, |(_, weight)| weight) {
            best = Some((language, *weight));
        }
    }
    let names_others = ranges.iter().any(|(tag, _)| {
        let primary = tag
            .split('-')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        !["zh", "en", "*"].contains(&&*primary)
    });
    let expected = match best {
        Some((language, _)) => language,
        None if names_others => Language::English,
        None => Language::Chinese,
    };
    assert_eq!(language, expected, "{ranges:?}");
});

/// Returns the ranges with their weights in thousandths, if the header conforms.
fn ranges(header: &str) -> Option<Vec<(&str, u16)>> {
    let blank = [' ', '\t'];
    let ranges = header
        .split(',')
        .map(|range| range.trim_matches(blank))
        .filter(|range| !range.is_empty());
    ranges
        .map(|range| {
            let (tag, weight) = match range.split_once(';') {
                None => (range, 1000),
                Some((tag, weight)) => (
                    tag.trim_end_matches(blank),
                    self::weight(weight.trim_start_matches(blank))?,
                ),
            };
            let is_subtag = |it: &str| {
                (1..=8).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_alphanumeric())
            };
            let is_range = tag == "*" || tag.split('-').all(is_subtag);
            is_range.then_some((tag, weight))
        })
        .collect()
}

/// Reads `q=` and a `qvalue`; the name is of any case (RFC 5234, section 2.3).
fn weight(text: &str) -> Option<u16> {
    let value = text
        .strip_prefix("q=")
        .or_else(|| text.strip_prefix("Q="))?;
    let (integer, fraction) = value.split_once('.').unwrap_or((value, ""));
    let is_valid = fraction.len() <= 3 && fraction.bytes().all(|it| it.is_ascii_digit());
    let thousandths = format!("{fraction:0<3}")
        .parse::<u16>()
        .ok()
        .filter(|_| is_valid)?;
    match (integer, thousandths) {
        ("0", weight) => Some(weight),
        ("1", 0) => Some(1000),
        _ => None,
    }
}
