//! Requests, and how often each is sent.

use super::*;

#[tokio::test(start_paused = true)]
async fn request_is_as_documented() {
    let far_end = FarEnd::once(&bound());
    far_end.check().await.unwrap();
    assert_eq!(far_end.calls(), [call(0)]);
}

#[tokio::test(start_paused = true)]
async fn company_users_have_a_flag() {
    let far_end = FarEnd::once(&bound());
    let client = far_end.builder().company_users().build().unwrap();
    client
        .check("wx1", AuthorizationCode::new("c0de"))
        .await
        .unwrap();
    assert_eq!(far_end.calls(), [call(1)]);
}

#[tokio::test(start_paused = true)]
async fn code_is_sent_again_after_a_failed_connection() {
    let far_end = FarEnd::new([Answer::NotSent, Answer::Json(unbound().to_string())]);
    assert!(far_end.check().await.is_ok());
    assert_eq!(far_end.calls(), [call(0), call(0)]);
    let far_end = FarEnd::new([Answer::NotSent, Answer::NotSent]);
    assert_eq!(failure(&far_end).await.kind(), ErrorKind::Connect);
    assert_eq!(far_end.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn code_that_may_be_consumed_is_never_sent_again() {
    for (answer, kind) in [
        (Answer::Reset, ErrorKind::Lost),
        (Answer::Hang, ErrorKind::Timeout),
        (Answer::Status(302), ErrorKind::Malformed),
        (Answer::Status(502), ErrorKind::Fault),
        (Answer::Json("<html>".to_owned()), ErrorKind::Malformed),
        (
            Answer::Json(r#"{"code":0}"#.to_owned()),
            ErrorKind::Malformed,
        ),
        (
            Answer::Json(r#"{"code":2001}"#.to_owned()),
            ErrorKind::InvalidCode,
        ),
        (Answer::Json(r#"{"code":2003}"#.to_owned()), ErrorKind::Busy),
        (
            Answer::Json(r#"{"code":440007}"#.to_owned()),
            ErrorKind::Fault,
        ),
    ] {
        let far_end = FarEnd::new([answer]);
        assert_eq!(failure(&far_end).await.kind(), kind);
        assert_eq!(far_end.calls(), [call(0)], "{kind:?}");
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
    let answers =
        [json!({ "code": 77 }), unbound(), bound()].map(|answer| Answer::Json(answer.to_string()));
    let client = FarEnd::new(answers)
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
    let far_end = FarEnd::once(&bound());
    let mut service = far_end.client();
    let user = service
        .ready()
        .await
        .unwrap()
        .call(("wx1".into(), AuthorizationCode::new("c0de")))
        .await
        .unwrap();
    assert!(user.is_bound());
    assert_eq!(far_end.calls(), [call(0)]);
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
    let far_end = FarEnd::new([
        Answer::NotSent,
        Answer::Json(r#"{"code":"0","data":{"id":7}}"#.to_owned()),
    ]);
    let body = json!({ "userName": "13800000000" });
    let answer = far_end
        .client()
        .post_json("/app/app/sms/sendLoginSms", &body)
        .await
        .unwrap();
    assert_eq!(answer["data"]["id"], 7);
    let uri = "https://operator.example/app/app/sms/sendLoginSms";
    assert_eq!(
        far_end.calls()[1],
        (uri.to_owned(), r#"{"userName":"13800000000"}"#.to_owned())
    );
}

#[tokio::test(start_paused = true)]
async fn e4_other_call_returns_no_damaged_identifier() {
    for (answer, kind) in [
        (r#"{"code":0,"data":{"userName":"\ud83d"}}"#, None),
        (
            r#"{"code":0,"data":{"openId":"o1\ud83d"}}"#,
            Some(ErrorKind::Malformed),
        ),
    ] {
        let outcome = FarEnd::once(answer)
            .client()
            .post_json("/app/wx/reg", &json!({}))
            .await;
        assert_eq!(outcome.err().map(|error| error.kind()), kind, "{answer}");
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
        let far_end = FarEnd::once(&json!({ "code": code.to_string(), "msg": "t0ken" }));
        let error = far_end
            .client()
            .post_json("/app/app/V1.0/bindingUser", &json!({}))
            .await
            .unwrap_err();
        assert_eq!((error.kind(), error.upstream_code()), (kind, Some(code)));
        assert_eq!(far_end.calls().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn other_call_that_may_have_taken_effect_is_not_repeated() {
    let far_end = FarEnd::new([Answer::Reset]);
    let error = far_end
        .client()
        .post_json("/app/wx/reg", &json!({}))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Lost);
    assert_eq!(far_end.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn e8_other_call_cannot_leave_the_host() {
    let far_end = FarEnd::new([]);
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
        let error = far_end
            .client()
            .post_json(path, &json!({}))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForbiddenHost, "{path}");
    }
    assert!(far_end.calls().is_empty());
}

#[test]
fn public_types_are_send_and_sync() {
    fn check<T: Send + Sync + Clone>() {}
    check::<BindingClient>();
    check::<BindingClientBuilder>();
    check::<WechatUser>();
}
