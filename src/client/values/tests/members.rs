use serde_json::{Value, json};

use super::super::*;
use crate::trace::tests::Captured;

#[track_caller]
fn with<T>(value: &Value, read: impl FnOnce(Members<'_>) -> T) -> T {
    let object = json!({ "it": value });
    read(Members::new(object.as_object().unwrap(), "test"))
}

#[test]
fn e4_identifiers_are_short_printable_strings() {
    let identifier =
        |value: &Value| with(value, |members| members.identifier("it").map(str::to_owned));
    assert_eq!(
        identifier(&json!("oJBUeuGd04")).as_deref(),
        Some("oJBUeuGd04")
    );
    assert!(identifier(&json!("x".repeat(512))).is_some());
    for refused in [
        json!(""),
        json!("x".repeat(513)),
        json!("a\nb"),
        json!("a\u{85}b"),
        json!(7),
        json!("a\u{fffd}"),
        json!(null),
    ] {
        assert_eq!(identifier(&refused), None, "{refused}");
    }
}

#[test]
fn a_bearer_token_fits_a_header() {
    let bearer = |value: &Value| with(value, |members| members.bearer("it").map(str::to_owned));
    assert_eq!(
        bearer(&json!("eyJ0.eyJz.m68J_-=")).as_deref(),
        Some("eyJ0.eyJz.m68J_-=")
    );
    assert!(bearer(&json!("x".repeat(4_096))).is_some());
    for refused in [
        json!(""),
        json!("x".repeat(4_097)),
        json!("a b"),
        json!("a\r\nb"),
        json!("王"),
        json!(7),
        json!(null),
    ] {
        assert_eq!(bearer(&refused), None, "{refused}");
    }
}

#[test]
fn e5_seconds_are_positive_whole_numbers() {
    let seconds = |value: &Value| {
        with(value, |members| {
            members.seconds("it").map(|it| it.as_secs())
        })
    };
    assert_eq!(seconds(&json!(7200)), Some(7200));
    assert_eq!(seconds(&json!("7200")), Some(7200));
    assert_eq!(seconds(&json!(7200.0)), Some(7200));
    assert_eq!(seconds(&json!("7.2e3")), Some(7200));
    for enormous in [
        json!(u64::MAX),
        json!(1e30),
        json!("18446744073709551616"),
        json!("1e999999999"),
    ] {
        assert_eq!(seconds(&enormous), Some(u64::MAX), "{enormous}");
    }
    for unreadable in [
        json!(0),
        json!(-1),
        json!("-7200"),
        json!(7200.5),
        json!(-1e30),
        json!("2h"),
        json!("7200\u{fffd}"),
        json!(null),
        json!({}),
    ] {
        assert_eq!(seconds(&unreadable), None, "{unreadable}");
    }
}

#[test]
fn e6_flags_are_booleans_or_zero_or_one() {
    let flag = |value: &Value| with(value, |members| members.flag("it"));
    for (value, expected) in [
        (json!(true), Some(true)),
        (json!(false), Some(false)),
        (json!(1), Some(true)),
        (json!(0), Some(false)),
        (json!("1"), Some(true)),
        (json!("0"), Some(false)),
        (json!(2), None),
        (json!(-1), None),
        (json!("true"), None),
        (json!(1.0), Some(true)),
        (json!(0.0), Some(false)),
        (json!("1.0"), Some(true)),
        (json!(0.5), None),
        (json!(""), None),
        (json!(null), None),
        (json!([]), None),
    ] {
        assert_eq!(flag(&value), expected, "{value}");
    }
}

#[test]
fn e6_null_empty_object_and_empty_list_are_absent_objects() {
    for absent in [json!(null), json!({}), json!([]), json!("x"), json!(false)] {
        assert!(
            with(&absent, |members| members.object("it").is_none()),
            "{absent}"
        );
    }
    assert!(with(&json!({ "a": 1 }), |members| members
        .object("it")
        .is_some()));
}

#[test]
fn e6_empty_entries_of_a_list_are_left_out() {
    let count = |value: &Value| with(value, |members| members.objects("it").count());
    assert_eq!(
        count(&json!([{ "a": 1 }, {}, null, [], "x", { "b": 2 }])),
        2
    );
    assert_eq!(count(&json!({})), 0);
    assert_eq!(count(&json!(null)), 0);
}

#[test]
fn e6_text_may_be_written_as_an_integer() {
    let text = |value: &Value| with(value, |members| members.text("it"));
    assert_eq!(text(&json!("3")), "3");
    assert_eq!(text(&json!(3)), "3");
    assert_eq!(text(&json!(3.0)), "3");
    assert_eq!(text(&json!(u64::MAX)), "18446744073709551615");
    assert_eq!(text(&json!(3.5)), "");
    assert_eq!(text(&json!(1e30)), "");
    assert_eq!(text(&json!(["a"])), "");
    assert_eq!(text(&json!(null)), "");
}

#[test]
fn e4_some_identifiers_may_be_positive_numbers() {
    let identifier = |value: &Value| with(value, |members| members.identifier_or_number("it"));
    for (value, expected) in [
        (json!("1014714333"), "1014714333"),
        (json!("0"), "0"),
        (json!(1), "1"),
        (json!(1_014_714_333), "1014714333"),
        (json!(1_014_714_333.0), "1014714333"),
        (json!(u64::MAX), "18446744073709551615"),
    ] {
        assert_eq!(identifier(&value).as_deref(), Some(expected), "{value}");
    }
    for refused in [
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e18),
        json!(1e30),
        json!(""),
        json!("a\u{fffd}"),
        json!("x".repeat(513)),
        json!(true),
        json!([1]),
        json!(null),
    ] {
        assert_eq!(identifier(&refused), None, "{refused}");
    }
}

#[test]
fn e6_whole_numbers_fit_their_type() {
    let number = |value: &Value| with(value, |members| members.whole_number("it"));
    for (value, expected) in [
        (json!(i64::MIN), Some(i64::MIN)),
        (json!("-9223372036854775808"), Some(i64::MIN)),
        (json!(1.0), Some(1)),
        (json!("01"), Some(1)),
        (json!(u64::MAX), None),
        (json!(1e30), None),
        (json!("1e30"), None),
        (json!("1 "), None),
        (json!(true), None),
        (json!([1]), None),
    ] {
        assert_eq!(number(&value), expected, "{value}");
    }
}

#[test]
fn e6_text_of_a_number_is_its_digits_in_every_spelling() {
    let text = |value: &Value| with(value, |members| members.numeric_text("it"));
    for spelling in [json!(3), json!(3.0), json!("3"), json!("3.0"), json!("3e0")] {
        assert_eq!(text(&spelling), "3", "{spelling}");
    }
    assert_eq!(text(&json!("教职工")), "教职工");
    assert_eq!(text(&json!([])), "");
}

#[test]
fn e_display_text_is_cut_at_512_characters() {
    let text = |value: &Value| with(value, |members| members.text("it"));
    assert_eq!(text(&json!("😀".repeat(512))), "😀".repeat(512));
    assert_eq!(text(&json!("😀".repeat(513))), "😀".repeat(512));
    assert_eq!(text(&json!("王".repeat(20_000))), "王".repeat(512));
}

#[test]
fn e_urls_are_kept_whole_or_not_at_all() {
    let url = |value: &Value| with(value, |members| members.url("it").to_owned());
    let longest = format!("http://wx.example/{}", "x".repeat(2_030));
    assert_eq!(url(&json!(longest)), longest);
    for refused in [
        json!(format!("{longest}x")),
        json!("http://a/\u{fffd}"),
        json!("http://a/\n"),
        json!(7),
        json!(null),
    ] {
        assert_eq!(url(&refused), "", "{refused}");
    }
}

#[test]
fn e_every_ignored_member_is_named_in_the_log_without_its_value() {
    type Reader = fn(Members<'_>);
    let readers: [(Reader, &str); 11] = [
        (
            |members| assert_eq!(members.identifier("it"), None),
            "DEBUG",
        ),
        (|members| drop(members.identifier_or_number("it")), "DEBUG"),
        (|members| assert_eq!(members.bearer("it"), None), "DEBUG"),
        (|members| drop(members.text("it")), "DEBUG"),
        (|members| drop(members.numeric_text("it")), "DEBUG"),
        (|members| drop(members.url("it").to_owned()), "DEBUG"),
        (
            |members| assert_eq!(members.whole_number("it"), None),
            "DEBUG",
        ),
        (|members| assert_eq!(members.flag("it"), None), "DEBUG"),
        (|members| assert!(members.object("it").is_none()), "DEBUG"),
        (
            |members| assert_eq!(members.objects("it").count(), 1),
            "DEBUG",
        ),
        (|members| assert_eq!(members.seconds("it"), None), "WARN"),
    ];
    for (index, (reader, level)) in readers.into_iter().enumerate() {
        let log = Captured::new();
        // Every reader but that of lists refuses a list, which in turn leaves out one entry.
        let value = if index == 8 {
            json!("s3cr3t")
        } else {
            json!(["s3cr3t", { "a": 1 }, {}, null])
        };
        with(&value, reader);
        let lines = log.text();
        assert!(
            lines.contains(level) && lines.contains("field=it") && lines.contains("test"),
            "{index}: {lines}"
        );
        assert_eq!(lines.lines().count(), 1, "{index}: {lines}");
        assert!(!lines.contains("s3cr3t"), "{lines}");
    }
}

#[test]
fn e_absent_members_leave_no_event() {
    for absent in [json!(null), json!({}), json!([])] {
        let log = Captured::new();
        with(&absent, |members| {
            assert_eq!(
                (
                    members.identifier("it"),
                    members.bearer("it"),
                    members.url("it")
                ),
                (None, None, "")
            );
            assert_eq!(
                (members.identifier_or_number("it"), members.text("it")),
                (None, String::new())
            );
            assert_eq!(
                (members.whole_number("it"), members.flag("it")),
                (None, None)
            );
            assert!(members.object("it").is_none() && members.objects("it").next().is_none());
        });
        assert_eq!(log.text(), "", "{absent}");
    }
}

#[test]
fn e_member_of_an_inner_object_is_named_with_it() {
    let log = Captured::new();
    let object = json!({ "media_info": { "app_id": true } });
    let members = Members::new(object.as_object().unwrap(), "test");
    assert_eq!(
        members
            .object("media_info")
            .unwrap()
            .identifier_or_number("app_id"),
        None
    );
    assert!(
        log.text().contains("field=media_info.app_id"),
        "{}",
        log.text()
    );
}
