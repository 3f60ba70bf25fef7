//! Flow cookies, in a browser that has any other cookies. The cookie that a response sets is read back with the target of
//! the login; a changed one is not; the cookies of the crate stay below 4 KB.

#![no_main]

use std::sync::LazyLock;

use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use tower_weika::fuzzing::{FlowState, Flows};
use tower_weika::session::SessionId;
use tower_weika_fuzz::{header_lines, split_array, split_byte, trim};

const SESSION: &[u8] = b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

static FLOWS: LazyLock<Flows> =
    LazyLock::new(|| Flows::new(&[1; 32], SessionId::parse(SESSION).expect("a session id")));

fuzz_target!(|data: &[u8]| {
    let ([a, b, change, at], rest) = split_array(data);
    let (length, rest) = split_byte(rest);
    let (target, lines) = rest.split_at(rest.len().min(usize::from(length) * 8));
    let request = header_lines(&COOKIE, lines);

    // The first flow, then a second one: the browser keeps both, beside its other cookies.
    let born = 1_760_000_000 + u64::from(a);
    let first = FlowState {
        flow: [a; 16],
        born,
        attempt: a % 3,
        replaces: false,
    };
    let second = FlowState {
        flow: [!a; 16],
        born: born + u64::from(b),
        attempt: 0,
        replaces: true,
    };
    let (first_text, first_response) = FLOWS
        .begin(first, target, &request)
        .expect("a login begins");
    let jar = after(&request, &first_response);
    assert_target(&first_text, target, &jar);
    let (second_text, response) = FLOWS.begin(second, b"/", &jar).expect("a login begins");
    let jar = after(&jar, &response);
    assert_target(&second_text, b"/", &jar);
    if !response_deletes(&response) && second.born < born + 600 {
        assert_target(&first_text, target, &jar);
    }

    // The flow of one state is not that of another one, and a changed cookie is none.
    let (other_text, _) = FLOWS
        .begin(
            FlowState {
                born: born + 1,
                ..first
            },
            target,
            &request,
        )
        .expect("a login begins");
    assert_eq!(FLOWS.target(other_text.as_bytes(), &jar), None);
    // Neither is the tag or the target of another flow part of this one.
    let (name, value) = flow(&response);
    let (_, other) = flow(&first_response);
    for part in [1, 2] {
        let mut mixed = value;
        mixed[part] = other[part];
        let pair = [name, &mixed.join(&b'.')].join(&b'=');
        let pair = HeaderValue::from_bytes(&pair).expect("the value of a cookie");
        let found = FLOWS.target(
            second_text.as_bytes(),
            &HeaderMap::from_iter([(COOKIE, pair)]),
        );
        let expected = (mixed == value).then_some("/");
        assert_eq!(found.as_deref(), expected, "part {part}");
    }
    if change != 0 {
        let changed = response.iter().map(|(_, header)| {
            let mut pair = pair(header).to_vec();
            let position = usize::from(at) % pair.len();
            pair[position] ^= change;
            HeaderValue::from_bytes(&pair)
        });
        let changed: HeaderMap = changed
            .filter_map(Result::ok)
            .map(|pair| (COOKIE, pair))
            .collect();
        if let Some(target) = FLOWS.target(second_text.as_bytes(), &changed) {
            // The birth in the value is a copy for the browser's room, and the tag covers that of the state.
            assert_eq!(target, "/");
            let start = name.len() + 1;
            let position = usize::from(at) % (start + value.join(&b'.').len());
            assert!(
                (start..=start + value[0].len()).contains(&position),
                "{changed:?}"
            );
        }
    }
});

/// Checks that the flow of a state leads to the target, or to the default target if that does not fit into a cookie.
fn assert_target(state: &str, target: &[u8], jar: &HeaderMap) {
    let expected = FLOWS.checked_target(target);
    let found = FLOWS
        .target(state.as_bytes(), jar)
        .expect("the flow of this browser");
    assert!(
        found == expected || (found == "/" && expected.len() > 250),
        "{found:?} for {expected:?}"
    );
}

/// Returns the cookies of a browser after a response.
fn after(request: &HeaderMap, response: &HeaderMap) -> HeaderMap {
    let (mut names, mut size) = (Vec::new(), 0);
    let mut jar = Vec::new();
    for header in response.get_all(SET_COOKIE) {
        let pair = pair(header);
        let name = name(pair);
        assert!(!names.contains(&name), "one cookie is set twice");
        names.push(name);
        if !pair.ends_with(b"=") {
            size += pair.len() + 2;
            jar.push(pair.to_vec());
        }
    }
    assert!(names.len() <= 32);
    for line in request.get_all(COOKIE) {
        let pairs = line.as_bytes().split(|byte| *byte == b';').map(trim);
        let kept: Vec<_> = pairs.filter(|pair| !names.contains(&name(pair))).collect();
        let own = kept
            .iter()
            .filter(|pair| pair.starts_with(b"__Host-weika-flow-") && is_flow(pair));
        size += own.map(|pair| pair.len() + 2).sum::<usize>();
        jar.push(kept.join(&b"; "[..]));
    }
    // A response deletes 32 cookies at most; the next one deletes more.
    assert!(
        size <= 4096 || names.len() >= 32,
        "{size} bytes of flow cookies"
    );
    let values = jar.iter().map(|pairs| HeaderValue::from_bytes(pairs));
    values
        .filter_map(Result::ok)
        .map(|pairs| (COOKIE, pairs))
        .collect()
}

fn is_flow(pair: &[u8]) -> bool {
    let unique = name(pair)
        .strip_prefix(b"__Host-weika-flow-")
        .unwrap_or_default();
    pair.contains(&b'=')
        && unique.len() == 8
        && unique
            .iter()
            .all(|it| it.is_ascii_alphanumeric() || b"-_".contains(it))
}

/// Returns the name of the flow cookie that a response sets, and the parts of its value.
fn flow(response: &HeaderMap) -> (&[u8], [&[u8]; 3]) {
    // Cookies that are set come before those that are deleted.
    let header = response.values().next().expect("a flow cookie");
    let (name, value) = pair(header).split_at(name(pair(header)).len());
    let mut parts = value[1..].split(|byte| *byte == b'.');
    let parts = std::array::from_fn(|_| parts.next().expect("three parts"));
    (name, parts)
}

fn response_deletes(response: &HeaderMap) -> bool {
    response.values().any(|header| pair(header).ends_with(b"="))
}

fn pair(header: &HeaderValue) -> &[u8] {
    header
        .as_bytes()
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or_default()
}

fn name(pair: &[u8]) -> &[u8] {
    pair.split(|byte| *byte == b'=').next().unwrap_or_default()
}
