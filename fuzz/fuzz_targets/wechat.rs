//! Responses of WeChat's exchange of a code to the client (rules E1 to E6). Oracle: a naive reading with `serde_json`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tower_weika::AuthorizationCode;
use tower_weika::client::wechat::WechatClient;
use tower_weika_fuzz::json::{has_repeated_members, is_code, strict_object};
use tower_weika_fuzz::split_byte;
use tower_weika_fuzz::upstream::{Reply, block_on, transport};

fuzz_target!(|data: &[u8]| {
    let (settings, data) = split_byte(data);
    let allows_snapshots = settings % 2 == 1;
    let reply = Reply::of(data);
    let (status, body) = (reply.status, reply.body.clone());
    let client = WechatClient::builder("wx0123456789abcdef", "app-secret")
        .transport(transport(move |_| reply.clone()));
    let client = if allows_snapshots {
        client.allow_snapshot_users()
    } else {
        client
    };
    let client = client.build().expect("a client");
    let Ok(user) = block_on(client.user(AuthorizationCode::new("c0de"))) else {
        return;
    };
    assert!(status == 200 && !user.is_bound() && (allows_snapshots || !user.is_snapshot_user));
    let union_id = user
        .union_id
        .as_ref()
        .map(|id| id.as_str())
        .unwrap_or_default();
    assert!(!user.open_id.as_str().contains('\u{fffd}') && !union_id.contains('\u{fffd}'));
    let Some(object) = strict_object(&body) else {
        return;
    };
    assert!(!has_repeated_members(&body));
    assert!(!object.contains_key("errcode") || is_code(&object, "errcode", 0));
    assert_eq!(
        object.get("openid"),
        Some(&Value::from(user.open_id.as_str()))
    );
    assert!(
        object["access_token"]
            .as_str()
            .is_some_and(|token| !token.is_empty())
    );
    assert!(union_id.is_empty() || object["unionid"] == union_id);
    // Every value that is not a clear "no" counts as a snapshot.
    let is_no = match object.get("is_snapshotuser") {
        None | Some(Value::Null | Value::Bool(false)) => true,
        Some(Value::Number(number)) => number.as_f64() == Some(0.0),
        Some(Value::String(text)) => text.parse() == Ok(0.0),
        Some(_) => false,
    };
    assert!(
        is_no || user.is_snapshot_user,
        "{:?}",
        object["is_snapshotuser"]
    );
});
