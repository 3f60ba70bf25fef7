//! Responses of Weika's member login to the client (rules E1 to E6). Oracle: a naive reading with `serde_json`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use tower_weika::AuthorizationCode;
use tower_weika::client::weika_member::WeikaMemberClient;
use tower_weika::identity::MemberField;
use tower_weika_fuzz::json::{
    about, assert_identifier, has_identifier, has_repeated_members, is_code, strict_object,
};
use tower_weika_fuzz::split_byte;
use tower_weika_fuzz::upstream::{Reply, block_on, transport};

const OCODE: &str = "1014714333";
const TOKEN: &str = r#"{"access_token":"t0ken","expires_in":7200}"#;
const MEMBER: &str = r#"{"errcode":0,"ocode":"1014714333","card_number":"20230042"}"#;

fuzz_target!(|data: &[u8]| {
    let (call, data) = split_byte(data);
    // The response to the one call or to the other comes from the input.
    let fuzzed = ["/connect/oauth2/token", "/connect/oauth/get-user-info"][usize::from(call % 2)];
    let is_token = call % 2 == 0;
    let reply = Reply::of(data);
    let (status, body) = (reply.status, reply.body.clone());
    let upstream = move |path: &str| match path {
        path if path == fuzzed => reply.clone(),
        "/connect/oauth2/token" => Reply::ok(TOKEN),
        _ => Reply::ok(MEMBER),
    };
    let client = WeikaMemberClient::builder("0123456789ABCDEF", "app-secret", OCODE)
        .fields([MemberField::College, MemberField::Email])
        .transport(transport(upstream));
    let client = client.build().expect("a client");
    let code = AuthorizationCode::new("c0de");
    let object = strict_object(&body);
    let Ok(member) = block_on(client.member(code, "https://campus.example/callback")) else {
        let is_success = if is_token { is_issued } else { is_member };
        assert!(
            status != 200
                || has_repeated_members(&body)
                || !object.is_some_and(|object| is_success(&object)),
            "a member is rejected"
        );
        return;
    };
    assert!(
        status == 200
            && member.school_code() == OCODE
            && !member.card_number().contains('\u{fffd}')
    );
    assert!(member.name.chars().count() <= 512 && member.name.trim() == member.name);
    let Some(object) = object else {
        return;
    };
    assert!(!has_repeated_members(&body));
    let has_error = object
        .get("error")
        .is_some_and(|it| !it.is_null() && it.as_str() != Some(""));
    assert!(!has_error, "an error of OAuth");
    if is_token {
        assert!(!object.contains_key("errcode") || is_code(&object, "errcode", 0));
        let token = about(&object, "access_token").get("access_token");
        assert!(
            token
                .and_then(Value::as_str)
                .is_some_and(|token| !token.is_empty())
        );
    } else {
        assert!(is_code(&object, "errcode", 0));
        assert_identifier(member.card_number(), &object, "card_number");
        let ocode = about(&object, "card_number")
            .get("ocode")
            .cloned()
            .unwrap_or_default();
        assert!(
            ocode == OCODE || ocode.as_f64() == OCODE.parse().ok(),
            "another school"
        );
    }
});

/// Returns whether a response is a token in the plainest form.
fn is_issued(object: &Map<String, Value>) -> bool {
    let has_other = ["error", "errcode", "ocode"]
        .iter()
        .any(|member| object.contains_key(*member));
    has_identifier(object, "access_token") && !has_other
}

/// Returns whether a response is a member in the plainest form.
fn is_member(object: &Map<String, Value>) -> bool {
    is_code(object, "errcode", 0)
        && !object.contains_key("error")
        && object.get("ocode").is_some_and(|ocode| ocode == OCODE)
        && has_identifier(object, "card_number")
        && object["card_number"]
            .as_str()
            .is_some_and(|number| number.trim() == number)
}
