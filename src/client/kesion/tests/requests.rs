//! Requests, and how often each is sent.

use super::*;

const URL: &str = "https://school.example/webapi/school/GetWeixinAuthInfo";
const FORM: &str = "application/x-www-form-urlencoded";

/// The one call that a client with these settings makes.
async fn sent(
    settings: impl FnOnce(KesionClientBuilder) -> KesionClientBuilder,
    token: &str,
) -> Call {
    let far_end = FarEnd::new([smallest().into()]);
    let client = settings(far_end.builder()).build().unwrap();
    client
        .official_account(&AppToken::new(token))
        .await
        .unwrap();
    let calls = far_end.calls();
    assert_eq!(calls.len(), 1);
    calls[0].clone()
}

fn call(uri: &str, content_type: &str, body: &str) -> Call {
    let [uri, content_type, body] = [uri, content_type, body].map(str::to_owned);
    Call {
        method: "POST".to_owned(),
        uri,
        content_type,
        body,
    }
}

#[tokio::test]
async fn the_token_is_sent_as_a_form_unless_set_otherwise() {
    assert_eq!(
        sent(|builder| builder, TOKEN).await,
        call(URL, FORM, &format!("apptoken={TOKEN}"))
    );
    let body = format!(r#"{{"apptoken":"{TOKEN}"}}"#);
    let json = |builder: KesionClientBuilder| builder.encoding(Encoding::Json);
    assert_eq!(
        sent(json, TOKEN).await,
        call(URL, "application/json", &body)
    );
    let query = |builder: KesionClientBuilder| builder.encoding(Encoding::Query);
    assert_eq!(
        sent(query, TOKEN).await,
        call(&format!("{URL}?apptoken={TOKEN}"), FORM, "")
    );
}

#[tokio::test]
async fn the_key_is_sent_if_there_is_one() {
    let form = |builder: KesionClientBuilder| builder.api_key("k3y");
    assert_eq!(
        sent(form, "t").await,
        call(URL, FORM, "apptoken=t&apikey=k3y")
    );
    let json = |builder: KesionClientBuilder| builder.api_key("k3y").encoding(Encoding::Json);
    assert_eq!(
        sent(json, "t").await,
        call(
            URL,
            "application/json",
            r#"{"apptoken":"t","apikey":"k3y"}"#
        )
    );
    let query = |builder: KesionClientBuilder| builder.api_key("k3y").encoding(Encoding::Query);
    assert_eq!(
        sent(query, "t").await,
        call(&format!("{URL}?apptoken=t&apikey=k3y"), FORM, "")
    );
}

#[tokio::test]
async fn a_token_of_any_characters_is_one_parameter() {
    let token = "a&apikey=b c%20+\"王";
    let form = "apptoken=a%26apikey%3Db%20c%2520%2B%22%E7%8E%8B";
    assert_eq!(sent(|builder| builder, token).await, call(URL, FORM, form));
    let query = |builder: KesionClientBuilder| builder.encoding(Encoding::Query);
    assert_eq!(
        sent(query, token).await,
        call(&format!("{URL}?{form}"), FORM, "")
    );
    let json = |builder: KesionClientBuilder| builder.encoding(Encoding::Json);
    let body: Value = serde_json::from_str(&sent(json, token).await.body).unwrap();
    assert_eq!(body, json!({ "apptoken": token }));
}

#[tokio::test]
async fn a_base_url_may_have_a_path() {
    let far_end = FarEnd::new([smallest().into()]);
    let inner = far_end.clone();
    let transport = Transport::new(service_fn(move |request| inner.clone().answer(request)));
    let client = KesionClient::builder("https://school.example/kesion/")
        .transport(transport)
        .build()
        .unwrap();
    ask(&client).await.unwrap();
    assert_eq!(
        far_end.calls()[0].uri,
        "https://school.example/kesion/webapi/school/GetWeixinAuthInfo"
    );
}

#[tokio::test]
async fn call_is_made_again_after_a_failed_connection() {
    let far_end = FarEnd::new([Answer::NotSent, smallest().into()]);
    assert!(ask(&far_end.client()).await.is_ok());
    assert_eq!(far_end.calls().len(), 2);
    let far_end = FarEnd::new([Answer::NotSent, Answer::NotSent]);
    assert_eq!(
        ask(&far_end.client()).await.unwrap_err().kind(),
        ErrorKind::Connect
    );
    assert_eq!(far_end.calls().len(), 2);
}

#[tokio::test]
async fn every_other_failure_is_told_at_once() {
    for (answer, kind) in [
        (Answer::Reset, ErrorKind::Lost),
        (Answer::Status(502), ErrorKind::Fault),
        (json!({ "result": false }).into(), ErrorKind::Fault),
        (Answer::Text("<html>".to_owned()), ErrorKind::Malformed),
    ] {
        let far_end = FarEnd::new([answer]);
        assert_eq!(ask(&far_end.client()).await.unwrap_err().kind(), kind);
        assert_eq!(far_end.calls().len(), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn an_error_that_quotes_the_token_in_the_query_is_withheld() {
    let client = FarEnd::new([Answer::QuoteTheUrl])
        .builder()
        .encoding(Encoding::Query)
        .build()
        .unwrap();
    let error = ask(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Lost);
    assert_shows_no_secret(&error);
    assert!(
        error
            .source()
            .is_some_and(|source| source.to_string().contains("withheld"))
    );
}

#[tokio::test]
async fn client_is_a_service() {
    let mut service = FarEnd::new([smallest().into()]).client();
    let call = service.ready().await.unwrap().call(AppToken::new(TOKEN));
    assert!(!format!("{service:?} {call:?}").contains("t0ken"));
    assert_eq!(call.await.unwrap().account().unwrap().app_id, "wx1");
}

#[test]
fn public_types_are_send_and_sync() {
    fn check<T: Send + Sync + Clone>() {}
    fn check_send<T: Send>(_: &T) {}
    check::<KesionClient>();
    check::<AccountAuthorization>();
    let client = FarEnd::new([]).client();
    check_send(&client.official_account(&AppToken::new(TOKEN)));
}
