//! Several instances of one application, and callbacks that arrive at any of them.

use tokio::time::Instant;

use super::shared_store::{RecordingCoordinator, SharedStore, instance};
use super::*;

/// Returns two instances, and the coordinator that they share.
fn two() -> (
    Site<SharedStore>,
    Site<SharedStore>,
    Arc<RecordingCoordinator>,
) {
    let (origin, store) = (Site::new(), SharedStore::default());
    let [one, other] = [(); 2].map(|()| instance(&origin, &store, 9, &[]));
    (one, other, store.coordinator)
}

#[tokio::test(start_paused = true)]
async fn fifty_callbacks_over_two_instances_are_one_exchange_and_all_get_the_same_session() {
    let (one, other, coordinator) = two();
    let mut jar = Jar::default();
    one.provider.gate.forget_permits(1);
    let state = one.begin(&mut jar, "/admin").await;
    let mut waiting: Vec<_> = (0..50)
        .map(|index| {
            let site = if index % 2 == 0 { &one } else { &other };
            let code = if index % 3 == 0 { "wang" } else { "li" };
            task::spawn(Box::pin(
                site.send(jar.get(&site.callback_url(code, &state))),
            ))
        })
        .collect();
    for response in &mut waiting {
        assert_pending!(response.poll());
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    one.provider.gate.add_permits(1);
    let mut jars = Vec::new();
    for response in waiting {
        let response = response.into_inner().await;
        assert_eq!(response.location(), "/admin");
        let mut own = jar.clone();
        own.apply(&response);
        assert_eq!(
            (one.who(&own).await, other.who(&own).await),
            ("wang".to_owned(), "wang".to_owned())
        );
        jars.push(own.0);
    }
    assert!(jars.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(one.exchanges(), 1);
    assert_eq!(
        coordinator.claims().len(),
        2,
        "the callbacks at one instance share one claim"
    );
}

#[tokio::test(start_paused = true)]
async fn repeated_callback_joins_at_another_instance_for_a_minute() {
    let (one, other, coordinator) = two();
    let mut jar = Jar::default();
    let state = one.begin(&mut jar, "/admin/x").await;
    let before = jar.clone();
    one.callback(&mut jar, "wang", &state).await;
    one.clock.advance(Duration::from_secs(59));
    // With another code, which WeChat's browser may send: that code is not exchanged either.
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
    assert_eq!((one.exchanges(), coordinator.claims().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn client_that_disconnects_at_one_instance_is_logged_in_at_another() {
    let (one, other, _) = two();
    let mut jar = Jar::default();
    one.provider.gate.forget_permits(1);
    let state = one.begin(&mut jar, "/admin").await;
    let mut first = task::spawn(Box::pin(
        one.send(jar.get(&one.callback_url("wang", &state))),
    ));
    assert_pending!(first.poll());
    drop(first);
    tokio::task::yield_now().await;
    let mut second = task::spawn(Box::pin(
        other.send(jar.get(&other.callback_url("wang", &state))),
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
async fn failed_exchange_gives_the_same_response_at_every_instance() {
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
        let outcomes =
            [&one, &other].map(|site| site.send(jar.get(&site.callback_url(code, &state))));
        let [here, there] = outcomes;
        let (here, there) = (here.await, there.await);
        for response in [&here, &there] {
            let error = response.parts.extensions.get::<Error>().unwrap();
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
            // Once, at whichever instance the second attempt arrives.
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
async fn callback_url_in_another_browser_at_another_instance_exchanges_nothing() {
    let (one, other, _) = two();
    let mut jar = Jar::default();
    let forged = other
        .callback(&mut Jar::default(), "wang", &"a".repeat(56))
        .await;
    one.provider.gate.forget_permits(1);
    let state = one.begin(&mut jar, "/admin").await;
    let mut running = task::spawn(Box::pin(
        one.send(jar.get(&one.callback_url("wang", &state))),
    ));
    assert_pending!(running.poll());
    tokio::task::yield_now().await;
    let while_running = other.callback(&mut Jar::default(), "wang", &state).await;
    one.provider.gate.add_permits(1);
    running.await;
    let after = other.callback(&mut Jar::default(), "li", &state).await;
    for anonymous in [while_running, after] {
        assert_eq!(anonymous.parts.status, StatusCode::BAD_REQUEST);
        assert_eq!(anonymous.parts.headers, forged.parts.headers);
        assert_eq!(anonymous.text, forged.text);
    }
    assert_eq!(one.exchanges(), 1);
}

#[tokio::test(start_paused = true)]
async fn back_button_leads_to_the_return_target_at_every_instance() {
    let (one, other, _) = two();
    let mut jar = Jar::default();
    let state = one.begin(&mut jar, "/admin/x").await;
    one.callback(&mut jar, "wang", &state).await;
    let mut other_user = Jar::default();
    one.log_in(&mut other_user, "li").await;
    // At the last of these times the state has expired.
    for wait in [0, 59, 61, 479, 60] {
        tokio::time::advance(Duration::from_secs(wait)).await;
        one.clock.advance(Duration::from_secs(wait));
        assert_eq!(
            other.callback(&mut jar, "wang", &state).await.location(),
            "/admin/x"
        );
        assert_eq!(
            other
                .callback(&mut other_user, "wang", &state)
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
    one.send(jar.request(Method::POST, "/auth/weika/logout"))
        .await;
    let response = other.callback(&mut with_flow.clone(), "wang", &state).await;
    assert_eq!(response.parts.status, StatusCode::BAD_REQUEST);
    assert!(!response.parts.headers.contains_key(SET_COOKIE));
}

#[test]
fn instance_that_dies_during_the_exchange_costs_one_more_login() {
    let paused = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap()
    };
    let (one, other, coordinator) = two();
    let mut jar = Jar::default();
    let dying = paused();
    let state = dying.block_on(async {
        one.provider.gate.forget_permits(1);
        let state = one.begin(&mut jar, "/admin/x").await;
        let mut first = task::spawn(Box::pin(
            one.send(jar.get(&one.callback_url("wang", &state))),
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
        // As long as the exchange of a live instance may take. The clocks of the two runtimes start
        // at different times.
        let waited = begun.elapsed().as_secs();
        assert!((20..=35).contains(&waited), "{waited}");
        assert!(again.is_to_provider());
        assert_eq!(
            other.exchanges(),
            1,
            "whether the code was exchanged is unknown"
        );
        assert_eq!(
            other
                .callback(&mut jar, "wang", &again.state())
                .await
                .location(),
            "/admin/x"
        );
        assert_eq!(
            (other.who(&jar).await.as_str(), coordinator.claims().len()),
            ("wang", 2)
        );
    });
}

#[tokio::test(start_paused = true)]
async fn follower_of_a_lost_claim_waits_at_most_the_exchange_time() {
    let (one, other, coordinator) = two();
    let mut jar = Jar::default();
    let state = one.begin(&mut jar, "/").await;
    let flow = name_of(&one, &coordinator, &jar, &state).await;
    // An instance claims the flow and dies.
    coordinator
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
async fn claim_that_expires_during_a_wait_is_lost_at_the_next_poll() {
    let (one, other, coordinator) = two();
    let mut jar = Jar::default();
    let state = one.begin(&mut jar, "/").await;
    let flow = name_of(&one, &coordinator, &jar, &state).await;
    coordinator
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

/// Returns the name under which the instances claim the flow of a state, without an exchange.
async fn name_of(
    site: &Site<SharedStore>,
    coordinator: &RecordingCoordinator,
    jar: &Jar,
    state: &str,
) -> String {
    coordinator.set_failing_call(Some("claim"));
    site.callback(&mut jar.clone(), "wang", state).await;
    coordinator.set_failing_call(None);
    coordinator.claims().pop().unwrap()
}

#[tokio::test(start_paused = true)]
async fn unreachable_coordinator_gives_503_without_an_exchange_and_a_reload_succeeds() {
    for fails in ["flow_state", "claim"] {
        let (one, _, coordinator) = two();
        let mut jar = Jar::default();
        let state = one.begin(&mut jar, "/admin/x").await;
        coordinator.set_failing_call(Some(fails));
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
        coordinator.set_failing_call(None);
        assert_eq!(
            one.callback(&mut jar, "wang", &state).await.location(),
            "/admin/x",
            "{fails}"
        );
        assert_eq!((one.who(&jar).await.as_str(), one.exchanges()), ("wang", 1));
    }
}

#[tokio::test(start_paused = true)]
async fn follower_gets_503_when_the_coordinator_becomes_unreachable() {
    let (one, other, coordinator) = two();
    let mut jar = Jar::default();
    one.provider.gate.forget_permits(1);
    let state = one.begin(&mut jar, "/admin/x").await;
    let mut first = task::spawn(Box::pin(
        one.send(jar.get(&one.callback_url("wang", &state))),
    ));
    assert_pending!(first.poll());
    tokio::task::yield_now().await;
    let mut second = task::spawn(Box::pin(
        other.send(jar.get(&other.callback_url("wang", &state))),
    ));
    assert_pending!(second.poll());
    tokio::time::sleep(Duration::from_secs(1)).await;
    coordinator.table.set_unreachable(true);
    assert_eq!(second.await.parts.status, StatusCode::SERVICE_UNAVAILABLE);
    let reload = other.callback(&mut jar, "wang", &state).await;
    assert_eq!(reload.parts.status, StatusCode::SERVICE_UNAVAILABLE);
    coordinator.table.set_unreachable(false);
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
async fn unpublished_outcome_is_valid_at_its_own_instance_only() {
    let (one, other, coordinator) = two();
    let mut jar = Jar::default();
    let state = one.begin(&mut jar, "/admin/x").await;
    let before = jar.clone();
    coordinator.set_failing_call(Some("complete"));
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
async fn unreadable_outcome_restarts_the_login_once_without_an_exchange() {
    let (one, other, coordinator) = two();
    let mut jar = Jar::default();
    let state = one.begin(&mut jar, "/admin/x").await;
    let before = jar.clone();
    one.callback(&mut jar, "wang", &state).await;
    let outcome = coordinator.outcome();
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
        coordinator.complete(&unreadable).await;
        let mut own = before.clone();
        let again = other.callback(&mut own, "wang", &state).await;
        assert!(again.is_to_provider());
        assert_eq!(
            again.parts.extensions.get::<Error>().unwrap().kind(),
            ErrorKind::Lost
        );
        let anonymous = other.callback(&mut Jar::default(), "wang", &state).await;
        assert_eq!(anonymous.parts.status, StatusCode::BAD_REQUEST);
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
    coordinator.complete(&outcome).await;
    assert_eq!(
        other
            .callback(&mut before.clone(), "wang", &state)
            .await
            .location(),
        "/admin/x"
    );
    // There is no third attempt.
    let second = other.begin(&mut jar, "/").await;
    let again = other.callback(&mut jar, "lost", &second).await;
    let state = again.state();
    let before = jar.clone();
    one.callback(&mut jar, "wang", &state).await;
    coordinator.complete(b"").await;
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
async fn records_shared_between_instances_contain_no_session_id_and_no_code() {
    let (one, _, coordinator) = two();
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
    let outcome = coordinator.outcome();
    let text = format!(
        "{} {}",
        coordinator.claims().concat(),
        String::from_utf8(outcome).unwrap()
    );
    let hex: String = raw.iter().map(|byte| format!("{byte:02x}")).collect();
    for secret in [session, &hex, "the-one-time-code", &state] {
        assert!(!text.contains(secret), "{text}");
    }
    let [name] = &coordinator.claims()[..] else {
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
fn coordinated_instances_require_a_secret_and_attach_the_provider_once() {
    let (provider, store) = (Site::new().provider, SharedStore::default());
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
    assert_eq!(provider.attached.load(Ordering::Relaxed), 0);
    let login = builder().secret([9; 32]).build().unwrap();
    let app =
        service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Body::default())));
    drop([login.layer(app), login.layer(app)]);
    assert_eq!(provider.attached.load(Ordering::Relaxed), 1);
    // Without a coordinator in the store there is nothing to attach.
    LoginLayer::builder(provider.clone())
        .public_url("https://campus.example")
        .build()
        .unwrap();
    assert_eq!(provider.attached.load(Ordering::Relaxed), 1);
}

#[test]
fn one_of_two_stores_has_the_coordinator_of_the_store_that_was_chosen() {
    type Store = crate::store::EitherStore<SharedStore, MemoryStore<Person>>;
    assert!(Store::Left(SharedStore::default()).coordinator().is_some());
    assert!(Store::Right(MemoryStore::new()).coordinator().is_none());
}
