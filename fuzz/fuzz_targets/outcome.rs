//! Records of the outcome of an exchange, which instances share. Oracle: `serde_json`, and the `url`
//! crate for the target.

#![no_main]

use libfuzzer_sys::fuzz_target;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use tower_weika::fuzzing::rewritten_outcome;
use tower_weika_fuzz::json;
use url::Url;

const SITE: &str = "https://campus.example";
const ENDPOINTS: [&str; 3] = [
    "/auth/weika/login",
    "/auth/weika/callback",
    "/auth/weika/logout",
];
const KINDS: [&str; 15] = [
    "invalid_code",
    "token_rejected",
    "denied",
    "configuration",
    "busy",
    "fault",
    "malformed",
    "connect",
    "lost",
    "timeout",
    "unresponsive",
    "overloaded",
    "forbidden_host",
    "store",
    "internal",
];

fuzz_target!(|data: &[u8]| {
    if let Ok(naive) = serde_json::from_slice::<Value>(data)
        && is_record(&naive)
    {
        // Written by `serde_json`, it has no repeated members.
        let plain = naive.to_string();
        assert!(rewritten_outcome(plain.as_bytes()).is_some(), "{plain}");
    }
    let Some(written) = rewritten_outcome(data) else {
        return;
    };
    let again = rewritten_outcome(&written);
    // Encoding makes a target longer, and a target has 2048 bytes at most (T1).
    assert!(
        again.as_ref() == Some(&written) || written.len() > 2048,
        "a record is read back"
    );
    let Some(naive) = json::record(data) else {
        return;
    };
    let written: Value = serde_json::from_slice(&written).expect("a record is JSON");
    assert_eq!((&naive["v"], &naive["at"]), (&written["v"], &written["at"]));
    assert_eq!(written["v"], 1);
    for (variant, check) in [
        ("logged_in", check_success as fn(&Value, &Value)),
        ("failed", check_failure),
    ] {
        let (naive, written) = (&naive["outcome"][variant], &written["outcome"][variant]);
        assert_eq!(naive.is_null(), written.is_null(), "{variant}");
        // `serde` reads the members from a list too.
        if naive.is_object() {
            check(naive, written);
        }
    }
});

fn check_success(naive: &Value, written: &Value) {
    assert_eq!(naive["salt"], written["salt"]);
    let target = written["return_to"].as_str().expect("a target");
    let url = Url::parse(SITE).and_then(|site| site.join(target));
    let url = url.expect("a browser can follow it");
    assert_eq!(url.origin().ascii_serialization(), SITE, "{target:?}");
    let path: Vec<u8> = percent_decode_str(url.path()).collect();
    let path = path.strip_suffix(b"/").unwrap_or(&path);
    assert!(!is_endpoint(path), "{target:?}");
    let wanted = naive["return_to"].as_str().expect("a target");
    let is_word = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_lowercase());
    let is_plain = wanted
        .strip_prefix('/')
        .is_some_and(|path| path.len() < 2048 && path.split('/').all(is_word));
    assert!(
        target == wanted || !is_plain || is_endpoint(wanted.as_bytes()),
        "{wanted:?} becomes {target:?}"
    );
}

fn check_failure(naive: &Value, written: &Value) {
    assert_eq!(
        (&naive["kind"], &naive["code"]),
        (&written["kind"], &written["code"])
    );
    // Only a denial has a reason: one line, 200 characters at most.
    let reason = naive["reason"]
        .as_str()
        .filter(|_| naive["kind"] == "denied");
    let line = reason.unwrap_or_default().replace(char::is_control, " ");
    let cut: String = line.trim_start().chars().take(200).collect();
    let found = written["reason"].as_str().unwrap_or_default();
    assert_eq!(found, cut.trim_end());
}

fn is_endpoint(path: &[u8]) -> bool {
    ENDPOINTS.iter().any(|endpoint| endpoint.as_bytes() == path)
}

/// Returns whether this is a record of this version, in the form in which it is written.
fn is_record(record: &Value) -> bool {
    let outcome = &record["outcome"];
    let is_text = |value: &Value| value.is_null() || value.is_string();
    let is_outcome = match (&outcome["logged_in"], &outcome["failed"]) {
        (Value::Object(success), Value::Null) => {
            let salt = success.get("salt").and_then(Value::as_str);
            salt.is_some_and(is_salt) && success.get("return_to").is_some_and(Value::is_string)
        }
        (Value::Null, failure @ Value::Object(_)) => {
            let kind = failure["kind"].as_str();
            let is_code = failure["code"].is_null() || failure["code"].is_i64();
            kind.is_some_and(|kind| KINDS.contains(&kind)) && is_code && is_text(&failure["reason"])
        }
        _ => false,
    };
    let is_single = outcome
        .as_object()
        .is_some_and(|outcome| outcome.len() == 1);
    record["v"] == 1 && record["at"].is_u64() && is_single && is_outcome
}

/// Returns whether this is the base64 of 32 bytes.
fn is_salt(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    // The last digit has two bits that are 0.
    text.len() == 43
        && text.bytes().all(is_digit)
        && text.ends_with([
            'A', 'E', 'I', 'M', 'Q', 'U', 'Y', 'c', 'g', 'k', 'o', 's', 'w', '0', '4', '8',
        ])
}
