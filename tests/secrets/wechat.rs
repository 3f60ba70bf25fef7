//! The same for WeChat users, the binding service and Kesion, whose responses contain many secrets.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::routing::get;
use axum::{Extension, Router};
use serde_json::json;
use tower_weika::client::binding::BindingClient;
use tower_weika::client::kesion::{Encoding, KesionClient};
use tower_weika::guard::GuardLayer;
use tower_weika::identity::{AccountAuthorization, WechatUser};
use tower_weika::official_account::{AddOfficialAccountLayer, OfficialAccounts};
use tower_weika::session::Authenticated;
use tower_weika::{ApiKey, AppToken, AuthorizationCode, Error};
use tower_weika_sandbox::{BindingState, Browser, Endpoint, Fault, KesionState, Visit};

use super::site::{ORIGIN, Server, Site, soon};
use super::way::{Way, Wechat};
use super::{Secrets, capture, shown};

/// The tokens that a page of the application received, and the `Debug` output of its users.
type Seen = Arc<Mutex<Vec<(String, String)>>>;

async fn see(State(seen): State<Seen>, user: Authenticated<WechatUser>) {
    let token = user
        .bearer()
        .map_or_else(String::new, |token| token.expose().to_owned());
    let text = format!(
        "{user:?} {:#?} {:#?} {:?}",
        user.session(),
        user.identity(),
        user.bearer()
    );
    seen.lock().expect("no panic before").push((token, text));
}

async fn go(browser: &Browser, secrets: &mut Secrets, path: &str) -> Visit {
    let visit = soon(browser.get(&format!("{ORIGIN}{path}")))
        .await
        .expect("a response");
    secrets.visit(&visit);
    secrets.assert_not_in_responses(&visit);
    visit
}

#[tokio::test]
async fn wechat_login_has_no_secret_in_log_responses_or_debug() {
    capture();
    let site = Site::<Wechat>::start().await;
    let seen = Seen::default();
    let app = Router::new()
        .route("/see", get(see))
        .route(
            "/app",
            get(see).layer(GuardLayer::<WechatUser>::bound("/bind")),
        )
        .with_state(Arc::clone(&seen))
        .layer(site.login.silent_login())
        .layer(site.login.clone());
    let server = Server::start(app);
    let mut secrets = Secrets::default();
    for person in ["wang", "li", "unlinked"] {
        let browser = site.browser().route(ORIGIN, server.address);
        site.auto_approve(person);
        assert_eq!(go(&browser, &mut secrets, "/see").await.status(), 200);
        go(&browser, &mut secrets, "/app").await;
    }
    for fault in [
        Fault::ResetAfter,
        Fault::TruncatedBody,
        Fault::BadGateway,
        Fault::Errcode(json!(2001)),
        Fault::Errcode(json!(440_002)),
        Fault::Errcode(json!("odd")),
        Fault::ExpiresIn(None),
    ] {
        site.sandbox.faults().always(Endpoint::OpenId, fault);
        let browser = site.browser().route(ORIGIN, server.address);
        go(&browser, &mut secrets, "/app").await;
        site.sandbox.faults().clear();
    }
    let seen = seen.lock().unwrap();
    assert!(
        seen.iter().filter(|(token, _)| token.len() > 100).count() >= 2,
        "the application gets the tokens"
    );
    for (token, _) in seen.iter() {
        secrets.add("binding token", token);
        token
            .split('.')
            .for_each(|part| secrets.add("binding token", part));
    }
    for what in [
        "code",
        "session id",
        "flow cookie",
        "state",
        "binding token",
    ] {
        assert!(
            secrets.0.iter().any(|(collected, _)| *collected == what),
            "no {what} was found"
        );
    }
    for (_, text) in seen.iter() {
        secrets.assert_absent_from("Debug", text);
    }
    secrets.assert_absent_from(
        "Debug",
        &format!(
            "{:#?} {:#?} {:#?}",
            site.provider,
            site.login,
            site.login.silent_login()
        ),
    );
    secrets.assert_not_logged();
}

#[tokio::test]
async fn errors_of_the_binding_service_show_no_code() {
    capture();
    let site = Site::<Wechat>::start_with_timeout(Duration::from_secs(1)).await;
    let mut secrets = Secrets::default();
    let binding = BindingClient::builder(site.sandbox.base_url())
        .total_timeout(Duration::from_secs(1))
        .build()
        .unwrap();
    for fault in [
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::Hang,
        Fault::TruncatedBody,
        Fault::EmptyBody,
        Fault::BadGateway,
        Fault::Errcode(json!({ "odd": true })),
        Fault::ExpiresIn(None),
    ] {
        site.sandbox.faults().always(Endpoint::OpenId, fault);
        let code = Wechat::issue_code(&site.sandbox, "wang").unwrap();
        secrets.add("code", &code);
        let error = binding
            .check(site.sandbox.app_id(), AuthorizationCode::from(code))
            .await
            .unwrap_err();
        secrets.assert_absent_from("an error", &shown(&error));
        site.sandbox.faults().clear();
    }
    site.sandbox.set_binding(BindingState::NotConfigured);
    let code = Wechat::issue_code(&site.sandbox, "wang").unwrap();
    secrets.add("code", &code);
    let error = binding
        .check(site.sandbox.app_id(), AuthorizationCode::from(code))
        .await
        .unwrap_err();
    secrets.assert_absent_from("an error", &shown(&error));
    secrets.assert_not_logged();
}

#[tokio::test]
async fn secrets_of_kesion_are_not_kept_logged_or_shown() {
    async fn account(Extension(authorization): Extension<AccountAuthorization>) -> String {
        format!("{authorization:#?}")
    }

    capture();
    let site = Site::<Wechat>::start().await;
    let sandbox = &site.sandbox;
    let mut secrets = Secrets::default();
    secrets.add("apptoken", sandbox.apptoken());
    secrets.add("refresh token", sandbox.refresh_token());
    secrets.add("apikey", "api-key-of-the-site");
    secrets.add("wrong apptoken", "not-the-apptoken-0000");
    for encoding in [Encoding::Form, Encoding::Json, Encoding::Query] {
        let kesion =
            KesionClient::builder(sandbox.base_url()).api_key(ApiKey::new("api-key-of-the-site"));
        let kesion = kesion
            .encoding(encoding)
            .total_timeout(Duration::from_secs(1));
        secrets.assert_absent_from("Debug", &format!("{kesion:#?}"));
        let kesion = kesion.build().unwrap();
        let accounts = OfficialAccounts::new(kesion.clone());
        let school = accounts.school_account(AppToken::new(sandbox.apptoken()));
        let app = Router::new()
            .route("/account", get(account))
            .layer(AddOfficialAccountLayer::new(school.clone()));
        let server = Server::start(app);
        let browser = site.browser().route(ORIGIN, server.address);
        for state in [
            KesionState::Authorized,
            KesionState::NotAuthorized,
            KesionState::NotOpened,
            KesionState::Failing,
        ] {
            sandbox.set_kesion(state);
            school.invalidate();
            go(&browser, &mut secrets, "/account").await;
        }
        sandbox.set_kesion(KesionState::Authorized);
        let mut errors: Vec<Error> = Vec::new();
        errors.extend(
            kesion
                .official_account(&AppToken::new("not-the-apptoken-0000"))
                .await
                .err(),
        );
        for fault in [
            Fault::ResetAfter,
            Fault::Hang,
            Fault::TruncatedBody,
            Fault::BadGateway,
            Fault::Errcode(json!(7)),
        ] {
            sandbox.faults().always(Endpoint::OfficialAccount, fault);
            errors.extend(
                kesion
                    .official_account(&AppToken::new(sandbox.apptoken()))
                    .await
                    .err(),
            );
            sandbox.faults().clear();
        }
        assert_eq!(errors.len(), 6);
        for error in &errors {
            secrets.assert_absent_from("an error", &shown(error));
        }
        school.invalidate();
        let text = format!(
            "{:#?} {accounts:#?} {school:#?} {kesion:#?}",
            school.get().await
        );
        assert!(text.contains("gh_000000000001"), "the account is shown");
        secrets.assert_absent_from("Debug", &text);
    }
    secrets.assert_not_logged();
}
