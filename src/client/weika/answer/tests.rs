use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::error::ErrorKind;
use crate::identity::IdentityType;

fn read(answer: &Value) -> Result<Manager, ErrorKind> {
    manager(answer.as_object().unwrap(), "test").map_err(|error| error.kind())
}

fn lifetime(expires_in: &Value) -> Option<Duration> {
    let answer = json!({ "access_token": "t", "expires_in": expires_in });
    issued_token(answer.as_object().unwrap(), "test").unwrap().lifetime()
}

#[test]
fn the_documented_answer_is_read() {
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
    assert_eq!(manager.user_id().as_str(), "oJBUeuGd04PY53N2KVICrzNGeMSM");
    assert_eq!(manager.name(), "王😀");
    assert_eq!(manager.schools().len(), 1);
    let school = manager.current_school().unwrap();
    assert_eq!((school.code(), school.name()), ("1014714333", "一中"));
    assert_eq!(school.host(), Some("https://uni.weixiao.qq.com"));
    let real = manager.real_info().unwrap();
    assert_eq!((real.card_number(), real.name()), ("20230042", "王"));
    assert_eq!(real.named_identity_type(), Some(IdentityType::Other));
    let media = manager.media_info().unwrap();
    assert_eq!((media.app_id(), media.media_id()), ("wx1", "gh_1"));
    assert_eq!((manager.role_id(), manager.parent_id()), (Some(1), Some(0)));
}

#[test]
fn e2_without_a_user_id_there_is_no_login() {
    assert_eq!(read(&json!({ "errcode": 0, "name": "王" })), Err(ErrorKind::Malformed));
    for unusable in [json!(""), json!(null), json!(7), json!("a\u{0}b"), json!("x".repeat(513)), json!({})] {
        assert_eq!(read(&json!({ "user_id": unusable })), Err(ErrorKind::Malformed));
    }
    let beneath = json!({ "user_id": "", "data": { "user_id": "o1" } });
    assert_eq!(read(&beneath), Err(ErrorKind::Malformed), "a bad member is not looked for elsewhere");
}

#[test]
fn e2_everything_may_be_under_data() {
    let manager = read(&json!({ "data": { "user_id": "o1", "name": "王", "role_id": 2 } })).unwrap();
    assert_eq!((manager.user_id().as_str(), manager.name(), manager.role_id()), ("o1", "王", Some(2)));
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
        json!("99999999999999999999"),
    ] {
        assert_eq!(lifetime(&unreadable), None, "{unreadable}");
    }
    for enormous in [json!(604_801), json!(i64::MAX), json!(u64::MAX), json!("9223372036854775807")] {
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
        assert_eq!(manager, Manager::builder("o1").build(), "{absent}");
    }
}

#[test]
fn e6_schools_without_a_code_are_skipped() {
    let schools = json!([{}, null, { "school_name": "x" }, { "school_code": "" }, { "school_code": "1" }, []]);
    let manager = read(&json!({ "user_id": "o1", "schools": schools })).unwrap();
    assert_eq!(manager.schools(), [School::new("1", "")]);
}

#[test]
fn e6_current_school_counts_only_if_it_is_among_the_schools() {
    let answer =
        |code| json!({ "user_id": "o1", "schools": [{ "school_code": "1" }], "cur_school": { "school_code": code } });
    assert_eq!(read(&answer("1")).unwrap().current_school().map(School::code), Some("1"));
    assert_eq!(read(&answer("2")).unwrap().current_school(), None);
}

#[test]
fn e6_numbers_may_be_strings_and_the_other_way_round() {
    let manager = read(&json!({
        "user_id": "o1", "role_id": "1", "parent_id": "0", "manager_real_info": { "identity_type": 3 },
    }))
    .unwrap();
    assert_eq!((manager.role_id(), manager.parent_id()), (Some(1), Some(0)));
    assert_eq!(manager.real_info().unwrap().named_identity_type(), Some(IdentityType::Staff));
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
        prop_assert_eq!(manager.user_id().as_str(), "o1");
        let nobody = json!({ "name": shape });
        prop_assert!(read(&nobody).is_err());
    }
}
