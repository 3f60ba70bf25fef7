//! Responses of WeChat's exchange of a code to the client (rules E1 to E6). Oracle: a naive reading with `serde_json`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use tower_weika::AuthorizationCode;
use tower_weika::client::wechat::WechatClient;
use tower_weika_fuzz::json::{
    has_bearer, has_identifier, has_repeated_members, is_code, strict_object,
};
use tower_weika_fuzz::split_byte;
use tower_weika_fuzz::upstream::{Reply, block_on, transport};

const APP_ID: &str = "wx0123456789abcdef";

fuzz_target!(|data: &[u8]| {
    let (settings, data) = split_byte(data);
    let allows_snapshots = settings % 2 == 1;
    let reply = Reply::of(data);
    let (status, body) = (reply.status, reply.body.clone());
    let client =
        WechatClient::builder(APP_ID, "app-secret").transport(transport(move |_| reply.clone()));
    let client = if allows_snapshots {
        client.allow_snapshot_users()
    } else {
        client
    };
    let client = client.build().expect("a client");
    let object = strict_object(&body).filter(|_| !has_repeated_members(&body));
    let is_user = status == 200 && object.as_ref().is_some_and(is_user);
    let Ok(user) = block_on(client.user(AuthorizationCode::new("c0de"))) else {
        let object = object.unwrap_or_default();
        assert!(!is_user || !allows_snapshots && !is_clear_no(&object));
        return;
    };
    assert!(status == 200 && user.app_id == APP_ID && !user.is_bound());
    assert!(allows_snapshots || !user.is_snapshot_user);
    let union_id = user
        .union_id
        .as_ref()
        .map(|id| id.as_str())
        .unwrap_or_default();
    assert!(!user.open_id.as_str().contains('\u{fffd}') && !union_id.contains('\u{fffd}'));
    if strict_object(&body).is_none() {
        return;
    }
    let object = object.expect("no repeated members");
    assert!(is_user);
    assert_eq!(object["openid"], user.open_id.as_str());
    if has_identifier(&object, "unionid") {
        assert_eq!(object["unionid"], union_id);
    } else {
        assert_eq!(union_id, "");
    }
    let flag = object.get("is_snapshotuser");
    assert!(!is_clear_no(&object) || !user.is_snapshot_user, "{flag:?}");
    assert!(is_no(flag) || user.is_snapshot_user, "{flag:?}");
});

/// Returns whether a response names a user, in a snapshot or not.
fn is_user(object: &Map<String, Value>) -> bool {
    (!object.contains_key("errcode") || is_code(object, "errcode", 0))
        && has_bearer(object, "access_token")
        && has_identifier(object, "openid")
}

/// Returns whether the response says in the plainest form that this is no snapshot.
fn is_clear_no(object: &Map<String, Value>) -> bool {
    let flag = object.get("is_snapshotuser").unwrap_or(&Value::Null);
    flag.is_null() || *flag == false || *flag == 0 || *flag == "0"
}

/// Returns whether the flag is a "no" in any form. Every other value counts as a snapshot.
fn is_no(flag: Option<&Value>) -> bool {
    match flag {
        None | Some(Value::Null | Value::Bool(false)) => true,
        Some(Value::Number(number)) => number.as_f64() == Some(0.0),
        Some(Value::String(text)) => text.parse() == Ok(0.0),
        Some(_) => false,
    }
}
