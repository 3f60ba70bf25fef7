//! Parser of the user info and of the list of identity types.

use serde_json::{Value, json};

use super::super::response::{identity_types, member};
use super::*;
use crate::identity::{IdentityType, Member, MemberField, SchoolIdentityType};

fn read(reply: &Value, fields: &[MemberField]) -> Result<Member, ErrorKind> {
    let reply = reply.as_object().unwrap();
    member(reply, SCHOOL, fields, "test").map_err(|error| error.kind())
}

/// A user info with one member replaced.
fn with(name: &str, value: Value) -> Value {
    let mut reply = json!({ "ocode": SCHOOL, "card_number": "1" });
    reply[name] = value;
    reply
}

#[test]
fn only_the_requested_fields_are_kept() {
    let reply = json!({
        "errcode": 0, "ocode": SCHOOL, "card_number": "07302590", "name": "陈小明",
        "identity_type": "1", "profession": " 工程造价", "head_image": "", "gender": 1,
        "organization": [2, 222, 496], "role": [1, 2], "id_card": "44030520020319401X",
    });
    let plain = read(&reply, &[]).unwrap();
    assert_eq!((&*plain.name, &*plain.identity_type), ("陈小明", "1"));
    assert_eq!(plain.card_number(), "07302590");
    assert_eq!(plain.fields().count(), 0);
    let fields = [
        MemberField::Profession,
        MemberField::HeadImage,
        MemberField::Gender,
        MemberField::Organization,
        MemberField::Email,
    ];
    let member = read(&reply, &fields).unwrap();
    assert_eq!(member.field(MemberField::Profession), Some("工程造价"));
    assert_eq!(
        member.field(MemberField::HeadImage),
        None,
        "empty is absent"
    );
    assert_eq!(member.field(MemberField::Gender), Some("1"));
    assert_eq!(
        member.values(MemberField::Organization),
        ["2", "222", "496"]
    );
    assert_eq!(member.values(MemberField::Email), [""; 0]);
    assert_eq!(member.field(MemberField::IdCard), None);
    assert_eq!(member.fields().count(), 3);
}

#[test]
fn e4_identifiers_are_strings_or_positive_whole_numbers() {
    for (value, expected) in [
        (json!("REAL4411902"), Some("REAL4411902")),
        (json!("07302590"), Some("07302590")),
        (json!(20_121_503), Some("20121503")),
        (json!(2.0121503e7), Some("20121503")),
        (json!(u64::MAX), Some("18446744073709551615")),
        (json!(0), None),
        (json!(-1), None),
        (json!(1.5), None),
        (json!(""), None),
        (json!(" "), None),
        (json!(" 1"), None),
        (json!("1\u{3000}"), None),
        (json!("a\u{0}b"), None),
        (json!("a\u{fffd}"), None),
        (json!("x".repeat(513)), None),
        (json!(null), None),
        (json!(["1"]), None),
        (json!(true), None),
    ] {
        let read = read(&with("card_number", value.clone()), &[]);
        let card_number = read.as_ref().map(|member| member.card_number());
        assert_eq!(card_number.ok(), expected, "{value}");
    }
}

#[test]
fn ocode_must_be_the_configured_one() {
    for (value, expected) in [
        (json!(SCHOOL), Ok(())),
        (json!(1_014_714_333), Ok(())),
        (json!("1014714334"), Err(ErrorKind::Denied)),
        (json!("01014714333"), Err(ErrorKind::Denied)),
        (json!(" 1014714333"), Err(ErrorKind::Denied)),
        (json!(""), Err(ErrorKind::Malformed)),
        (json!(null), Err(ErrorKind::Malformed)),
        (json!({}), Err(ErrorKind::Malformed)),
    ] {
        let read = read(&with("ocode", value.clone()), &[]).map(drop);
        assert_eq!(read, expected, "{value}");
    }
}

#[test]
fn e6_text_is_trimmed_cut_and_may_be_a_number_or_absent() {
    let name = |value: Value| read(&with("name", value), &[]).unwrap().name;
    assert_eq!(name(json!(" \u{3000}王 ")), "王");
    assert_eq!(name(json!("x".repeat(600))).len(), 512);
    assert_eq!(name(json!(7)), "7");
    for absent in [
        json!(null),
        json!(""),
        json!(" "),
        json!({}),
        json!([]),
        json!(true),
    ] {
        assert_eq!(name(absent), "");
    }
    let kind = |value: Value| {
        read(&with("identity_type", value), &[])
            .unwrap()
            .identity_type
    };
    for (value, expected) in [
        (json!(6), "6"),
        (json!("6"), "6"),
        (json!("6.0"), "6"),
        (json!(" 6"), "6"),
        (json!("本科生"), "本科生"),
        (json!([]), ""),
    ] {
        assert_eq!(kind(value), expected);
    }
    let class = |value: Value| {
        let member = read(&with("class", value), &[MemberField::Class]).unwrap();
        member.values(MemberField::Class).to_vec()
    };
    assert_eq!(
        class(json!(["1班", "", 2, null, {}, " 3班"])),
        ["1班", "2", "3班"]
    );
    assert_eq!(class(json!({ "a": 1 })), [""; 0]);
}

#[test]
fn identity_types_without_an_identifier_are_skipped() {
    let list = |reply: Value| {
        let reply = reply.as_object().unwrap();
        identity_types(reply, "test").map_err(|error| error.kind())
    };
    let reply = json!({ "list": [
        { "identity_type": 6, "name": " 本科生", "classification": 2, "classification_name": "学生" },
        { "identity_type": "110", "name": "", "classification": "9" },
        { "name": "没有编号" }, {}, null, "x",
    ] });
    let student = Some(IdentityType::Student);
    assert_eq!(
        list(reply).unwrap(),
        [
            SchoolIdentityType::new("6", "本科生", student),
            SchoolIdentityType::new("110", "", None),
        ]
    );
    assert_eq!(list(json!({ "list": [] })), Ok(Vec::new()));
    for damaged in [
        json!("x"),
        json!({}),
        json!(null),
        json!([1, {}]),
        json!([{ "name": "本科生" }]),
    ] {
        let reply = json!({ "list": damaged });
        assert_eq!(list(reply.clone()), Err(ErrorKind::Malformed), "{reply}");
    }
    assert_eq!(list(json!({ "errcode": 0 })), Err(ErrorKind::Malformed));
    assert_eq!(list(json!({ "data": { "list": [] } })), Ok(Vec::new()));
}
