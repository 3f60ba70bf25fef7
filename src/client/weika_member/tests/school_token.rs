//! The token of a school, and its sharing between instances.

use super::*;
use crate::coordination::Coordinator;
use crate::coordination::tests::InMemoryCoordinator;
use crate::error::ConfigErrorKind;
use crate::token::TokenStatus;

#[tokio::test(start_paused = true)]
async fn token_is_fetched_once_with_the_documented_call() {
    let upstream = ImitatedWeika::new();
    let client = upstream.client();
    assert_eq!(client.school_token().await.unwrap().expose(), "t0ken-1");
    assert_eq!(
        client.clone().school_token().await.unwrap().expose(),
        "t0ken-1"
    );
    let body = r#"{"app_key":"KEY","app_secret":"app-s3cr3t","grant_type":"client_credentials","scope":"base","ocode":"1014714333"}"#;
    assert_eq!(
        upstream.calls(),
        [(SCHOOL_TOKEN.to_owned(), body.to_owned())]
    );
}

#[tokio::test(start_paused = true)]
async fn failure_of_the_school_token_concerns_the_application() {
    for (reply, kind, code) in [
        (
            r#"{"errcode":40018}"#,
            ErrorKind::Configuration,
            Some(40018),
        ),
        (
            r#"{"errcode":40001}"#,
            ErrorKind::Configuration,
            Some(40001),
        ),
        (
            r#"{"errcode":40008}"#,
            ErrorKind::Configuration,
            Some(40008),
        ),
        (r#"{"errcode":40003}"#, ErrorKind::Fault, Some(40003)),
        (
            r#"{"error":"unauthorized_client"}"#,
            ErrorKind::Configuration,
            None,
        ),
        (r#"{"expires_in":7200}"#, ErrorKind::Malformed, None),
        (
            r#"{"access_token":"t0ken","ocode":"2"}"#,
            ErrorKind::Configuration,
            None,
        ),
    ] {
        let upstream = ImitatedWeika::new().at(SCHOOL_TOKEN, [Reply::Json(reply)]);
        let client = upstream.client();
        let error = client.school_token().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.upstream_code()),
            (kind, code),
            "{reply}"
        );
        assert_eq!(client.tokens().status(), TokenStatus::Failing(kind));
    }
}

#[tokio::test(start_paused = true)]
async fn clients_of_one_application_and_school_share_a_token_through_a_coordinator() {
    let coordinator: Arc<dyn Coordinator> = Arc::new(InMemoryCoordinator::default());
    let upstream = ImitatedWeika::new();
    let (one, other) = (upstream.client(), upstream.client());
    one.attach_coordinator(&coordinator).unwrap();
    assert_eq!(one.attach_coordinator(&coordinator), Ok(()));
    let foreign: Arc<dyn Coordinator> = Arc::new(InMemoryCoordinator::default());
    assert_eq!(
        one.attach_coordinator(&foreign),
        Err(ConfigErrorKind::CoordinatorConflict)
    );
    other.attach_coordinator(&coordinator).unwrap();
    assert_eq!(one.school_token().await.unwrap().expose(), "t0ken-1");
    assert_eq!(other.school_token().await.unwrap().expose(), "t0ken-1");

    let elsewhere = WeikaMemberClient::builder("KEY", "app-s3cr3t", "2").build();
    let names = [
        one.endpoint.token_name(),
        elsewhere.unwrap().endpoint.token_name(),
    ];
    assert_ne!(names[0], names[1], "another school has another token");
}
