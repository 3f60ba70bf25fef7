//! The login of members: both pages, the fields that are kept, the school of a response, and the
//! identity types.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use tower_weika::ErrorKind;
use tower_weika::client::weika_member::{MemberScope, WeikaMemberClient};
use tower_weika::clock::{ManualClock, Timestamp};
use tower_weika::guard::GuardLayer;
use tower_weika::identity::{IdentityType, Member, MemberField};
use tower_weika::provider::WeikaMemberProvider;
use tower_weika::session::Authenticated;
use tower_weika::store::MemoryStore;
use tower_weika::{AuthorizationCode, Error};
use tower_weika_sandbox::{Endpoint, ErrcodeForm, Fault, Sandbox, Variation};

use super::site::{ANONYMOUS, ORIGIN, Server, Site, time_of};
use super::way::{Members, Way, Wechat, Weika};

/// A client of the sandbox's first school.
fn client(sandbox: &Sandbox, scope: MemberScope, fields: &[MemberField]) -> WeikaMemberClient {
    let (key, secret) = (sandbox.member_app_key(), sandbox.member_app_secret());
    WeikaMemberClient::builder(key, secret, sandbox.ocode())
        .base_url(sandbox.base_url())
        .scope(scope)
        .fields(fields.iter().copied())
        .build()
        .expect("a client")
}

async fn member(sandbox: &Sandbox, person: &str, fields: &[MemberField]) -> Result<Member, Error> {
    let back = format!("{ORIGIN}/auth/weika-member/callback");
    let code = sandbox
        .issue_member_wxcode(person, &back)
        .expect("a member of the sandbox");
    let client = client(sandbox, MemberScope::UserInfo, fields);
    client.member(AuthorizationCode::new(code), &back).await
}

#[tokio::test]
async fn wechat_gets_the_h5_page_and_every_other_browser_the_qr_code() {
    let site = Site::<Members>::start().await;
    let phone = site.browser().user_agent(Wechat::AGENT);
    let visit = phone.get(&format!("{ORIGIN}/admin")).await.unwrap();
    assert_eq!(visit.text(), site.subject("wang"));
    let desk = site.browser();
    desk.get(&format!("{ORIGIN}/admin")).await.unwrap();
    let call_log = site.sandbox.call_log();
    let pages = [Endpoint::MemberAuthorize, Endpoint::MemberPcAuthorize];
    assert_eq!(pages.map(|page| call_log.count(page)), [1, 1]);
}

#[tokio::test]
async fn visitor_is_never_logged_in_silently() {
    let site = Site::<Members>::start().await;
    let phone = site.browser().user_agent(Wechat::AGENT);
    assert_eq!(site.who(&phone).await, ANONYMOUS);
    assert_eq!(site.sandbox.call_log().codes_issued(), 0);
}

#[tokio::test]
async fn only_the_requested_fields_are_kept() {
    let sandbox = Sandbox::start().await.unwrap();
    let whole = member(&sandbox, "wang", &MemberField::ALL).await.unwrap();
    // The picture is the empty string.
    assert_eq!(whole.fields().count(), MemberField::ALL.len() - 1);
    assert_eq!(whole.values(MemberField::Organization), ["2", "222", "496"]);
    let plain = member(&sandbox, "wang", &[]).await.unwrap();
    assert_eq!(plain.fields().count(), 0);
    assert_eq!((&*plain.name, &*plain.identity_type), ("王小明", "4"));
    let college = [MemberField::College];
    let one = member(&sandbox, "wang", &college).await.unwrap();
    assert_eq!(one.fields().collect::<Vec<_>>(), college);
}

#[tokio::test]
async fn e6_quirks_of_members_do_not_change_the_identity() {
    let sandbox = Sandbox::start().await.unwrap();
    let fields = [MemberField::Profession, MemberField::Gender];
    let usual = member(&sandbox, "wang", &fields).await.unwrap();
    assert_eq!(usual.field(MemberField::Profession), Some("工程造价"));
    for variation in [
        Variation::LeadingBlanks,
        Variation::NumbersAsStrings,
        Variation::NumbersAsFloats,
        Variation::IdentifiersAsNumbers,
        Variation::UnknownFields,
        Variation::UnderData,
        Variation::EscapedUnicode,
        Variation::OauthErrors,
    ] {
        sandbox.variations().clear();
        sandbox.variations().on(variation.clone());
        let found = member(&sandbox, "wang", &fields).await.unwrap();
        assert_eq!(found, usual, "{variation:?}");
    }
}

#[tokio::test]
async fn oauth_errors_are_understood() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.variations().on(Variation::OauthErrors);
    let client = client(&sandbox, MemberScope::Base, &[]);
    let back = format!("{ORIGIN}/back");
    let error = client.member(AuthorizationCode::new("1"), &back).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidCode);
    sandbox.set_member_app_enabled(false);
    let error = client.school_token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

#[tokio::test]
async fn code_of_another_redirect_uri_is_rejected() {
    let sandbox = Sandbox::start().await.unwrap();
    let code = sandbox.issue_member_wxcode("wang", &format!("{ORIGIN}/other"));
    let client = client(&sandbox, MemberScope::UserInfo, &[]);
    let code = AuthorizationCode::new(code.unwrap());
    let error = client.member(code, &format!("{ORIGIN}/back")).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidCode);
}

#[tokio::test]
async fn response_about_another_school_is_never_a_session() {
    let site = Site::<Members>::start().await;
    for endpoint in [Endpoint::MemberToken, Endpoint::MemberInfo] {
        site.sandbox.faults().once(endpoint, Fault::OtherSchool);
        let browser = site.browser();
        let visit = browser.get(&format!("{ORIGIN}/admin")).await.unwrap();
        assert_eq!(visit.status(), StatusCode::FORBIDDEN, "{endpoint:?}");
        assert_eq!(site.who(&browser).await, ANONYMOUS, "{endpoint:?}");
    }
}

/// A site of one school; both schools have the same key, and one store.
async fn school(ocode: &str, store: &MemoryStore<Member>, clock: &ManualClock) -> Site<Members> {
    let sandbox = Sandbox::builder()
        .clock(time_of(clock))
        .start()
        .await
        .expect("a working part");
    let (key, secret) = (sandbox.member_app_key(), sandbox.member_app_secret());
    let provider = WeikaMemberProvider::builder(key, secret, ocode)
        .base_url(sandbox.base_url())
        .client(|client| client.clock(clock.clock()))
        .build()
        .expect("a working part");
    Site::over_store(sandbox, provider, clock.clone(), store.clone())
}

#[tokio::test]
async fn s1_two_schools_with_one_key_never_accept_each_others_sessions() {
    let clock = ManualClock::new(Timestamp::from_unix_seconds(1_760_000_000));
    let store = MemoryStore::new();
    let first = school("1000000001", &store, &clock).await;
    let second = school("1000000002", &store, &clock).await;
    // Both have the same card number, and each is another person.
    let (li, lin) = (first.browser(), second.browser());
    first.log_in(&li, "li").await;
    second.log_in(&lin, "lin").await;
    assert_ne!(first.subject("li"), second.subject("lin"));
    let session = first.session_cookie(&li);
    let stolen = second.browser();
    let cookie = format!("{}={}; Path=/; Secure", session.name, session.value);
    stolen.plant_cookie(ORIGIN, &cookie).unwrap();
    assert_eq!(second.who(&stolen).await, ANONYMOUS);
    assert_eq!(first.who(&li).await, first.subject("li"));
}

#[tokio::test]
async fn identity_type_is_resolved_by_the_schools_own_list() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = client(&sandbox, MemberScope::UserInfo, &[]);
    let types = client.identity_types();
    let of = async |person: &str| {
        let member = member(&sandbox, person, &[]).await.unwrap();
        let entry = types.of(&member).await.unwrap();
        entry.map(|entry| (entry.name, entry.classification))
    };
    let staff = ("教职工".to_owned(), Some(IdentityType::Staff));
    assert_eq!(of("wang").await, Some(staff.clone()));
    let student = ("学生".to_owned(), Some(IdentityType::Student));
    assert_eq!(of("li").await, Some(student));
    assert_eq!(of("bare").await, None);
    let call_log = sandbox.call_log();
    assert_eq!(call_log.count(Endpoint::IdentityTypes), 1);

    // A list without an errcode is no list.
    types.invalidate();
    sandbox
        .variations()
        .on(Variation::Errcode(ErrcodeForm::Absent));
    let error = types.list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
}

#[tokio::test]
async fn guard_by_identity_type_is_503_and_never_403_while_the_list_is_unknown() {
    let site = Site::<Members>::start().await;
    let types = site.provider.identity_types().clone();
    let staff = GuardLayer::check(move |m: Authenticated<Member>| {
        let types = types.clone();
        async move { types.classifies(m.identity(), IdentityType::Staff).await }
    });
    let app = Router::new()
        .route("/lend", get(async || "inside"))
        .route_layer(staff)
        .layer(site.login.clone());
    let server = Server::start(app);
    let lend = async |person: &str| {
        site.auto_approve(person);
        let browser = site.browser().route(ORIGIN, server.address);
        browser.get(&format!("{ORIGIN}/lend")).await.unwrap()
    };
    let faults = site.sandbox.faults();
    faults.once(Endpoint::IdentityTypes, Fault::BadGateway);
    assert_eq!(lend("wang").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    site.clock.advance(Duration::from_secs(11));
    assert_eq!(lend("wang").await.text(), "inside");
    for person in ["li", "bare"] {
        assert_eq!(lend(person).await.status(), StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn school_that_has_not_enabled_the_application_is_a_configuration_error() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.set_member_app_enabled(false);
    let client = client(&sandbox, MemberScope::UserInfo, &[]);
    let error = client.identity_types().list().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.upstream_code()),
        (ErrorKind::Configuration, Some(40_018))
    );
    // Logins need no school's token.
    assert!(member(&sandbox, "li", &[]).await.is_ok());
}

#[tokio::test]
async fn managers_and_members_are_two_kinds_of_users() {
    let managers = Site::<Weika>::start().await;
    let members = Site::<Members>::start().await;
    let browser = managers.browser();
    managers.log_in(&browser, "wang").await;
    let other = members.browser();
    for cookie in browser.cookies() {
        let cookie = format!("{}={}; Path=/; Secure", cookie.name, cookie.value);
        other.plant_cookie(ORIGIN, &cookie).unwrap();
    }
    assert_eq!(members.who(&other).await, ANONYMOUS);
}
