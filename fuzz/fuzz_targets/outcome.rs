//! Records of the outcome of an exchange, which instances share. Oracle: `serde_json`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tower_weika::fuzzing::rewritten_outcome;

fuzz_target!(|data: &[u8]| {
    let Some(written) = rewritten_outcome(data) else {
        return;
    };
    assert_eq!(
        rewritten_outcome(&written).as_ref(),
        Some(&written),
        "a record is read back"
    );
    // `serde` does not look into the text of unknown members, which need not be UTF-8.
    let text = String::from_utf8_lossy(data);
    let naive: Value = serde_json::from_str(&text).expect("a record is JSON");
    let written: Value = serde_json::from_slice(&written).expect("a record is JSON");
    assert_eq!((&naive["v"], &naive["at"]), (&written["v"], &written["at"]));
    let (naive, written) = (&naive["outcome"], &written["outcome"]);
    if let Some(success) = written.get("logged_in") {
        assert_eq!(naive["logged_in"]["salt"], success["salt"]);
        let target = success["return_to"].as_str().expect("a target");
        assert!(
            target.starts_with('/') && !target.starts_with("//"),
            "{target:?}"
        );
    } else {
        let (naive, failure) = (&naive["failed"], &written["failed"]);
        assert_eq!(naive["code"].as_i64(), failure["code"].as_i64());
        let reason = failure
            .get("reason")
            .map(|reason| reason.as_str().expect("text"));
        assert!(
            reason.is_none_or(|reason| reason.chars().count() <= 200),
            "{reason:?}"
        );
        assert!(
            reason.is_none() || failure["kind"] == "denied",
            "only a denial has a reason"
        );
    }
});
