//! Responses of the openid-binding service to the client (rules E1 to E6). Oracle: a naive reading with `serde_json`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tower_weika::AuthorizationCode;
use tower_weika::client::binding::BindingClient;
use tower_weika_fuzz::json::{
    assert_identifier, has_bearer, has_identifier, has_repeated_members, is_code, strict_object,
};
use tower_weika_fuzz::upstream::{Reply, block_on, transport};

fuzz_target!(|data: &[u8]| {
    let reply = Reply::of(data);
    let (status, body) = (reply.status, reply.body.clone());
    let client = BindingClient::builder("https://binding.example")
        .transport(transport(move |_| reply.clone()));
    let client = client.build().expect("a client");
    let Ok(user) = block_on(client.check("wx0123456789abcdef", AuthorizationCode::new("c0de")))
    else {
        assert!(status != 200 || !is_user(&body), "a user is rejected");
        return;
    };
    assert!(
        status == 200
            && user.app_id == "wx0123456789abcdef"
            && !user.open_id.as_str().contains('\u{fffd}')
    );
    assert_eq!(user.is_bound(), user.bearer().is_some());
    let Some(object) = strict_object(&body) else {
        return;
    };
    assert!(!has_repeated_members(&body));
    assert_eq!(is_code(&object, "code", 0), user.is_bound());
    assert_eq!(is_code(&object, "code", 2000), !user.is_bound());
    assert_identifier(user.open_id.as_str(), &object, "openId");
});

/// Returns whether a response names a user in the plainest form.
fn is_user(body: &[u8]) -> bool {
    let Some(object) = strict_object(body).filter(|_| !has_repeated_members(body)) else {
        return false;
    };
    let is_bound = is_code(&object, "code", 0)
        && has_bearer(&object, "token")
        && object
            .get("expire")
            .and_then(Value::as_i64)
            .is_some_and(|seconds| seconds > 0);
    has_identifier(&object, "openId") && (is_bound || is_code(&object, "code", 2000))
}
