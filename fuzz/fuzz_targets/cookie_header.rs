//! The `Cookie` header (rule K). Oracle: a naive reader, which joins the lines and splits them.

#![no_main]

use http::header::COOKIE;
use libfuzzer_sys::fuzz_target;
use tower_weika::fuzzing::{cookie, cookie_pairs};
use tower_weika_fuzz::{header_lines, split_byte, trim};

const NAMES: [&str; 3] = ["__Host-weika-session", "dev-weika-session", "a"];

fuzz_target!(|data: &[u8]| {
    let (choice, lines) = split_byte(data);
    let name = NAMES[usize::from(choice) % NAMES.len()];
    let headers = header_lines(&COOKIE, lines);

    let joined: Vec<_> = headers.values().map(|line| line.as_bytes()).collect();
    let joined = joined.join(&b"; "[..]);
    let pairs: Vec<_> = joined
        .split(|byte| *byte == b';')
        .map(trim)
        .filter_map(|pair| {
            let equals = pair.iter().position(|byte| *byte == b'=')?;
            Some((&pair[..equals], &pair[equals + 1..]))
        })
        .collect();
    assert_eq!(cookie_pairs(&headers), pairs);

    let values: Vec<_> = pairs
        .iter()
        .filter(|(it, _)| *it == name.as_bytes())
        .map(|(_, value)| *value)
        .collect();
    let expected = match values.split_first() {
        None => Ok(None),
        Some((first, others)) if others.iter().all(|other| other == first) => Ok(Some(*first)),
        Some(_) => Err(()),
    };
    assert_eq!(cookie(name, &headers), expected);
});
