//! The OAuth `state`. A state of this layer is read back; no other text is authentic.

#![no_main]

use std::sync::LazyLock;

use http::HeaderMap;
use libfuzzer_sys::fuzz_target;
use tower_weika::fuzzing::{FlowState, Flows};
use tower_weika::session::SessionId;
use tower_weika_fuzz::{split_array, split_byte};

const SESSION: &[u8] = b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

fn flows(secret: u8) -> Flows {
    Flows::new(
        &[secret; 32],
        SessionId::parse(SESSION).expect("a session id"),
    )
}

static FLOWS: LazyLock<Flows> = LazyLock::new(|| flows(1));
static OTHERS: LazyLock<Flows> = LazyLock::new(|| flows(2));
/// No state is ever written with this secret.
static UNSEEN: LazyLock<Flows> = LazyLock::new(|| flows(3));

fn written(state: FlowState) -> String {
    FLOWS
        .begin(state, b"/", &HeaderMap::new())
        .expect("a state")
        .0
}

fuzz_target!(|data: &[u8]| {
    assert_eq!(UNSEEN.state(data), None, "a forged state");
    // libFuzzer sees the states that are compared below, and puts them into inputs. Each has one spelling.
    if let Some(state) = FLOWS.state(data) {
        assert_eq!(written(state).as_bytes(), data);
    }

    let (flow, rest) = split_array(data);
    let ([a, b, c, d, e], rest) = split_array(rest);
    let (flags, rest) = split_byte(rest);
    let state = FlowState {
        flow,
        born: u64::from_be_bytes([0, 0, 0, a, b, c, d, e]),
        attempt: flags % 3,
        replaces: flags & 0x80 != 0,
    };
    let text = written(state);
    assert_eq!(FLOWS.state(text.as_bytes()), Some(state));
    assert_eq!(
        OTHERS.state(text.as_bytes()),
        None,
        "a state under another secret"
    );
    assert!(text.len() == 56 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    // A reader that lets the number overflow would accept further spellings.
    for multiple in multiples(&text) {
        assert_eq!(FLOWS.state(&multiple), None, "{text}");
    }

    // The rest of the input changes the text: pairs of a position and a byte, then a part that is appended.
    let mut changed = text.clone().into_bytes();
    let (count, rest) = split_byte(rest);
    let (pairs, appended) = rest.split_at(rest.len().min(usize::from(count % 8) * 2));
    for pair in pairs.chunks_exact(2) {
        let position = usize::from(pair[0]) % changed.len();
        changed[position] = pair[1];
    }
    changed.extend_from_slice(appended);
    let expected = (changed == text.as_bytes()).then_some(state);
    assert_eq!(FLOWS.state(&changed), expected);
});

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// A state has 41 bytes: 25 of contents and a tag of 16.
const BITS: usize = 41 * 8;

/// The numbers that are congruent to that of a text modulo `2^BITS`, as far as they have 56 digits.
fn multiples(text: &str) -> impl Iterator<Item = Vec<u8>> {
    static MODULUS: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let mut power = [vec![b'0'; 55], vec![b'1']].concat();
        for _ in 0..BITS {
            power = sum(&power, &power).expect("56 digits");
        }
        power
    });
    std::iter::successors(sum(text.as_bytes(), &MODULUS), |text| sum(text, &MODULUS)).take(2)
}

/// Returns the sum of two numbers in base 62 if it is not longer.
fn sum(one: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    let value = |digit: &u8| DIGITS.iter().position(|it| it == digit);
    let (mut digits, mut carry) = (Vec::new(), 0);
    for (one, other) in one.iter().zip(other).rev() {
        let sum = value(one)? + value(other)? + carry;
        digits.push(DIGITS[sum % 62]);
        carry = sum / 62;
    }
    digits.reverse();
    (carry == 0).then_some(digits)
}
