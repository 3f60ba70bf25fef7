//! The same for WeChat with the application's own secret, which is in the query of a URL beside the
//! code.

use std::time::Duration;

use serde_json::json;
use tower_weika::client::wechat::WechatClient;
use tower_weika::provider::WechatUserProvider;
use tower_weika::{AuthorizationCode, ErrorKind};
use tower_weika_sandbox::{Endpoint, Fault, Gate, Sandbox};

use super::site::{ORIGIN, Site, soon};
use super::way::{OwnSecret, Way};
use super::{Secrets, capture, shown};

fn secrets(sandbox: &Sandbox) -> Secrets {
    let mut secrets = Secrets::default();
    secrets.add("secret", sandbox.wechat_secret());
    secrets.add("secret of the website", sandbox.website_secret());
    secrets
}

fn faults() -> Vec<Fault> {
    vec![
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::Hang,
        Fault::TruncatedBody,
        Fault::EmptyBody,
        Fault::HugeBody,
        Fault::BadGateway,
        Fault::TooManyRequests,
        Fault::Redirect("http://127.0.0.1:9/elsewhere".to_owned()),
        Fault::Errcode(json!(-1)),
        Fault::Errcode(json!(40_029)),
        Fault::Errcode(json!(40_163)),
        Fault::Errcode(json!(40_125)),
        Fault::Errcode(json!(40_164)),
        Fault::Errcode(json!({ "odd": true })),
    ]
}

#[tokio::test]
async fn login_with_the_own_secret_has_no_secret_in_log_responses_or_debug() {
    capture();
    let site = Site::<OwnSecret>::start_with_timeout(Duration::from_secs(1)).await;
    let mut secrets = secrets(&site.sandbox);
    for fault in [None].into_iter().chain(faults().into_iter().map(Some)) {
        if let Some(fault) = fault {
            site.sandbox.faults().always(OwnSecret::EXCHANGE, fault);
        }
        let browser = site.browser();
        let visit = soon(browser.get(&format!("{ORIGIN}/admin/x"))).await;
        let visit = visit.expect("a response");
        secrets.visit(&visit);
        secrets.assert_not_in_responses(&visit);
        site.sandbox.faults().clear();
        site.clock.advance(Duration::from_secs(60));
    }
    // A client that hangs up while WeChat is asked.
    let gate = Gate::new();
    let held = Fault::Held(gate.clone());
    site.sandbox.faults().once(OwnSecret::EXCHANGE, held);
    let browser = site.browser();
    let state = site.begin(&browser, "/").await;
    let callback = site.callback("wang", &state);
    secrets.url(&callback);
    browser
        .get_and_hang_up(&callback, Duration::from_millis(50))
        .await
        .unwrap();
    gate.open();
    for what in ["code", "session id", "flow cookie", "state"] {
        assert!(
            secrets.0.iter().any(|(collected, _)| *collected == what),
            "no {what} was found"
        );
    }
    let text = format!("{:#?} {:#?}", site.provider, site.login);
    secrets.assert_absent_from("Debug", &text);
    secrets.assert_not_logged();
}

#[tokio::test]
async fn errors_of_wechats_api_show_neither_the_secret_nor_the_code() {
    capture();
    let mut sandbox = Sandbox::start().await.unwrap();
    let mut secrets = secrets(&sandbox);
    let client = WechatClient::builder(sandbox.app_id(), sandbox.wechat_secret())
        .base_url(sandbox.base_url())
        .total_timeout(Duration::from_secs(1));
    secrets.assert_absent_from("Debug", &format!("{client:#?}"));
    let client = client.build().unwrap();
    for fault in faults() {
        sandbox.faults().always(Endpoint::WechatSnsToken, fault);
        let code = sandbox.issue_wechat_code("xiaoming").unwrap();
        secrets.add("code", &code);
        let error = client.user(AuthorizationCode::from(code)).await;
        secrets.assert_absent_from("an error", &shown(&error.unwrap_err()));
        sandbox.faults().clear();
    }
    // A connection that is refused, and a configuration that is wrong.
    let code = sandbox.issue_wechat_code("xiaoming").unwrap();
    secrets.add("code", &code);
    let stopped = std::mem::replace(&mut sandbox, Sandbox::start().await.unwrap());
    stopped.shutdown().await;
    let error = client.user(AuthorizationCode::from(code)).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    secrets.assert_absent_from("an error", &shown(&error));

    secrets.add("invalid secret", "misconfigured secret");
    let invalid = WechatClient::builder("wx 0", "misconfigured secret").build();
    secrets.assert_absent_from("an error", &shown(&invalid.unwrap_err()));
    let provider = WechatUserProvider::builder_for_website(client).app_id("wx9");
    secrets.assert_absent_from("Debug", &format!("{provider:#?}"));
    secrets.assert_absent_from("an error", &shown(&provider.build().unwrap_err()));
    secrets.assert_not_logged();
}
