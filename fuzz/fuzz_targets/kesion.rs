//! Responses of Kesion to the client (rules E1 to E8). Oracle: a naive reading with `serde_json`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use tower_weika::AppToken;
use tower_weika::client::kesion::KesionClient;
use tower_weika::identity::AccountAuthorization;
use tower_weika_fuzz::json::{has_identifier, has_repeated_members, is_code, strict_object};
use tower_weika_fuzz::upstream::{Reply, block_on, transport};
use url::Url;

fuzz_target!(|data: &[u8]| {
    let reply = Reply::of(data);
    let (status, body) = (reply.status, reply.body.clone());
    let client = KesionClient::builder("https://school.example")
        .allow_host("*.auth.example")
        .transport(transport(move |_| reply.clone()));
    let client = client.build().expect("a client");
    let object = strict_object(&body).filter(|_| !has_repeated_members(&body));
    let Ok(outcome) = block_on(client.official_account(&AppToken::new("0123456789abcdef"))) else {
        assert!(
            status != 200 || !object.is_some_and(|object| is_outcome(&object)),
            "an outcome is rejected"
        );
        return;
    };
    assert!(status == 200);
    let link = match &outcome {
        AccountAuthorization::Authorized(account) => account.auth_url.clone(),
        AccountAuthorization::NotAuthorized { auth_url } => auth_url.clone(),
        _ => None,
    };
    if let Some(link) = link {
        let url = Url::parse(&link).expect("a URL");
        let host = url.host_str().unwrap_or_default();
        let is_allowed = host == "school.example" || host.ends_with(".auth.example");
        assert!(
            is_allowed && url.scheme() == "https" && url.port().is_none(),
            "E8: {link}"
        );
        assert!(
            url.username().is_empty() && url.password().is_none(),
            "E8: {link}"
        );
    }
    if let AccountAuthorization::Authorized(account) = &outcome {
        assert!(!account.app_id.is_empty() && !account.app_id.contains('\u{fffd}'));
        let stored = format!("{:?}", account.info.as_ref().map(|info| &info.raw));
        assert!(!stored.contains("authorizer_refresh_token"), "E8");
    }
    if strict_object(&body).is_none() {
        return;
    }
    let object = object.expect("no repeated members");
    let code = |code| is_code(&object, "returnCode", code);
    match outcome {
        AccountAuthorization::Authorized(account) => {
            assert_eq!(object["result"], Value::Bool(true));
            assert!(object.get("returnCode").is_none_or(Value::is_null) || code(0));
            assert_eq!(object["appid"], *account.app_id);
        }
        AccountAuthorization::NotAuthorized { .. } => {
            assert!(object["result"] == Value::Bool(false) && code(3002))
        }
        _ => assert!(object["result"] == Value::Bool(false) && code(3001)),
    }
});

/// Returns whether a response is an outcome in the plainest form.
fn is_outcome(object: &Map<String, Value>) -> bool {
    let code = |code| is_code(object, "returnCode", code);
    match object.get("result") {
        Some(Value::Bool(true)) => {
            let has_no_code = object.get("returnCode").is_none_or(Value::is_null) || code(0);
            has_no_code && has_identifier(object, "appid")
        }
        Some(Value::Bool(false)) => code(3001) || code(3002),
        _ => false,
    }
}
