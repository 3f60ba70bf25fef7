//! Faults: each has the documented effect, and consumes a code or not as documented.

use std::time::Duration;

use super::*;

/// The next `get-manager-info` suffers `fault`; also how often its code was consumed.
async fn faulted(fault: Fault) -> (io::Result<Raw>, u64) {
    let sandbox = Sandbox::start().await.unwrap();
    let code = sandbox.issue_wxcode("wang").unwrap();
    let target = format!("{INFO}?access_token={}", token(&sandbox).await);
    let name = fault.behaviour().name;
    sandbox.faults().once(Endpoint::ManagerInfo, fault);
    let answer = post(&sandbox, &target, &json!({ "wxcode": code })).await;
    let call_log = sandbox.call_log();
    assert_eq!(
        call_log.entries().last().unwrap().outcome,
        Outcome::Faulted(name)
    );
    assert!(sandbox.faults().pending(Endpoint::ManagerInfo).is_empty());
    (answer, call_log.codes_exchanged())
}

#[tokio::test]
async fn reset_comes_before_or_after_the_code_is_consumed() {
    for (fault, expected) in [(Fault::ResetBefore, 0), (Fault::ResetAfter, 1)] {
        let (answer, consumed) = faulted(fault).await;
        let error = answer.err().unwrap();
        assert_eq!(
            (error.kind(), consumed),
            (io::ErrorKind::ConnectionReset, expected)
        );
    }
}

#[tokio::test]
async fn broken_body_belongs_to_a_consumed_code() {
    let (truncated, consumed) = faulted(Fault::TruncatedBody).await;
    let truncated = truncated.unwrap();
    assert!(!truncated.is_whole() && !truncated.body.is_empty());
    assert_eq!((truncated.status, consumed), (200, 1));

    let (empty, consumed) = faulted(Fault::EmptyBody).await;
    let empty = empty.unwrap();
    assert!(empty.is_whole() && empty.body.is_empty());
    assert_eq!((empty.status, consumed), (200, 1));

    let (huge, consumed) = faulted(Fault::HugeBody).await;
    let huge = huge.unwrap();
    assert!(huge.is_whole() && huge.body.len() > 10 * 1024 * 1024);
    assert_eq!(
        (huge.json()["name"].as_str(), consumed),
        (Some("王老师"), 1)
    );
}

#[tokio::test]
async fn response_of_a_gateway_consumes_no_code() {
    for (fault, status) in [(Fault::BadGateway, 502), (Fault::TooManyRequests, 429)] {
        let (answer, consumed) = faulted(fault).await;
        let answer = answer.unwrap();
        assert_eq!((answer.status, consumed), (status, 0));
        assert_eq!(
            answer.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert_eq!(answer.header("retry-after"), (status == 429).then_some("1"));
    }
    let (answer, consumed) = faulted(Fault::Redirect("http://elsewhere.test/".to_owned())).await;
    let answer = answer.unwrap();
    assert_eq!((answer.status, consumed), (302, 0));
    assert_eq!(answer.header("location"), Some("http://elsewhere.test/"));
}

#[tokio::test]
async fn arbitrary_errcode_consumes_no_code() {
    for errcode in [json!(-1), json!(40002), json!("6001"), json!(i64::MAX)] {
        let (answer, consumed) = faulted(Fault::Errcode(errcode.clone())).await;
        let answer = answer.unwrap();
        assert_eq!((answer.status, consumed), (200, 0));
        assert_eq!(answer.json()["errcode"], errcode);
    }
    let (answer, consumed) = faulted(Fault::NotLatest).await;
    assert_eq!(
        (&answer.unwrap().json()["errcode"], consumed),
        (&json!(40005), 0)
    );
}

#[tokio::test]
async fn gate_holds_the_response_until_it_opens() {
    let sandbox = Sandbox::start().await.unwrap();
    let gate = Gate::new();
    sandbox
        .faults()
        .once(Endpoint::AccessToken, Fault::Held(gate.clone()));
    let body = credentials(&sandbox);
    let call = post(&sandbox, TOKEN, &body);
    let open = async {
        sandbox.call_log().reached(Endpoint::AccessToken, 1).await;
        gate.open();
    };
    let (answer, ()) = tokio::join!(call, open);
    assert_eq!(answer.unwrap().json()["errcode"], 0);
}

#[tokio::test]
async fn delay_only_delays() {
    let (answer, consumed) = faulted(Fault::Delay(Duration::from_millis(1))).await;
    assert_eq!(
        (answer.unwrap().json()["errcode"].as_i64(), consumed),
        (Some(0), 1)
    );
}

#[tokio::test]
async fn hanging_call_has_consumed_its_code_and_ends_with_the_caller() {
    let sandbox = Sandbox::start().await.unwrap();
    let code = sandbox.issue_wxcode("wang").unwrap();
    let target = format!("{INFO}?access_token={}", token(&sandbox).await);
    sandbox.faults().always(Endpoint::ManagerInfo, Fault::Hang);
    let body = json!({ "wxcode": code });
    tokio::select! {
        _ = post(&sandbox, &target, &body) => panic!("it answered"),
        () = sandbox.call_log().reached(Endpoint::ManagerInfo, 1) => {}
    }
    sandbox.faults().clear();
    assert_eq!(manager_info(&sandbox, &code).await, invalid_code());
    assert_eq!(sandbox.call_log().codes_exchanged(), 1);
}

#[tokio::test]
async fn expires_in_can_be_anything_or_nothing() {
    let sandbox = Sandbox::start().await.unwrap();
    for form in [
        Some(json!(0)),
        Some(json!(-1)),
        Some(json!(u64::MAX)),
        Some(json!("7200")),
        None,
    ] {
        sandbox
            .faults()
            .once(Endpoint::AccessToken, Fault::ExpiresIn(form.clone()));
        let answer = post(&sandbox, TOKEN, &credentials(&sandbox))
            .await
            .unwrap()
            .json();
        assert_eq!(
            (answer.get("expires_in"), &answer["errcode"]),
            (form.as_ref(), &json!(0))
        );
    }
    let answer = post(&sandbox, TOKEN, &credentials(&sandbox))
        .await
        .unwrap()
        .json();
    assert_eq!(answer["expires_in"], 7200);
}

#[tokio::test]
async fn redirect_can_lose_and_change_the_state() {
    let sandbox = Sandbox::builder()
        .auto_approve("wang")
        .start()
        .await
        .unwrap();
    let parameters = "redirect_uri=http://x/&state=S";
    sandbox
        .faults()
        .once(Endpoint::Approve, Fault::altered_state());
    sandbox
        .faults()
        .once(Endpoint::Approve, Fault::StateMissing);
    let altered = redirected(&sandbox, parameters).await;
    assert!(
        altered.ends_with("&state=Shttps://i.maxthon.cn"),
        "{altered}"
    );
    let missing = redirected(&sandbox, parameters).await;
    assert!(missing.starts_with("http://x/?wxcode=") && !missing.contains("state"));
    assert!(redirected(&sandbox, parameters).await.ends_with("&state=S"));
}

#[tokio::test]
async fn two_people_can_get_the_same_code() {
    let sandbox = Sandbox::builder()
        .auto_approve("wang")
        .start()
        .await
        .unwrap();
    let parameters = "redirect_uri=http://x/";
    let first = redirected(&sandbox, parameters).await;
    sandbox.auto_approve("li");
    sandbox.faults().once(Endpoint::Approve, Fault::SameCode);
    assert_eq!(redirected(&sandbox, parameters).await, first);
    assert_ne!(redirected(&sandbox, parameters).await, first);
    assert_eq!(sandbox.call_log().codes_issued(), 2);
}

#[tokio::test]
async fn faults_of_the_redirect_also_happen_after_the_page() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox
        .faults()
        .once(Endpoint::Approve, Fault::StateMissing);
    let target = format!(
        "/sandbox/weika/approve?person=li&app_key={}&redirect_uri=http://x/&state=S",
        sandbox.app_key()
    );
    let location = get(&sandbox, &target)
        .await
        .unwrap()
        .header("location")
        .unwrap()
        .to_owned();
    assert!(location.starts_with("http://x/?wxcode=") && !location.contains("state"));
}

#[tokio::test]
async fn after_shutdown_connections_are_refused_until_it_starts_again() {
    let sandbox = Sandbox::start().await.unwrap();
    let address = sandbox.address();
    sandbox.shutdown().await;
    let refused = TcpStream::connect(address).await.err().unwrap();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    let again = Sandbox::builder().listen(address).start().await.unwrap();
    assert_eq!(
        post(&again, TOKEN, &credentials(&again))
            .await
            .unwrap()
            .status,
        200
    );
}
