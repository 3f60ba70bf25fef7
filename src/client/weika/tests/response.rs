use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use serde_json::Value;

use super::super::response::{issued_token, manager};
use crate::error::ErrorKind;
use crate::identity::{IdentityType, Manager, MediaInfo, RealInfo, School};
use crate::token::IssuedToken;
use crate::trace::tests::Captured;

fn read(answer: &Value) -> Result<Manager, ErrorKind> {
    manager(answer.as_object().unwrap(), "test").map_err(|error| error.kind())
}

fn lifetime(expires_in: &Value) -> Option<Duration> {
    let answer = json!({ "access_token": "t", "expires_in": expires_in });
    issued_token(answer.as_object().unwrap(), "test")
        .unwrap()
        .lifetime()
}

#[test]
fn documented_response_is_parsed() {
    let school = json!({ "school_code": "1014714333", "school_name": "一中", "host": "https://uni.weixiao.qq.com" });
    let manager = read(&json!({
        "errcode": 0, "errmsg": "success",
        "user_id": "oJBUeuGd04PY53N2KVICrzNGeMSM", "name": "王😀",
        "schools": [school, {}],
        "manager_real_info": { "card_number": "20230042", "name": "王", "identity_type": "1" },
        "media_info": { "app_id": "wx1", "media_id": "gh_1" },
        "cur_school": school, "role_id": 1, "parent_id": 0,
    }))
    .unwrap();
    assert_eq!(manager.user_id.as_str(), "oJBUeuGd04PY53N2KVICrzNGeMSM");
    assert_eq!(manager.name, "王😀");
    assert_eq!(manager.schools.len(), 1);
    let school = manager.current_school().unwrap();
    assert_eq!((&*school.code, &*school.name), ("1014714333", "一中"));
    assert_eq!(school.host.as_deref(), Some("https://uni.weixiao.qq.com"));
    let real = manager.real_info.as_ref().unwrap();
    assert_eq!((&*real.card_number, &*real.name), ("20230042", "王"));
    assert_eq!(real.named_identity_type(), Some(IdentityType::Other));
    let media = manager.media_info.as_ref().unwrap();
    assert_eq!((&*media.app_id, &*media.media_id), ("wx1", "gh_1"));
    assert_eq!((manager.role_id, manager.parent_id), (Some(1), Some(0)));
}

#[test]
fn e2_without_a_user_id_there_is_no_login() {
    assert_eq!(
        read(&json!({ "errcode": 0, "name": "王" })),
        Err(ErrorKind::Malformed)
    );
    for unusable in [
        json!(""),
        json!(null),
        json!(7),
        json!("a\u{0}b"),
        json!("x".repeat(513)),
        json!({}),
    ] {
        assert_eq!(
            read(&json!({ "user_id": unusable })),
            Err(ErrorKind::Malformed)
        );
    }
    let beneath = json!({ "user_id": "", "data": { "user_id": "o1" } });
    assert_eq!(
        read(&beneath),
        Err(ErrorKind::Malformed),
        "a bad member is not looked for elsewhere"
    );
}

#[test]
fn e2_everything_may_be_under_data() {
    let manager =
        read(&json!({ "data": { "user_id": "o1", "name": "王", "role_id": 2 } })).unwrap();
    assert_eq!(
        (manager.user_id.as_str(), &*manager.name, manager.role_id),
        ("o1", "王", Some(2))
    );
}

#[test]
fn e5_lifetimes_are_believed_within_reason() {
    assert_eq!(lifetime(&json!(7200)), Some(Duration::from_secs(7_200)));
    assert_eq!(lifetime(&json!("7200")), Some(Duration::from_secs(7_200)));
    for unreadable in [
        json!(0),
        json!(-7200),
        json!("0"),
        json!("soon"),
        json!(null),
        json!([]),
        json!(7.5),
    ] {
        assert_eq!(lifetime(&unreadable), None, "{unreadable}");
    }
    for spelling in [json!(7200.0), json!("7200.0"), json!("7.2e3")] {
        assert_eq!(
            lifetime(&spelling),
            Some(Duration::from_secs(7_200)),
            "{spelling}"
        );
    }
    for enormous in [
        json!(604_801),
        json!(i64::MAX),
        json!(u64::MAX),
        json!("9223372036854775807"),
        json!("99999999999999999999"),
        json!(1e30),
    ] {
        assert_eq!(lifetime(&enormous), Some(IssuedToken::MAX_LIFETIME));
    }
}

#[test]
fn e6_absent_objects_have_many_spellings() {
    for absent in [json!(null), json!({}), json!([]), json!("")] {
        let manager = read(&json!({
            "user_id": "o1", "schools": absent, "cur_school": absent,
            "manager_real_info": absent, "media_info": absent, "role_id": absent, "parent_id": absent,
        }))
        .unwrap();
        assert_eq!(manager, Manager::new("o1"), "{absent}");
    }
}

#[test]
fn e6_schools_without_a_code_are_skipped() {
    let schools = json!([{}, null, { "school_name": "x" }, { "school_code": "" }, { "school_code": "1" }, []]);
    let manager = read(&json!({ "user_id": "o1", "schools": schools })).unwrap();
    assert_eq!(manager.schools, [School::new("1", "")]);
}

#[test]
fn e6_current_school_counts_only_if_it_is_among_the_schools() {
    let answer = |code| json!({ "user_id": "o1", "schools": [{ "school_code": "1" }], "cur_school": { "school_code": code } });
    assert_eq!(
        read(&answer("1"))
            .unwrap()
            .current_school()
            .map(|school| school.code.as_str()),
        Some("1")
    );
    assert_eq!(read(&answer("2")).unwrap().current_school(), None);
}

#[test]
fn e6_numbers_may_be_strings_and_the_other_way_round() {
    let manager = read(&json!({
        "user_id": "o1", "role_id": "1", "parent_id": "0", "manager_real_info": { "identity_type": 3 },
    }))
    .unwrap();
    assert_eq!((manager.role_id, manager.parent_id), (Some(1), Some(0)));
    assert_eq!(
        manager.real_info.unwrap().named_identity_type(),
        Some(IdentityType::Staff)
    );
}

#[test]
fn b1_integer_valued_float_is_a_lifetime() {
    let body: Value = serde_json::from_str(r#"{"expires_in":7200.0}"#).unwrap();
    assert_eq!(
        lifetime(&body["expires_in"]),
        Some(Duration::from_secs(7_200))
    );
}

#[test]
fn e5_an_unreadable_lifetime_is_a_warning_without_the_token() {
    let log = Captured::new();
    let answer = json!({ "access_token": "t0ken", "expires_in": "soon" });
    issued_token(answer.as_object().unwrap(), "test").unwrap();
    let lines = log.text();
    assert!(
        lines.contains("WARN") && lines.contains("field=expires_in"),
        "{lines}"
    );
    assert!(
        !lines.contains("t0ken") && !lines.contains("soon"),
        "{lines}"
    );
}

#[test]
fn b3_role_as_a_float_and_school_as_a_number_are_read() {
    let answer: Value = serde_json::from_str(
        r#"{
            "user_id": "o1", "role_id": 1.0, "parent_id": "0.0",
            "schools": [{ "school_code": 1011789061, "school_name": "一中" }, { "school_code": "1011789062" }],
            "cur_school": { "school_code": 1011789061.0 },
            "manager_real_info": { "card_number": 20230042, "identity_type": 3.0 }
        }"#,
    )
    .unwrap();
    let manager = read(&answer).unwrap();
    assert_eq!((manager.role_id, manager.parent_id), (Some(1), Some(0)));
    let codes: Vec<_> = manager
        .schools
        .iter()
        .map(|school| school.code.as_str())
        .collect();
    assert_eq!(codes, ["1011789061", "1011789062"]);
    assert_eq!(
        manager.current_school().map(|school| school.name.as_str()),
        Some("一中")
    );
    let real = manager.real_info.as_ref().unwrap();
    assert_eq!(
        (&*real.card_number, real.named_identity_type()),
        ("20230042", Some(IdentityType::Staff))
    );
}

#[test]
fn e4_a_number_is_no_user_and_a_school_number_is_positive() {
    for user_id in [
        json!(0),
        json!(1),
        json!(1.0),
        json!(u64::MAX),
        json!(false),
    ] {
        assert_eq!(
            read(&json!({ "user_id": user_id })),
            Err(ErrorKind::Malformed),
            "{user_id}"
        );
    }
    for code in [json!(0), json!(-1), json!(1.5), json!(1e30)] {
        let manager =
            read(&json!({ "user_id": "o1", "schools": [{ "school_code": code }] })).unwrap();
        assert_eq!(manager.schools, [], "{code}");
    }
}

#[test]
fn e4_damaged_identifiers_are_refused() {
    assert_eq!(
        read(&json!({ "user_id": "o1\u{fffd}" })),
        Err(ErrorKind::Malformed)
    );
    let token = json!({ "access_token": "t\u{fffd}", "expires_in": 7200 });
    assert!(issued_token(token.as_object().unwrap(), "test").is_err());
    let manager = read(&json!({
        "user_id": "o1",
        "schools": [{ "school_code": "1\u{fffd}" }, { "school_code": "2", "host": "https://a\u{fffd}" }],
        "manager_real_info": { "card_number": "3\u{fffd}", "name": "王\u{fffd}" },
        "media_info": { "app_id": "wx\u{fffd}", "media_id": "gh_1" },
    }))
    .unwrap();
    assert_eq!(manager.schools, [School::new("2", "")]);
    assert_eq!(manager.real_info, Some(RealInfo::new("", "王\u{fffd}", "")));
    assert_eq!(manager.media_info, Some(MediaInfo::new("", "gh_1")));
}

#[test]
fn b5_names_are_cut_at_512_characters() {
    let long = "王".repeat(20_000);
    let manager = read(&json!({
        "user_id": "o1", "name": long, "schools": [{ "school_code": "1", "school_name": long }],
        "manager_real_info": { "name": long, "identity_type": long },
    }))
    .unwrap();
    let (school, real) = (&manager.schools[0], manager.real_info.as_ref().unwrap());
    for text in [&manager.name, &school.name, &real.name, &real.identity_type] {
        assert_eq!(text.chars().count(), 512);
    }
}

#[test]
fn e_every_dropped_member_is_named_in_the_log() {
    let log = Captured::new();
    let manager = read(&json!({
        "user_id": "o1", "name": true, "role_id": "s3cr3t", "parent_id": 1.5,
        "schools": [{ "school_name": "s3cr3t" }, { "school_code": "1", "host": 7 }, "s3cr3t"],
        "cur_school": { "school_code": "s3cr3t" },
        "manager_real_info": { "card_number": ["s3cr3t"] },
        "media_info": "s3cr3t",
    }))
    .unwrap();
    assert_eq!(manager.schools, [School::new("1", "")]);
    let lines = log.text();
    for field in [
        "name",
        "role_id",
        "parent_id",
        "schools.school_code",
        "schools.host",
        "schools",
        "cur_school",
        "manager_real_info.card_number",
        "media_info",
    ] {
        assert!(
            lines.contains(&format!("field={field} ")),
            "{field}: {lines}"
        );
    }
    assert!(!lines.contains("s3cr3t"), "{lines}");
}

proptest! {
    #[test]
    fn e6_members_of_any_shape_never_panic(shape in "[\\[\\]{}0-9,:\"a-z]{0,24}") {
        let shape: Value = serde_json::from_str(&shape).unwrap_or_else(|_| json!(shape));
        let mut answer = json!({ "user_id": "o1" });
        for name in ["name", "schools", "cur_school", "manager_real_info", "media_info", "role_id", "parent_id"] {
            answer[name] = shape.clone();
        }
        let manager = read(&answer).unwrap();
        prop_assert_eq!(manager.user_id.as_str(), "o1");
        let nobody = json!({ "name": shape });
        prop_assert!(read(&nobody).is_err());
    }
}
