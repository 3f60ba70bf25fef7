//! Responses of Weika's manager login to the client (rules E1 to E6). Oracle: a naive reading with `serde_json`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tower_weika::AuthorizationCode;
use tower_weika::client::weika::WeikaClient;
use tower_weika_fuzz::json::{
    about, assert_identifier, has_identifier, has_repeated_members, is_code, strict_object,
};
use tower_weika_fuzz::split_byte;
use tower_weika_fuzz::upstream::{Reply, block_on, transport};

const TOKEN: &str = r#"{"errcode":0,"access_token":"t0ken","expires_in":7200}"#;

fuzz_target!(|data: &[u8]| {
    let (call, data) = split_byte(data);
    let is_token_call = call % 2 == 1;
    let reply = Reply::of(data);
    let (status, body) = (reply.status, reply.body.clone());
    let upstream = move |path: &str| match path {
        "/open/cgi-bin/access-token" if !is_token_call => Reply::ok(TOKEN),
        _ => reply.clone(),
    };
    let client =
        WeikaClient::builder("0123456789ABCDEF", "app-secret").transport(transport(upstream));
    let client = client.build().expect("a client");
    // Repaired text cannot be compared, but is never an identifier.
    let object = strict_object(&body);
    // The plainest form has to be accepted.
    let is_success = |identifier: &str| {
        status == 200
            && !has_repeated_members(&body)
            && object.as_ref().is_some_and(|object| {
                is_code(object, "errcode", 0) && has_identifier(object, identifier)
            })
    };
    if is_token_call {
        let Ok(issued) = block_on(client.fetch_access_token()) else {
            assert!(!is_success("access_token"), "a token is rejected");
            return;
        };
        assert!(status == 200 && !issued.token().expose().contains('\u{fffd}'));
        let Some(object) = object else {
            return;
        };
        assert!(is_code(&object, "errcode", 0) && !has_repeated_members(&body));
        assert_identifier(issued.token().expose(), &object, "access_token");
        assert!(issued.lifetime().is_none_or(|lifetime| !lifetime.is_zero()));
    } else {
        let Ok(manager) = block_on(client.manager(AuthorizationCode::new("c0de"))) else {
            assert!(!is_success("user_id"), "a manager is rejected");
            return;
        };
        assert!(status == 200 && !manager.user_id.as_str().contains('\u{fffd}'));
        let current = manager.current_school_code.as_deref();
        assert!(
            current.is_none_or(|code| manager.schools.iter().any(|school| school.code == code)),
            "E6"
        );
        assert!(manager.name.chars().count() <= 512);
        let Some(object) = object else {
            return;
        };
        assert!(is_code(&object, "errcode", 0) && !has_repeated_members(&body));
        assert_identifier(manager.user_id.as_str(), &object, "user_id");
        let schools = about(&object, "user_id")
            .get("schools")
            .and_then(|schools| schools.as_array());
        assert!(manager.schools.len() <= schools.map_or(0, Vec::len));
    }
});
