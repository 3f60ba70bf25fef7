//! The same for members, whose responses contain personal data and two tokens.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde_json::json;
use tower_weika::AuthorizationCode;
use tower_weika::client::weika_member::WeikaMemberClient;
use tower_weika::guard::GuardLayer;
use tower_weika::identity::{Member, MemberField};
use tower_weika::session::Authenticated;
use tower_weika_sandbox::{Browser, Endpoint, Fault, Variation, Visit};

use super::site::{ORIGIN, Server, Site, soon};
use super::way::{Members, Way};
use super::{Secrets, capture, shown};

/// The `Debug` output of the members that a page saw.
type Seen = Arc<Mutex<Vec<String>>>;

async fn see(State(seen): State<Seen>, member: Authenticated<Member>) {
    let text = format!(
        "{member:?} {:#?} {:#?} {:?}",
        member.session(),
        member.identity(),
        member.id
    );
    seen.lock().expect("no panic before").push(text);
}

/// The personal data of all members of the sandbox, and the secret of their application.
fn secrets(site: &Site<Members>) -> Secrets {
    let mut secrets = Secrets::default();
    secrets.add("app_secret", site.sandbox.member_app_secret());
    for member in site.sandbox.members() {
        secrets.add("card number", member.card_number());
    }
    secrets.add("identity document", "00000020020319000X");
    secrets.add("telephone", "13800000001");
    secrets
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
async fn login_of_a_member_has_no_secret_in_log_responses_or_debug() {
    capture();
    let site = Site::<Members>::start().await;
    let seen = Seen::default();
    let page = get(see).layer(GuardLayer::<Member>::school(site.sandbox.ocode()));
    let app = Router::new()
        .route("/see", page)
        .with_state(Arc::clone(&seen))
        .layer(site.login.clone());
    let server = Server::start(app);
    let mut secrets = secrets(&site);
    for person in ["wang", "li", "bare"] {
        let browser = site.browser().route(ORIGIN, server.address);
        site.auto_approve(person);
        assert_eq!(go(&browser, &mut secrets, "/see").await.status(), 200);
    }
    for variation in [Variation::OauthErrors, Variation::LeadingBlanks] {
        site.sandbox.variations().on(variation);
    }
    for endpoint in [Endpoint::MemberToken, Endpoint::MemberInfo] {
        for fault in [
            Fault::ResetAfter,
            Fault::TruncatedBody,
            Fault::BadGateway,
            Fault::OtherSchool,
            Fault::Errcode(json!(40_003)),
            Fault::Errcode(json!("odd")),
        ] {
            site.sandbox.faults().always(endpoint, fault);
            let browser = site.browser().route(ORIGIN, server.address);
            go(&browser, &mut secrets, "/see").await;
            site.sandbox.faults().clear();
        }
    }
    for what in ["wxcode", "session id", "flow cookie", "state"] {
        assert!(
            secrets.0.iter().any(|(collected, _)| *collected == what),
            "no {what} was found"
        );
    }
    let seen = seen.lock().unwrap();
    assert!(seen.len() >= 3);
    for text in seen.iter() {
        secrets.assert_absent_from("Debug", text);
    }
    let text = format!("{:#?} {:#?}", site.provider, site.login);
    secrets.assert_absent_from("Debug", &text);
    secrets.assert_not_logged();
}

#[tokio::test]
async fn errors_of_the_member_login_show_no_code_and_no_token() {
    capture();
    let site = Site::<Members>::start().await;
    let mut secrets = secrets(&site);
    let (key, secret) = (
        site.sandbox.member_app_key(),
        site.sandbox.member_app_secret(),
    );
    let client = WeikaMemberClient::builder(key, secret, site.sandbox.ocode())
        .base_url(site.sandbox.base_url())
        .fields(MemberField::ALL)
        .total_timeout(Duration::from_secs(1))
        .build()
        .unwrap();
    let token = client.school_token().await.unwrap().expose().to_owned();
    secrets.add("school token", &token);
    let back = format!("{ORIGIN}/auth/weika-member/callback");
    for endpoint in [Endpoint::MemberToken, Endpoint::MemberInfo] {
        for fault in [
            Fault::ResetBefore,
            Fault::Hang,
            Fault::EmptyBody,
            Fault::OtherSchool,
            Fault::Errcode(json!({ "odd": true })),
        ] {
            site.sandbox.faults().always(endpoint, fault);
            let code = Members::issue_code(&site.sandbox, "wang").unwrap();
            secrets.add("wxcode", &code);
            let error = client.member(AuthorizationCode::from(code), &back).await;
            secrets.assert_absent_from("an error", &shown(&error.unwrap_err()));
            site.sandbox.faults().clear();
        }
    }
    for fault in [
        Fault::Hang,
        Fault::ResetAfter,
        Fault::NotLatest,
        Fault::BadGateway,
    ] {
        site.sandbox.faults().always(Endpoint::IdentityTypes, fault);
        client.identity_types().invalidate();
        let error = client.identity_types().list().await.unwrap_err();
        secrets.assert_absent_from("an error", &shown(&error));
        site.sandbox.faults().clear();
    }
    secrets.assert_absent_from("Debug", &format!("{client:#?}"));
    secrets.assert_not_logged();
}
