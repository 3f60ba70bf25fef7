//! Several instances of one site, and callbacks that arrive at any of them.

use tokio::time::Instant;

use super::meeting::{Joint, Meeting, instance};
use super::*;

/// Two instances, and where they meet.
fn two() -> (Site<Joint>, Site<Joint>, Arc<Meeting>) {
    let (origin, store) = (Site::new(), Joint::default());
    let [one, other] = [(); 2].map(|()| instance(&origin, &store, 9, &[]));
    (one, other, store.meeting)
}

#[tokio::test(start_paused = true)]
async fn fifty_callbacks_over_two_instances_are_one_exchange_and_all_get_the_same_session() {
    let (one, other, meeting) = two();
    let mut jar = Jar::default();
    one.provider.gate.forget_permits(1);
    let state = one.begin(&mut jar, "/admin").await;
    let mut waiting: Vec<_> = (0..50)
        .map(|index| {
            let site = if index % 2 == 0 { &one } else { &other };
            let code = if index % 3 == 0 { "wang" } else { "li" };
            task::spawn(Box::pin(
                site.answer(jar.get(&site.callback_url(code, &state))),
            ))
        })
        .collect();
    for answer in &mut waiting {
        assert_pending!(answer.poll());
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    one.provider.gate.add_permits(1);
    let mut jars = Vec::new();
    for answer in waiting {
        let answer = answer.into_inner().await;
        assert_eq!(answer.location(), "/admin");
        let mut own = jar.clone();
        own.apply(&answer);
        assert_eq!(
            (one.who(&own).await, other.who(&own).await),
            ("wang".to_owned(), "wang".to_owned())
        );
        jars.push(own.0);
    }
    assert!(jars.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(one.exchanges(), 1);
    assert_eq!(
        meeting.claims().len(),
        2,
        "callers of one process are one caller"
    );
}

#[tokio::test(start_paused = true)]
async fn repeated_callback_is_welcome_at_another_instance_for_a_minute() {
    let (one, other, meeting) = two();
    let mut jar = Jar::default();
    let state = one.begin(&mut jar, "/admin/x").await;
    let before = jar.clone();
    one.callback(&mut jar, "wang", &state).await;
    one.clock.advance(Duration::from_secs(59));
    // With another code, which WeChat's browser may well bring: that one is not spent either.
    let mut again = before.clone();
    assert_eq!(
        other.callback(&mut again, "li", &state).await.location(),
        "/admin/x"
    );
    assert_eq!(again.0, jar.0);
    assert_eq!(other.who(&again).await, "wang");
    one.clock.advance(Duration::from_secs(1));
    for site in [&one, &other] {
        let late = site.callback(&mut before.clone(), "wang", &state).await;
        assert_eq!(late.parts.status, StatusCode::BAD_REQUEST);
    }
    assert_eq!((one.exchanges(), meeting.claims().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn browser_that_hangs_up_at_one_instance_is_logged_in_at_another() {
    let (one, other, _) = two();
    let mut jar = Jar::default();
    one.provider.gate.forget_permits(1);
    let state = one.begin(&mut jar, "/admin").await;
    let mut first = task::spawn(Box::pin(
        one.answer(jar.get(&one.callback_url("wang", &state))),
    ));
    assert_pending!(first.poll());
    drop(first);
    tokio::task::yield_now().await;
    let mut second = task::spawn(Box::pin(
        other.answer(jar.get(&other.callback_url("wang", &state))),
    ));
    assert_pending!(second.poll());
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_pending!(second.poll());
    one.provider.gate.add_permits(1);
    jar.apply(&second.await);
    assert_eq!(
        (other.who(&jar).await.as_str(), one.exchanges()),
        ("wang", 1)
    );
}

#[tokio::test(start_paused = true)]
async fn failed_exchange_is_told_the_same_at_every_instance() {
    for (code, kind) in [
        ("bad", ErrorKind::InvalidCode),
        ("lost", ErrorKind::Lost),
        ("late", ErrorKind::Timeout),
        ("denied", ErrorKind::Denied),
        ("fault", ErrorKind::Fault),
        ("store", ErrorKind::Store),
    ] {
        let (one, other, _) = two();
        let mut jar = Jar::default();
        let state = one.begin(&mut jar, "/admin/x").await;
        let told =
            [&one, &other].map(|site| site.answer(jar.get(&site.callback_url(code, &state))));
        let [here, there] = told;
        let (here, there) = (here.await, there.await);
        for answer in [&here, &there] {
            let error = answer.parts.extensions.get::<Error>().unwrap();
            assert_eq!(
                (error.kind(), error.upstream_code()),
                (kind, Some(6001)),
                "{code}"
            );
        }
        assert_eq!(
            (here.parts.status, &here.text),
            (there.parts.status, &there.text),
            "{code}"
        );
        let begins_again = matches!(code, "bad" | "lost" | "late");
        assert_eq!(
            here.parts.status == StatusCode::SEE_OTHER,
            begins_again,
            "{code}"
        );
        if begins_again {
            assert!(here.is_to_provider() && there.is_to_provider());
            jar.apply(&there);
            // Once, wherever the second attempt comes back to.
            let second = one.callback(&mut jar, code, &there.state()).await;
            assert!(!second.parts.status.is_redirection(), "{code}");
            let again = other.callback(&mut jar, code, &there.state()).await;
            assert_eq!(
                (second.parts.status, second.text),
                (again.parts.status, again.text),
                "{code}"
            );
        }
        assert_eq!(one.exchanges(), if begins_again { 2 } else { 1 }, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn stranger_at_another_instance_learns_and_spends_nothing() {
    let (one, other, _) = two();
    let mut jar = Jar::default();
    let forged = other
        .callback(&mut Jar::default(), "wang", &"a".repeat(52))
        .await;
    one.provider.gate.forget_permits(1);
    let state = one.begin(&mut jar, "/admin").await;
    let mut running = task::spawn(Box::pin(
        one.answer(jar.get(&one.callback_url("wang", &state))),
    ));
    assert_pending!(running.poll());
    tokio::task::yield_now().await;
    let while_running = other.callback(&mut Jar::default(), "wang", &state).await;
    one.provider.gate.add_permits(1);
    running.await;
    let after = other.callback(&mut Jar::default(), "li", &state).await;
    for stranger in [while_running, after] {
        assert_eq!(stranger.parts.status, StatusCode::BAD_REQUEST);
        assert_eq!(stranger.parts.headers, forged.parts.headers);
        assert_eq!(stranger.text, forged.text);
    }
    assert_eq!(one.exchanges(), 1);
}

#[tokio::test(start_paused = true)]
async fn back_button_finds_its_target_at_every_instance() {
    let (one, other, _) = two();
    let mut jar = Jar::default();
    let state = one.begin(&mut jar, "/admin/x").await;
    one.callback(&mut jar, "wang", &state).await;
    let mut somebody = Jar::default();
    one.log_in(&mut somebody, "li").await;
    // The last time, nobody would take the state for fresh any more.
    for wait in [0, 59, 61, 479, 60] {
        tokio::time::advance(Duration::from_secs(wait)).await;
        one.clock.advance(Duration::from_secs(wait));
        assert_eq!(
            other.callback(&mut jar, "wang", &state).await.location(),
            "/admin/x"
        );
        assert_eq!(
            other
                .callback(&mut somebody, "wang", &state)
                .await
                .location(),
            "/",
            "not theirs"
        );
    }
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(
        other.callback(&mut jar, "wang", &state).await.location(),
        "/",
        "long forgotten"
    );
    assert_eq!(one.exchanges(), 2);
}

#[tokio::test(start_paused = true)]
async fn repeated_callback_at_another_instance_does_not_undo_a_logout() {
    let (one, other, _) = two();
    let mut jar = Jar::default();
    let state = one.begin(&mut jar, "/").await;
    let with_flow = jar.clone();
    one.callback(&mut jar, "wang", &state).await;
    one.answer(jar.request(Method::POST, "/auth/weika/logout"))
        .await;
    let answer = other.callback(&mut with_flow.clone(), "wang", &state).await;
    assert_eq!(answer.parts.status, StatusCode::BAD_REQUEST);
    assert!(!answer.parts.headers.contains_key(SET_COOKIE));
}

#[test]
fn instance_that_dies_with_the_code_costs_one_more_login() {
    let paused = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap()
    };
    let (one, other, meeting) = two();
    let mut jar = Jar::default();
    let dying = paused();
    let state = dying.block_on(async {
        one.provider.gate.forget_permits(1);
        let state = one.begin(&mut jar, "/admin/x").await;
        let mut first = task::spawn(Box::pin(
            one.answer(jar.get(&one.callback_url("wang", &state))),
        ));
        assert_pending!(first.poll());
        tokio::task::yield_now().await;
        assert_eq!(one.exchanges(), 1, "the code is on its way");
        state
    });
    drop(dying);
    one.provider.gate.add_permits(1);
    paused().block_on(async {
        let begun = Instant::now();
        let again = other.callback(&mut jar, "wang", &state).await;
        // As long as it might take an instance that lives. The clocks of two runtimes do not begin together.
        let waited = begun.elapsed().as_secs();
        assert!((20..=35).contains(&waited), "{waited}");
        assert!(again.is_to_provider());
        assert_eq!(
            other.exchanges(),
            1,
            "nobody knows whether the code was spent"
        );
        assert_eq!(
            other
                .callback(&mut jar, "wang", &again.state())
                .await
                .location(),
            "/admin/x"
        );
        assert_eq!(
            (other.who(&jar).await.as_str(), meeting.claims().len()),
            ("wang", 2)
        );
    });
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_for_the_lost_than_the_lost_might_have_taken() {
    let (one, other, meeting) = two();
    let mut jar = Jar::default();
    let state = one.begin(&mut jar, "/").await;
    let flow = name_of(&one, &meeting, &jar, &state).await;
    // Claimed, and not heard of again.
    meeting
        .table
        .claim_flow(&flow, Duration::from_secs(660))
        .await
        .unwrap();
    for (wait, waits) in [(20, 15), (0, 0)] {
        tokio::time::advance(Duration::from_secs(wait)).await;
        let begun = Instant::now();
        assert!(
            other
                .callback(&mut jar.clone(), "wang", &state)
                .await
                .is_to_provider()
        );
        assert_eq!(begun.elapsed().as_secs(), waits);
    }
    assert_eq!(one.exchanges(), 0);
}

#[tokio::test(start_paused = true)]
async fn claim_that_is_forgotten_while_somebody_waits_is_lost_at_once() {
    let (one, other, meeting) = two();
    let mut jar = Jar::default();
    let state = one.begin(&mut jar, "/").await;
    let flow = name_of(&one, &meeting, &jar, &state).await;
    meeting
        .table
        .claim_flow(&flow, Duration::from_secs(5))
        .await
        .unwrap();
    let begun = Instant::now();
    assert!(
        other
            .callback(&mut jar.clone(), "wang", &state)
            .await
            .is_to_provider()
    );
    // Noticed at the next poll.
    assert!(
        (5..7).contains(&begun.elapsed().as_secs()) && one.exchanges() == 0,
        "{:?}",
        begun.elapsed()
    );
}

/// Under which name the instances know the flow of a state. Its code is not spent.
async fn name_of(site: &Site<Joint>, meeting: &Meeting, jar: &Jar, state: &str) -> String {
    meeting.fail_to(Some("claim"));
    site.callback(&mut jar.clone(), "wang", state).await;
    meeting.fail_to(None);
    meeting.claims().pop().unwrap()
}

#[tokio::test(start_paused = true)]
async fn while_the_instances_cannot_meet_no_code_is_spent_and_a_reload_helps() {
    for fails in ["look", "claim"] {
        let (one, _, meeting) = two();
        let mut jar = Jar::default();
        let state = one.begin(&mut jar, "/admin/x").await;
        meeting.fail_to(Some(fails));
        for _ in 0..2 {
            let page = one.callback(&mut jar, "wang", &state).await;
            assert_eq!(
                page.parts.status,
                StatusCode::SERVICE_UNAVAILABLE,
                "{fails}"
            );
            assert!(
                page.parts.headers.contains_key(RETRY_AFTER)
                    && !page.parts.headers.contains_key(SET_COOKIE)
            );
            assert_eq!(
                page.parts.extensions.get::<Error>().unwrap().kind(),
                ErrorKind::Store
            );
        }
        assert_eq!(one.exchanges(), 0);
        meeting.fail_to(None);
        assert_eq!(
            one.callback(&mut jar, "wang", &state).await.location(),
            "/admin/x",
            "{fails}"
        );
        assert_eq!((one.who(&jar).await.as_str(), one.exchanges()), ("wang", 1));
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_while_the_instances_cannot_meet_is_told_to_try_again() {
    let (one, other, meeting) = two();
    let mut jar = Jar::default();
    one.provider.gate.forget_permits(1);
    let state = one.begin(&mut jar, "/admin/x").await;
    let mut first = task::spawn(Box::pin(
        one.answer(jar.get(&one.callback_url("wang", &state))),
    ));
    assert_pending!(first.poll());
    tokio::task::yield_now().await;
    let mut second = task::spawn(Box::pin(
        other.answer(jar.get(&other.callback_url("wang", &state))),
    ));
    assert_pending!(second.poll());
    tokio::time::sleep(Duration::from_secs(1)).await;
    meeting.table.set_unreachable(true);
    assert_eq!(second.await.parts.status, StatusCode::SERVICE_UNAVAILABLE);
    let reload = other.callback(&mut jar, "wang", &state).await;
    assert_eq!(reload.parts.status, StatusCode::SERVICE_UNAVAILABLE);
    meeting.table.set_unreachable(false);
    one.provider.gate.add_permits(1);
    first.await;
    assert_eq!(
        other.callback(&mut jar, "wang", &state).await.location(),
        "/admin/x"
    );
    assert_eq!(
        (other.who(&jar).await.as_str(), one.exchanges()),
        ("wang", 1)
    );
}

#[tokio::test(start_paused = true)]
async fn outcome_that_cannot_be_told_stands_where_it_is() {
    let (one, other, meeting) = two();
    let mut jar = Jar::default();
    let state = one.begin(&mut jar, "/admin/x").await;
    let before = jar.clone();
    meeting.fail_to(Some("settle"));
    for _ in 0..2 {
        assert_eq!(
            one.callback(&mut jar, "wang", &state).await.location(),
            "/admin/x"
        );
        assert_eq!(one.who(&jar).await, "wang");
    }
    assert!(
        other
            .callback(&mut before.clone(), "wang", &state)
            .await
            .is_to_provider()
    );
    assert_eq!(one.exchanges(), 1);
}

#[tokio::test(start_paused = true)]
async fn outcome_that_cannot_be_read_restarts_the_login_once_and_spends_nothing() {
    let (one, other, meeting) = two();
    let mut jar = Jar::default();
    let state = one.begin(&mut jar, "/admin/x").await;
    let before = jar.clone();
    one.callback(&mut jar, "wang", &state).await;
    let outcome = meeting.outcome();
    let newer = String::from_utf8(outcome.clone())
        .unwrap()
        .replacen("\"v\":1", "\"v\":2", 1)
        .into_bytes();
    assert_ne!(newer, outcome);
    let truncated = (0..outcome.len()).map(|length| outcome[..length].to_vec());
    let others = [
        newer,
        b"\xff\xfe".to_vec(),
        b"null".to_vec(),
        b"{\"v\":1}".to_vec(),
        vec![b'['; 10_000],
    ];
    for unreadable in truncated.chain(others) {
        meeting.settle(&unreadable).await;
        let mut own = before.clone();
        let again = other.callback(&mut own, "wang", &state).await;
        assert!(again.is_to_provider());
        assert_eq!(
            again.parts.extensions.get::<Error>().unwrap().kind(),
            ErrorKind::Lost
        );
        let stranger = other.callback(&mut Jar::default(), "wang", &state).await;
        assert_eq!(stranger.parts.status, StatusCode::BAD_REQUEST);
        assert_eq!(
            other
                .callback(&mut jar.clone(), "wang", &state)
                .await
                .location(),
            "/",
            "logged in all the same"
        );
    }
    assert_eq!(one.exchanges(), 1);
    meeting.settle(&outcome).await;
    assert_eq!(
        other
            .callback(&mut before.clone(), "wang", &state)
            .await
            .location(),
        "/admin/x"
    );
    // The second attempt is the last one.
    let second = other.begin(&mut jar, "/").await;
    let again = other.callback(&mut jar, "lost", &second).await;
    let state = again.state();
    let before = jar.clone();
    one.callback(&mut jar, "wang", &state).await;
    meeting.settle(b"").await;
    assert_eq!(
        other
            .callback(&mut before.clone(), "wang", &state)
            .await
            .parts
            .status,
        StatusCode::BAD_GATEWAY
    );
}

#[tokio::test(start_paused = true)]
async fn what_the_instances_tell_each_other_holds_no_session_id_and_no_code() {
    let (one, _, meeting) = two();
    let mut jar = Jar::default();
    let state = one.begin(&mut jar, "/admin/x").await;
    one.callback(&mut jar, "the-one-time-code", &state).await;
    let (_, session) = jar
        .0
        .iter()
        .find(|(name, _)| name.ends_with("-session"))
        .unwrap();
    let raw =
        base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, session).unwrap();
    let outcome = meeting.outcome();
    let text = format!(
        "{} {}",
        meeting.claims().concat(),
        String::from_utf8(outcome).unwrap()
    );
    let hex: String = raw.iter().map(|byte| format!("{byte:02x}")).collect();
    for secret in [session, &hex, "the-one-time-code", &state] {
        assert!(!text.contains(secret), "{text}");
    }
    let [name] = &meeting.claims()[..] else {
        panic!("one flow")
    };
    assert!(
        name.len() == 12
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)),
        "{name}"
    );
}

#[test]
fn instances_have_to_share_a_secret_and_the_provider_is_told_once() {
    let (provider, store) = (Site::new().provider, Joint::default());
    let builder = || {
        LoginLayer::builder(provider.clone())
            .store(store.clone())
            .public_url("https://campus.example")
    };
    let error = builder().build().unwrap_err();
    assert!(
        matches!(error.errors(), [ConfigErrorKind::Missing(what)] if what.contains("same on all instances")),
        "{error}"
    );
    assert!(builder().previous_secret([9; 32]).build().is_err());
    assert_eq!(provider.joined.load(Ordering::Relaxed), 0);
    let login = builder().secret([9; 32]).build().unwrap();
    let app =
        service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Body::default())));
    drop([login.layer(app), login.layer(app)]);
    assert_eq!(provider.joined.load(Ordering::Relaxed), 1);
    // Alone, there is nobody to share with.
    LoginLayer::builder(provider.clone())
        .public_url("https://campus.example")
        .build()
        .unwrap();
    assert_eq!(provider.joined.load(Ordering::Relaxed), 1);
}
