//! The envelope of upstream responses (rules E1 to E3). Oracle: `serde_json`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tower_weika::fuzzing::{errcode, response_object};
use tower_weika_fuzz::json::{has_repeated_members, is_code, strict_object};

fuzz_target!(|data: &[u8]| {
    let (object, strict) = (response_object(data), strict_object(data));
    match (&object, strict) {
        (Some(object), Some(strict)) => {
            assert_eq!(*object, strict);
            assert!(!has_repeated_members(data));
        }
        (None, Some(_)) => assert!(has_repeated_members(data), "JSON that serde_json reads"),
        // Damaged text and numbers beyond `f64` leave their traces.
        (Some(object), None) => assert!(object.values().any(is_repaired)),
        (None, None) => {}
    }
    let Some(object) = object else {
        return;
    };
    for accepted in [&[][..], &[2000]] {
        match errcode(object.get("errcode"), accepted) {
            Some(0) => assert!(is_code(&object, "errcode", 0)),
            Some(2000) if accepted == [2000] => assert!(is_code(&object, "errcode", 2000)),
            Some(other) => {
                let text = object["errcode"].as_str().map(str::to_owned);
                let text = text.unwrap_or_else(|| object["errcode"].to_string());
                assert_eq!(text.parse(), Ok(other));
                assert!(!text.starts_with('+') && text.len() <= 20);
            }
            None => assert!(!is_code(&object, "errcode", 0) && !is_code(&object, "errcode", 2000)),
        }
    }
});

fn is_repaired(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\u{fffd}'),
        Value::Number(number) => number.as_f64().is_some_and(|number| number.abs() == 1e300),
        Value::Array(values) => values.iter().any(is_repaired),
        Value::Object(members) => members.values().any(is_repaired),
        _ => false,
    }
}
