//! The exchange of a code, and the number of attempts.

use super::*;

#[tokio::test(start_paused = true)]
async fn code_is_exchanged_for_a_manager() {
    let upstream = ImitatedWeika::new([MANAGER]);
    let manager = upstream
        .client()
        .manager(AuthorizationCode::new("c0de"))
        .await
        .unwrap();
    assert_eq!((manager.subject(), &*manager.name), ("o1", "王"));
    assert_eq!(upstream.calls(), [call("t0ken-1")]);
    assert_eq!(upstream.token_fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn many_logins_share_one_token() {
    let upstream = ImitatedWeika::new(std::iter::repeat_n(MANAGER, 1_000));
    let client = upstream.client();
    let mut logins = tokio::task::JoinSet::new();
    for _ in 0..1_000 {
        let client = client.clone();
        logins.spawn(async move {
            client
                .manager(AuthorizationCode::new("c0de"))
                .await
                .unwrap()
        });
    }
    assert_eq!(logins.join_all().await.len(), 1_000);
    assert_eq!(
        (upstream.token_fetches(), upstream.calls().len()),
        (1, 1_000)
    );
}

#[tokio::test(start_paused = true)]
async fn rejected_code_is_not_sent_again() {
    let upstream = ImitatedWeika::new([INVALID_CODE]);
    let error = failure(&upstream.client()).await;
    assert_eq!(
        (error.kind(), error.upstream_code()),
        (ErrorKind::InvalidCode, Some(6001))
    );
    assert_eq!(upstream.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn rejected_token_is_replaced_and_the_code_sent_again() {
    let upstream = ImitatedWeika::new([TOKEN_EXPIRED, MANAGER]);
    let manager = upstream
        .client()
        .manager(AuthorizationCode::new("c0de"))
        .await
        .unwrap();
    assert_eq!(manager.subject(), "o1");
    assert_eq!(upstream.calls(), [call("t0ken-1"), call("t0ken-2")]);
}

#[tokio::test(start_paused = true)]
async fn second_rejected_token_is_an_error() {
    let upstream = ImitatedWeika::new([TOKEN_EXPIRED, TOKEN_EXPIRED]);
    let error = failure(&upstream.client()).await;
    assert_eq!(
        (error.kind(), error.upstream_code()),
        (ErrorKind::TokenRejected, Some(40002))
    );
    assert_eq!((upstream.calls().len(), upstream.token_fetches()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn code_is_sent_again_after_a_failed_connection() {
    let upstream = ImitatedWeika::new([Reply::NotSent, MANAGER]);
    assert!(
        upstream
            .client()
            .manager(AuthorizationCode::new("c0de"))
            .await
            .is_ok()
    );
    let upstream = ImitatedWeika::new([Reply::NotSent, Reply::NotSent]);
    assert_eq!(failure(&upstream.client()).await.kind(), ErrorKind::Connect);
    assert_eq!(upstream.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_code_is_sent_at_most_twice_and_tried_at_most_three_times() {
    let upstream = ImitatedWeika::new([Reply::NotSent, TOKEN_EXPIRED, Reply::NotSent]);
    assert_eq!(failure(&upstream.client()).await.kind(), ErrorKind::Connect);
    let upstream = ImitatedWeika::new([TOKEN_EXPIRED, Reply::NotSent, TOKEN_EXPIRED]);
    assert_eq!(
        failure(&upstream.client()).await.kind(),
        ErrorKind::TokenRejected
    );
}

#[tokio::test(start_paused = true)]
async fn code_that_may_be_consumed_is_never_sent_again() {
    for (reply, kind) in [
        (Reply::Reset, ErrorKind::Lost),
        (Reply::Hang, ErrorKind::Timeout),
        (Reply::Status(302), ErrorKind::Malformed),
        (Reply::Status(502), ErrorKind::Fault),
        (Reply::Json("<html>"), ErrorKind::Malformed),
        (
            Reply::Json(r#"{"errmsg":"success","user_id":"o1"}"#),
            ErrorKind::Malformed,
        ),
        (Reply::Json(r#"{"errcode":0}"#), ErrorKind::Malformed),
        (Reply::Json(r#"{"errcode":42009}"#), ErrorKind::Busy),
        (Reply::Json(r#"{"errcode":-1}"#), ErrorKind::Fault),
        (Reply::Json(r#"{"errcode":40008}"#), ErrorKind::Denied),
    ] {
        let upstream = ImitatedWeika::new([reply]);
        assert_eq!(failure(&upstream.client()).await.kind(), kind);
        assert_eq!(upstream.calls().len(), 1, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn code_is_not_sent_without_a_token() {
    let upstream = ImitatedWeika::with_tokens([Reply::Reset], []);
    assert_eq!(failure(&upstream.client()).await.kind(), ErrorKind::Fault);
    assert!(upstream.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_wrong_secret_causes_no_loop() {
    let upstream = ImitatedWeika::with_tokens(vec![Reply::Json(r#"{"errcode":40001}"#); 3], []);
    let client = upstream.client();
    for _ in 0..100 {
        let error = failure(&client).await;
        assert_eq!(
            (error.kind(), error.upstream_code()),
            (ErrorKind::Configuration, Some(40001))
        );
    }
    assert_eq!(upstream.token_fetches(), 1);
    assert_eq!(
        client.tokens().status(),
        TokenStatus::Failing(ErrorKind::Configuration)
    );
}
