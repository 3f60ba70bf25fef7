//! Values in unusual spellings, from the sandbox's response to the identity.

use serde_json::json;
use tower_weika::client::binding::BindingClient;
use tower_weika::client::weika::WeikaClient;
use tower_weika::identity::Manager;
use tower_weika::{AuthorizationCode, Error, ErrorKind};
use tower_weika_sandbox::{CutForm, Endpoint, Fault, Sandbox, Variation};

fn weika(sandbox: &Sandbox) -> WeikaClient {
    let client =
        WeikaClient::builder(sandbox.app_key(), sandbox.app_secret()).base_url(sandbox.base_url());
    client.build().expect("a client")
}

async fn chen(sandbox: &Sandbox) -> Result<Manager, Error> {
    let code = sandbox.issue_wxcode("chen").expect("a user of the sandbox");
    weika(sandbox).manager(AuthorizationCode::from(code)).await
}

#[tokio::test]
async fn floats_and_numeric_identifiers_give_the_same_manager() {
    let sandbox = Sandbox::start().await.unwrap();
    let usual = chen(&sandbox).await.unwrap();
    assert_eq!((usual.role_id, usual.schools.len()), (Some(3), 3));
    for variations in [
        &[Variation::NumbersAsFloats][..],
        &[Variation::IdentifiersAsNumbers],
        &[Variation::IdentifiersAsNumbers, Variation::NumbersAsFloats],
        &[Variation::NumbersAsFloats, Variation::NumbersAsStrings],
    ] {
        sandbox.variations().clear();
        variations
            .iter()
            .cloned()
            .for_each(|variation| sandbox.variations().on(variation));
        assert_eq!(chen(&sandbox).await.unwrap(), usual, "{variations:?}");
    }
}

#[tokio::test]
async fn a_name_that_is_cut_in_an_emoji_ends_with_a_replacement_character() {
    let sandbox = Sandbox::start().await.unwrap();
    let usual = chen(&sandbox).await.unwrap();
    for form in [CutForm::Surrogate, CutForm::Utf8] {
        sandbox.variations().on(Variation::CutNames(form));
        let cut = chen(&sandbox).await.unwrap();
        assert_eq!(cut.user_id, usual.user_id);
        assert_eq!(cut.name, format!("{}\u{fffd}", usual.name), "{form:?}");
        assert_eq!(cut.schools[0].name, "示例大学\u{fffd}");
        assert_eq!(
            cut.current_school().map(|school| &school.code),
            usual.current_school().map(|school| &school.code)
        );
    }
}

#[tokio::test]
async fn a_token_with_a_float_for_a_lifetime_is_fetched_once() {
    for lifetime in [json!(7200.0), json!("7200.0"), json!(1e30)] {
        let sandbox = Sandbox::start().await.unwrap();
        let client = weika(&sandbox);
        sandbox
            .faults()
            .once(Endpoint::AccessToken, Fault::ExpiresIn(Some(lifetime)));
        for _ in 0..4 {
            drop(client.access_token().await.unwrap());
        }
        assert_eq!(sandbox.call_log().tokens_issued(), 1);
    }
}

#[tokio::test]
async fn a_bound_user_with_a_float_for_a_lifetime_is_bound() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.bind("xiaohong");
    sandbox.variations().on(Variation::NumbersAsFloats);
    let binding = BindingClient::builder(sandbox.base_url()).build().unwrap();
    let code = AuthorizationCode::from(sandbox.issue_wechat_code("xiaohong").unwrap());
    assert!(
        binding
            .check(sandbox.app_id(), code)
            .await
            .unwrap()
            .is_bound()
    );
}

#[tokio::test]
async fn wrong_secret_is_named_in_the_error_with_the_remedy() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = WeikaClient::builder(sandbox.app_key(), "wr0ng")
        .base_url(sandbox.base_url())
        .build()
        .unwrap();
    let error = client.fetch_access_token().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.upstream_code()),
        (ErrorKind::Configuration, Some(40_001))
    );
    let shown = error.to_string();
    assert!(
        shown.contains("40001: app_key or app_secret is wrong (不合法); compare app_key"),
        "{shown}"
    );
    assert!(
        !shown.contains("wr0ng") && !shown.contains(sandbox.app_key()),
        "{shown}"
    );
}
