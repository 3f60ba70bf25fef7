//! The exchange of a code, and how often it is sent.

use super::*;

#[tokio::test(start_paused = true)]
async fn code_is_exchanged_for_a_manager() {
    let far_end = FarEnd::new([MANAGER]);
    let manager = far_end
        .client()
        .manager(AuthorizationCode::new("c0de"))
        .await
        .unwrap();
    assert_eq!((manager.subject(), &*manager.name), ("o1", "王"));
    assert_eq!(far_end.calls(), [call("t0ken-1")]);
    assert_eq!(far_end.token_fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn many_logins_share_one_token() {
    let far_end = FarEnd::new(std::iter::repeat_n(MANAGER, 1_000));
    let client = far_end.client();
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
    assert_eq!((far_end.token_fetches(), far_end.calls().len()), (1, 1_000));
}

#[tokio::test(start_paused = true)]
async fn rejected_code_is_not_sent_again() {
    let far_end = FarEnd::new([INVALID_CODE]);
    let error = failure(&far_end.client()).await;
    assert_eq!(
        (error.kind(), error.upstream_code()),
        (ErrorKind::InvalidCode, Some(6001))
    );
    assert_eq!(far_end.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn rejected_token_is_replaced_and_the_code_sent_again() {
    let far_end = FarEnd::new([TOKEN_EXPIRED, MANAGER]);
    let manager = far_end
        .client()
        .manager(AuthorizationCode::new("c0de"))
        .await
        .unwrap();
    assert_eq!(manager.subject(), "o1");
    assert_eq!(far_end.calls(), [call("t0ken-1"), call("t0ken-2")]);
}

#[tokio::test(start_paused = true)]
async fn second_rejected_token_is_an_error() {
    let far_end = FarEnd::new([TOKEN_EXPIRED, TOKEN_EXPIRED]);
    let error = failure(&far_end.client()).await;
    assert_eq!(
        (error.kind(), error.upstream_code()),
        (ErrorKind::TokenRejected, Some(40002))
    );
    assert_eq!((far_end.calls().len(), far_end.token_fetches()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn code_is_sent_again_after_a_failed_connection() {
    let far_end = FarEnd::new([Answer::NotSent, MANAGER]);
    assert!(
        far_end
            .client()
            .manager(AuthorizationCode::new("c0de"))
            .await
            .is_ok()
    );
    let far_end = FarEnd::new([Answer::NotSent, Answer::NotSent]);
    assert_eq!(failure(&far_end.client()).await.kind(), ErrorKind::Connect);
    assert_eq!(far_end.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_code_is_sent_at_most_twice_and_tried_at_most_three_times() {
    let far_end = FarEnd::new([Answer::NotSent, TOKEN_EXPIRED, Answer::NotSent]);
    assert_eq!(failure(&far_end.client()).await.kind(), ErrorKind::Connect);
    let far_end = FarEnd::new([TOKEN_EXPIRED, Answer::NotSent, TOKEN_EXPIRED]);
    assert_eq!(
        failure(&far_end.client()).await.kind(),
        ErrorKind::TokenRejected
    );
}

#[tokio::test(start_paused = true)]
async fn code_that_may_be_consumed_is_never_sent_again() {
    for (answer, kind) in [
        (Answer::Reset, ErrorKind::Lost),
        (Answer::Hang, ErrorKind::Timeout),
        (Answer::Status(302), ErrorKind::Malformed),
        (Answer::Status(502), ErrorKind::Fault),
        (Answer::Json("<html>"), ErrorKind::Malformed),
        (
            Answer::Json(r#"{"errmsg":"success","user_id":"o1"}"#),
            ErrorKind::Malformed,
        ),
        (Answer::Json(r#"{"errcode":0}"#), ErrorKind::Malformed),
        (Answer::Json(r#"{"errcode":42009}"#), ErrorKind::Busy),
        (Answer::Json(r#"{"errcode":-1}"#), ErrorKind::Fault),
        (Answer::Json(r#"{"errcode":40008}"#), ErrorKind::Denied),
    ] {
        let far_end = FarEnd::new([answer]);
        assert_eq!(failure(&far_end.client()).await.kind(), kind);
        assert_eq!(far_end.calls().len(), 1, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn code_is_not_sent_without_a_token() {
    let far_end = FarEnd::with_tokens([Answer::Reset], []);
    assert_eq!(failure(&far_end.client()).await.kind(), ErrorKind::Fault);
    assert!(far_end.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_wrong_secret_causes_no_loop() {
    let far_end = FarEnd::with_tokens(vec![Answer::Json(r#"{"errcode":40001}"#); 3], []);
    let client = far_end.client();
    for _ in 0..100 {
        let error = failure(&client).await;
        assert_eq!(
            (error.kind(), error.upstream_code()),
            (ErrorKind::Configuration, Some(40001))
        );
    }
    assert_eq!(far_end.token_fetches(), 1);
    assert_eq!(
        client.tokens().status(),
        TokenStatus::Failing(ErrorKind::Configuration)
    );
}
