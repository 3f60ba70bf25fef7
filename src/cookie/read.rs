//! Parser of the `Cookie` header (rule K).
//!
//! 1. Bytes, not text; several header lines count as joined by `; `.
//! 2. Pairs end at `;` only; space and tab around a pair are trimmed; the name is everything before the
//!    first `=`, compared byte for byte.
//! 3. Nothing is decoded or unquoted: a parser that decodes names lets a sibling sub-domain plant
//!    `%5F%5FHost-…`.

use http::HeaderMap;
use http::header::COOKIE;
use memchr::memchr;
use memchr::memmem::Finder;

/// Result of the search for one name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Found<'h> {
    /// The header does not contain the name.
    Absent,
    /// The name has this value, once or several times.
    Value(&'h [u8]),
    /// The name has several different values, so none of them is used.
    Conflict,
}

/// Name of a cookie, prepared for the search.
#[derive(Clone, Debug)]
pub(crate) struct CookieName {
    name: String,
    /// Finds the name followed by `=`, also as part of another name or value.
    finder: Finder<'static>,
}

impl CookieName {
    pub(crate) fn new(name: String) -> Self {
        let finder = Finder::new(&format!("{name}=")).into_owned();
        Self { name, finder }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.name
    }

    /// Searches the headers for this cookie. Other cookies are skipped, not parsed, because every request is searched.
    pub(crate) fn find<'h>(&self, headers: &'h HeaderMap) -> Found<'h> {
        let mut found = Found::Absent;
        for line in headers.get_all(COOKIE) {
            let (line, mut read) = (line.as_bytes(), 0);
            while let Some(skipped) = self.finder.find(&line[read..]) {
                let (before, rest) = line.split_at(read + skipped);
                let rest = &rest[self.finder.needle().len()..];
                read = line.len() - rest.len();
                if !matches!(trim_end(before), [] | [.., b';']) {
                    continue; // Part of another name, or of a value.
                }
                let value = &rest[..memchr(b';', rest).unwrap_or(rest.len())];
                read += value.len();
                let value = trim_end(value);
                match found {
                    Found::Absent => found = Found::Value(value),
                    Found::Value(first) if first == value => {}
                    Found::Value(_) | Found::Conflict => return Found::Conflict,
                }
                if read == line.len() {
                    break;
                }
            }
        }
        found
    }
}

/// Returns all pairs, in the order of the header. A segment without `=` is not a pair.
pub(crate) fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&[u8], &[u8])> {
    segments(headers).filter_map(|segment| {
        let equals = segment.iter().position(|byte| *byte == b'=')?;
        Some((&segment[..equals], &segment[equals + 1..]))
    })
}

fn segments(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let lines = headers.get_all(COOKIE).into_iter();
    lines
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
        .map(|segment| trim_end(trim_start(segment)))
}

fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

fn trim_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const NAME: &str = "__Host-weika";

    fn headers(lines: &[&[u8]]) -> HeaderMap {
        lines
            .iter()
            .map(|line| (COOKIE, HeaderValue::from_bytes(line).unwrap()))
            .collect()
    }

    #[track_caller]
    fn assert_found(lines: &[&[u8]], expected: Found<'_>) {
        assert_eq!(
            CookieName::new(NAME.to_owned()).find(&headers(lines)),
            expected
        );
    }

    #[test]
    fn k1_several_lines_count_as_one() {
        assert_found(&[b"a=1", b"__Host-weika=x; b=2"], Found::Value(b"x"));
        assert_found(&[b"__Host-weika=x", b"__Host-weika=y"], Found::Conflict);
    }

    #[test]
    fn k2_only_semicolon_splits_and_only_blank_is_trimmed() {
        assert_found(&[b"a=1 ;\t __Host-weika=x \t;b"], Found::Value(b"x"));
        assert_found(&[b"a=1, __Host-weika=x"], Found::Absent);
        assert_found(&[b"a=\"1; __Host-weika=x\""], Found::Value(b"x\""));
        assert_found(&[b"\xa0__Host-weika=x"], Found::Absent);
        assert_found(&[b"__Host-weika=x=y"], Found::Value(b"x=y"));
        assert_found(&[b"__Host-weika =x"], Found::Absent);
        assert_found(&[b"__host-weika=x"], Found::Absent);
        assert_found(&[b"__Host-weika"], Found::Absent);
        assert_found(&[b"__Host-weikab=x"], Found::Absent);
    }

    #[test]
    fn k3_names_and_values_are_not_decoded() {
        assert_found(&[b"%5F%5FHost-weika=x"], Found::Absent);
        assert_found(&[b"__Host%2Dweika=x"], Found::Absent);
        assert_found(&[b"__Host-weika=%41"], Found::Value(b"%41"));
        assert_found(&[b"__Host-weika=\"x\""], Found::Value(b"\"x\""));
        assert_found(&[b"\"__Host-weika\"=x"], Found::Absent);
    }

    #[test]
    fn k5_equal_values_are_accepted_and_different_ones_conflict() {
        assert_found(
            &[b"__Host-weika=x; a=b; __Host-weika=x"],
            Found::Value(b"x"),
        );
        assert_found(
            &[b"__Host-weika=x; __Host-weika=y; __Host-weika=x"],
            Found::Conflict,
        );
        assert_found(&[b"__Host-weika=; __Host-weika=x"], Found::Conflict);
    }

    #[test]
    fn k6_bytes_of_other_cookies_do_not_matter() {
        assert_found(
            &["名=值; __Host-weika=x; \u{0}".replace('\0', "é").as_bytes()],
            Found::Value(b"x"),
        );
        assert_found(&[b"\xff\xfe=\xfd;;;= ; __Host-weika=x"], Found::Value(b"x"));
    }

    #[test]
    fn k7_header_of_a_megabyte_is_searched_once() {
        // Linear time: 500,000 pairs in a debug build; a quadratic reader would not come back.
        let line = [&b"a=;".repeat(500_000)[..], b"__Host-weika=x"].concat();
        assert_found(&[&line], Found::Value(b"x"));
        // Bytes that resemble the cookie, many repetitions, and long gaps.
        assert_found(&[&b"x__Host-weika=".repeat(100_000)], Found::Absent);
        assert_found(&[&b"__Host-weika=x;".repeat(100_000)], Found::Value(b"x"));
        let far = [
            &b" ".repeat(500)[..],
            b"__Host-weika=x",
            &b" ".repeat(500),
            b";",
        ]
        .concat();
        assert_found(&[&far.repeat(1_000)], Found::Value(b"x"));
        let far = [&b" ".repeat(500)[..], b"__Host-weika="].concat();
        assert_found(&[&[b"a=b", &far.repeat(1_000)[..]].concat()], Found::Absent);
    }

    #[test]
    fn pairs_are_split_at_the_first_equals_sign() {
        let headers = headers(&[b"a=1=2; novalue; =3", b"b="]);
        let all: Vec<_> = pairs(&headers).collect();
        let expected: [(&[u8], &[u8]); 3] = [(b"a", b"1=2"), (b"", b"3"), (b"b", b"")];
        assert_eq!(all, expected);
    }

    proptest! {
        #[test]
        fn search_agrees_with_parsing(
            parts in prop::collection::vec(
                prop_oneof![Just("__Host-weika"), Just("weika"), Just("="), Just(";"), Just(" "), Just("\t"), Just("x")],
                0..30,
            ),
        ) {
            let headers = headers(&[parts.concat().as_bytes()]);
            let mut values: Vec<_> =
                pairs(&headers).filter_map(|(name, value)| (name == NAME.as_bytes()).then_some(value)).collect();
            values.dedup();
            let expected = match values[..] {
                [] => Found::Absent,
                [value] => Found::Value(value),
                _ => Found::Conflict,
            };
            prop_assert_eq!(CookieName::new(NAME.to_owned()).find(&headers), expected);
        }

        #[test]
        fn k6_cookie_is_found_among_any_other_pairs(
            before in prop::collection::vec("[^;\\x00-\\x1f\\x7f]{0,20}", 0..6),
            after in prop::collection::vec("[^;\\x00-\\x1f\\x7f]{0,20}", 0..6),
        ) {
            let ours = "__Host-weika=value".to_owned();
            let line = before.iter().chain([&ours]).chain(&after).cloned().collect::<Vec<_>>().join("; ");
            let headers = headers(&[line.as_bytes()]);
            prop_assert_eq!(CookieName::new(NAME.to_owned()).find(&headers), Found::Value(b"value"));
        }

        #[test]
        fn arbitrary_bytes_never_panic(line in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(value) = HeaderValue::from_bytes(&line) {
                let headers = HeaderMap::from_iter([(COOKIE, value)]);
                CookieName::new(NAME.to_owned()).find(&headers);
                pairs(&headers).count();
            }
        }
    }
}
