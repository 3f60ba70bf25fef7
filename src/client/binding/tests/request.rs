//! Requests, and the number of attempts for each.

use super::*;

#[tokio::test(start_paused = true)]
async fn request_is_as_documented() {
    let upstream = ImitatedBinding::once(&bound());
    upstream.check().await.unwrap();
    assert_eq!(upstream.calls(), [call(0)]);
}

#[tokio::test(start_paused = true)]
async fn company_users_are_queried_with_a_flag() {
    let upstream = ImitatedBinding::once(&bound());
    let client = upstream.builder().company_users().build().unwrap();
    client
        .check("wx1", AuthorizationCode::new("c0de"))
        .await
        .unwrap();
    assert_eq!(upstream.calls(), [call(1)]);
}

#[tokio::test(start_paused = true)]
async fn code_is_sent_again_after_a_failed_connection() {
    let upstream = ImitatedBinding::new([Reply::NotSent, Reply::Json(unbound().to_string())]);
    assert!(upstream.check().await.is_ok());
    assert_eq!(upstream.calls(), [call(0), call(0)]);
    let upstream = ImitatedBinding::new([Reply::NotSent, Reply::NotSent]);
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
        (Reply::Json("<html>".to_owned()), ErrorKind::Malformed),
        (
            Reply::Json(r#"{"code":0}"#.to_owned()),
            ErrorKind::Malformed,
        ),
        (
            Reply::Json(r#"{"code":2001}"#.to_owned()),
            ErrorKind::InvalidCode,
        ),
        (Reply::Json(r#"{"code":2003}"#.to_owned()), ErrorKind::Busy),
        (
            Reply::Json(r#"{"code":440007}"#.to_owned()),
            ErrorKind::Fault,
        ),
    ] {
        let upstream = ImitatedBinding::new([reply]);
        assert_eq!(failure(&upstream).await.kind(), kind);
        assert_eq!(upstream.calls(), [call(0)], "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn credential_lifetime_begins_before_the_request() {
    let hand = ManualClock::new(NOW);
    let slow = hand.clone();
    let transport = Transport::new(service_fn(move |_: Request<Full<Bytes>>| {
        slow.advance(Duration::from_secs(4));
        async { Ok::<_, BoxError>(Response::new(Full::<Bytes>::from(bound().to_string()))) }
    }));
    let builder = BindingClient::builder("https://operator.example")
        .transport(transport)
        .clock(hand.clock());
    let user = builder
        .build()
        .unwrap()
        .check("wx1", AuthorizationCode::new("c0de"))
        .await
        .unwrap();
    assert_eq!(
        user.expires_at(),
        Some(NOW.plus(Duration::from_secs(604_800)))
    );
}

#[tokio::test(start_paused = true)]
async fn error_codes_can_be_extended_but_outcomes_stay() {
    let error_codes = ErrorCodes::binding()
        .with(77, ErrorAction::Deny)
        .with(2000, ErrorAction::Fail)
        .with(0, ErrorAction::Fail);
    let replies =
        [json!({ "code": 77 }), unbound(), bound()].map(|reply| Reply::Json(reply.to_string()));
    let client = ImitatedBinding::new(replies)
        .builder()
        .error_codes(error_codes)
        .build()
        .unwrap();
    let check = || client.check("wx1", AuthorizationCode::new("c0de"));
    assert_eq!(check().await.unwrap_err().kind(), ErrorKind::Denied);
    assert!(!check().await.unwrap().is_bound());
    assert!(check().await.unwrap().is_bound());
}

#[tokio::test(start_paused = true)]
async fn client_is_a_service() {
    let upstream = ImitatedBinding::once(&bound());
    let mut service = upstream.client();
    let user = service
        .ready()
        .await
        .unwrap()
        .call(("wx1".into(), AuthorizationCode::new("c0de")))
        .await
        .unwrap();
    assert!(user.is_bound());
    assert_eq!(upstream.calls(), [call(0)]);
    let shown = format!(
        "{service:?} {:?}",
        service.call(("wx1".into(), AuthorizationCode::new("c0de")))
    );
    assert!(
        shown.contains("operator.example") && !shown.contains("c0de"),
        "{shown}"
    );
}

#[tokio::test(start_paused = true)]
async fn other_call_returns_the_whole_response() {
    let upstream = ImitatedBinding::new([
        Reply::NotSent,
        Reply::Json(r#"{"code":"0","data":{"id":7}}"#.to_owned()),
    ]);
    let body = json!({ "userName": "13800000000" });
    let reply = upstream
        .client()
        .post_json("/app/app/sms/sendLoginSms", &body)
        .await
        .unwrap();
    assert_eq!(reply["data"]["id"], 7);
    let uri = "https://operator.example/app/app/sms/sendLoginSms";
    assert_eq!(
        upstream.calls()[1],
        (uri.to_owned(), r#"{"userName":"13800000000"}"#.to_owned())
    );
}

#[tokio::test(start_paused = true)]
async fn e4_other_call_returns_no_damaged_identifier() {
    for (reply, kind) in [
        (r#"{"code":0,"data":{"userName":"\ud83d"}}"#, None),
        (
            r#"{"code":0,"data":{"openId":"o1\ud83d"}}"#,
            Some(ErrorKind::Malformed),
        ),
    ] {
        let outcome = ImitatedBinding::once(reply)
            .client()
            .post_json("/app/wx/reg", &json!({}))
            .await;
        assert_eq!(outcome.err().map(|error| error.kind()), kind, "{reply}");
    }
}

#[tokio::test(start_paused = true)]
async fn other_call_uses_the_same_error_codes() {
    for (code, kind) in [
        (2014, ErrorKind::Denied),
        (2015, ErrorKind::Denied),
        (2029, ErrorKind::Denied),
        (2030, ErrorKind::Denied),
        (2034, ErrorKind::Denied),
        (2072, ErrorKind::Denied),
        (2073, ErrorKind::Denied),
        (3021, ErrorKind::Denied),
        (3022, ErrorKind::Denied),
        (2031, ErrorKind::Fault),
        (2094, ErrorKind::Fault),
        (3020, ErrorKind::Busy),
        (2000, ErrorKind::Fault),
    ] {
        let upstream = ImitatedBinding::once(&json!({ "code": code.to_string(), "msg": "t0ken" }));
        let error = upstream
            .client()
            .post_json("/app/app/V1.0/bindingUser", &json!({}))
            .await
            .unwrap_err();
        assert_eq!((error.kind(), error.upstream_code()), (kind, Some(code)));
        assert_eq!(upstream.calls().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn other_call_that_may_have_taken_effect_is_not_repeated() {
    let upstream = ImitatedBinding::new([Reply::Reset]);
    let error = upstream
        .client()
        .post_json("/app/wx/reg", &json!({}))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Lost);
    assert_eq!(upstream.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn e8_other_call_cannot_leave_the_host() {
    let upstream = ImitatedBinding::new([]);
    for path in [
        "",
        "a",
        "@evil.example",
        ".evil.example",
        "/a?b=c",
        "/a#b",
        "/a b",
        "/王",
        "/a\\b",
    ] {
        let error = upstream
            .client()
            .post_json(path, &json!({}))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForbiddenHost, "{path}");
    }
    assert!(upstream.calls().is_empty());
}

#[test]
fn public_types_are_send_and_sync() {
    fn check<T: Send + Sync + Clone>() {}
    check::<BindingClient>();
    check::<BindingClientBuilder>();
    check::<WechatUser>();
}
