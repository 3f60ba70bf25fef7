//! Guarded path prefixes (rule P). Oracle: naive normalizers. A path that any of them puts below the prefix is guarded.

#![no_main]

use libfuzzer_sys::fuzz_target;
use percent_encoding::percent_decode;
use tower_weika::fuzzing::guard_covers;
use tower_weika_fuzz::split_byte;

const PREFIXES: [&str; 4] = ["/admin", "/a/b", "/中文", "/x.y~z"];

fuzz_target!(|data: &[u8]| {
    let (choice, path) = split_byte(data);
    let Ok(path) = std::str::from_utf8(path) else {
        return;
    };
    let prefix = PREFIXES[usize::from(choice) % PREFIXES.len()];
    let is_guarded = guard_covers(prefix, path);
    for router in 0..ROUTERS {
        let routed = route(router, path.as_bytes());
        assert!(
            is_guarded || !is_below(&routed, prefix),
            "router {router} routes {path:?} below {prefix}"
        );
    }
    // A path that is read in one way only is guarded below the prefix only.
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if path
        .strip_prefix('/')
        .is_some_and(|path| path.split('/').all(is_word))
    {
        assert_eq!(is_guarded, is_below(path.as_bytes(), prefix), "{path:?}");
    }
});

fn is_below(path: &[u8], prefix: &str) -> bool {
    let rest = path.strip_prefix(prefix.as_bytes());
    rest.is_some_and(|rest| matches!(rest, [] | [b'/', ..]))
}

/// One router for each combination of the steps below, which decodes up to twice.
const ROUTERS: usize = 3 << 5;

/// Returns the path as a router reads it.
fn route(router: usize, path: &[u8]) -> Vec<u8> {
    let does = |step: usize| router >> step & 1 == 1;
    let mut path = path.to_vec();
    for _ in 0..router >> 5 {
        path = percent_decode(&path).collect();
    }
    if does(0) {
        // As a URL parser of a browser does, and a program in C.
        path.retain(|byte| !matches!(byte, b'\t' | b'\n' | b'\r'));
        path.truncate(
            path.iter()
                .position(|byte| *byte == 0)
                .unwrap_or(path.len()),
        );
    }
    if does(1) {
        path.iter_mut()
            .filter(|byte| **byte == b'\\')
            .for_each(|byte| *byte = b'/');
    }
    let mut segments: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
    if does(2) {
        // Matrix parameters of Java.
        for segment in &mut segments {
            *segment = segment
                .split(|byte| *byte == b';')
                .next()
                .unwrap_or_default();
        }
    }
    if does(3) {
        let mut index = 0;
        segments.retain(|segment| {
            index += 1;
            index == 1 || !segment.is_empty()
        });
    }
    if does(4) {
        let mut kept: Vec<&[u8]> = Vec::new();
        for segment in segments {
            match segment {
                b"." => {}
                b".." => {
                    if kept.len() > 1 {
                        kept.pop();
                    }
                }
                _ => kept.push(segment),
            }
        }
        segments = kept;
    }
    segments.join(&b'/')
}
