//! Requests, and the number of attempts for each.

use super::*;

#[tokio::test(start_paused = true)]
async fn request_is_as_documented() {
    let upstream = ImitatedWechat::once(&success());
    upstream.user().await.unwrap();
    assert_eq!(upstream.calls(), [CALL]);
}

#[tokio::test(start_paused = true)]
async fn secret_and_code_are_encoded_in_the_query() {
    let upstream = ImitatedWechat::once(&success());
    let transport = {
        let upstream = upstream.clone();
        Transport::new(service_fn(move |request| upstream.clone().reply(request)))
    };
    let client = WechatClient::builder("wx1", "s&x=1#").transport(transport);
    let code = AuthorizationCode::new("c&secret=other");
    client.build().unwrap().user(code).await.unwrap();
    let expected = CALL
        .replace("s3cr3t", "s%26x%3D1%23")
        .replace("c0de", "c%26secret%3Dother");
    assert_eq!(upstream.calls(), [expected]);
}

#[tokio::test(start_paused = true)]
async fn code_is_sent_again_after_a_failed_connection() {
    let upstream = ImitatedWechat::new([Reply::NotSent, Reply::Text(success().to_string())]);
    assert!(upstream.user().await.is_ok());
    assert_eq!(upstream.calls(), [CALL, CALL]);
    let upstream = ImitatedWechat::new([Reply::NotSent, Reply::NotSent]);
    assert_eq!(failure(&upstream).await.kind(), ErrorKind::Connect);
    assert_eq!(upstream.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn code_that_may_be_consumed_is_never_sent_again() {
    for (reply, kind) in [
        (Reply::Reset, ErrorKind::Lost),
        (Reply::Hang, ErrorKind::Timeout),
        (Reply::Status(302), ErrorKind::Malformed),
        (Reply::Status(502), ErrorKind::Fault),
        (Reply::Text("<html>".to_owned()), ErrorKind::Malformed),
        (
            Reply::Text(r#"{"errcode":0}"#.to_owned()),
            ErrorKind::Malformed,
        ),
        (
            Reply::Text(r#"{"errcode":40029}"#.to_owned()),
            ErrorKind::InvalidCode,
        ),
        (Reply::Text(r#"{"errcode":-1}"#.to_owned()), ErrorKind::Busy),
        (
            Reply::Text(r#"{"errcode":42001}"#.to_owned()),
            ErrorKind::Fault,
        ),
    ] {
        let upstream = ImitatedWechat::new([reply]);
        assert_eq!(failure(&upstream).await.kind(), kind);
        assert_eq!(upstream.calls(), [CALL], "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn error_of_the_http_client_that_quotes_a_secret_is_withheld() {
    for text in [
        "error sending request for url (https://api.weixin.qq.com/sns/oauth2/access_token?appid=wx1&secret=s3cr3t&code=c0de&grant_type=authorization_code)",
        "log: secret=s3cr3t",
        "bad query near c0de",
    ] {
        let upstream = ImitatedWechat::new([Reply::Failed(text)]);
        let error = failure(&upstream).await;
        assert!(
            error.report().to_string().contains("withheld"),
            "{}",
            error.report()
        );
    }
    let upstream = ImitatedWechat::new([Reply::Failed("broken pipe")]);
    let error = failure(&upstream).await;
    assert!(error.report().to_string().contains("broken pipe"));
}

#[tokio::test(start_paused = true)]
async fn error_codes_can_be_extended_but_a_success_stays() {
    let error_codes = ErrorCodes::wechat()
        .with(77, ErrorAction::Deny)
        .with(0, ErrorAction::Fail);
    let replies = [json!({ "errcode": 77 }), with("errcode", Some(&json!(0)))]
        .map(|reply| Reply::Text(reply.to_string()));
    let client = ImitatedWechat::new(replies)
        .builder()
        .error_codes(error_codes)
        .build()
        .unwrap();
    let user = || client.user(AuthorizationCode::new("c0de"));
    assert_eq!(user().await.unwrap_err().kind(), ErrorKind::Denied);
    assert_eq!(user().await.unwrap().open_id.as_str(), OPEN_ID);
}

#[tokio::test(start_paused = true)]
async fn client_is_a_service() {
    let upstream = ImitatedWechat::once(&success());
    let mut service = upstream.client();
    let code = || AuthorizationCode::new("c0de");
    let user = service.ready().await.unwrap().call(code()).await.unwrap();
    assert_eq!(user.open_id.as_str(), OPEN_ID);
    let shown = format!("{service:?} {:?}", service.call(code()));
    assert!(
        shown.contains("api.weixin.qq.com") && !shown.contains("c0de"),
        "{shown}"
    );
}

#[tokio::test(start_paused = true)]
async fn a1_official_account_and_website_application_share_the_permits_of_the_host() {
    let build = |app_id: &str| {
        let upstream = ImitatedWechat::new([]);
        let transport = Transport::new(service_fn(move |request| upstream.clone().reply(request)));
        let client = WechatClient::builder(app_id, "s3cr3t").transport(transport);
        client
            .base_url("https://permits.wechat.example")
            .build()
            .unwrap()
    };
    let (account, website) = (build("wx1"), build("wx2"));
    let available = website.permits().available();
    let permit = account.permits().acquire().await.unwrap();
    assert_eq!(website.permits().available(), available - 1);
    drop(permit);
    assert_eq!(website.permits().available(), available);
}

#[test]
fn public_types_are_send_and_sync() {
    fn check<T: Send + Sync + Clone>() {}
    check::<WechatClient>();
    check::<WechatClientBuilder>();
}
