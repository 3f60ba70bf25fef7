//! The wait for a permit, in one process and over several instances (rules A1 and A5).

use tokio::time::{Instant, advance, sleep};

use super::shared_store::{RecordingCoordinator, SharedStore, instance};
use super::*;
use crate::login::endpoint_request::EndpointRequest;
use crate::login::endpoints::Endpoint;

/// Returns a provider with this many permits.
fn provider(calls: usize) -> (Provider, Permits) {
    let permits = Permits::new(calls);
    (
        Provider {
            permits: Some(permits.clone()),
            ..Site::new().provider
        },
        permits,
    )
}

fn state_of(permits: &Permits) -> (usize, usize) {
    (permits.available(), permits.waiting())
}

/// Logs in, which must fail for lack of capacity, without a wait.
async fn assert_busy_at_once(site: &Site, jar: &mut Jar) {
    let state = site.begin(jar, "/").await;
    let began = Instant::now();
    let busy = site.callback(jar, "li", &state).await;
    assert_eq!(
        (busy.parts.status, began.elapsed()),
        (StatusCode::SERVICE_UNAVAILABLE, Duration::ZERO)
    );
}

async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a1_login_without_a_permit_is_503_with_retry_after_and_a_reload_succeeds() {
    let (provider, permits) = provider(1);
    let site = Site::with(provider);
    let permit = permits.acquire().await.unwrap();
    let mut jar = Jar::default();
    let state = site.begin(&mut jar, "/admin/x").await;
    for (language, words) in [
        ("en", "Too many logins right now"),
        ("zh-CN", "当前登录人数过多"),
    ] {
        let mut request = jar.get(&site.callback_url("wang", &state));
        request
            .headers_mut()
            .insert("accept-language", language.parse().unwrap());
        let began = Instant::now();
        let busy = site.send(request).await;
        assert_eq!(began.elapsed(), Duration::from_secs(5));
        assert_eq!(busy.parts.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(busy.parts.headers[RETRY_AFTER], "5");
        assert!(busy.text.contains(words), "{}", busy.text);
        assert!(
            !busy.parts.headers.contains_key(SET_COOKIE),
            "the flow cookie stays"
        );
        assert_eq!(
            busy.parts.extensions.get::<Error>().unwrap().kind(),
            ErrorKind::Overloaded
        );
    }
    assert_eq!((site.exchanges(), state_of(&permits)), (0, (0, 0)));
    let mut script = jar.get(&site.callback_url("wang", &state));
    script.headers_mut().remove(ACCEPT);
    assert_eq!(site.send(script).await.text, r#"{"error":"busy"}"#);
    drop(permit);
    assert_eq!(
        site.callback(&mut jar, "wang", &state).await.location(),
        "/admin/x"
    );
    assert_eq!(
        (
            site.who(&jar).await.as_str(),
            site.exchanges(),
            state_of(&permits)
        ),
        ("wang", 1, (1, 0))
    );
}

#[tokio::test(start_paused = true)]
async fn a1_waiter_beyond_the_queue_limit_is_503_at_once() {
    let permits = Permits::new(1).max_waiting(2);
    let site = Site::with(Provider {
        permits: Some(permits.clone()),
        ..Site::new().provider
    });
    let permit = permits.acquire().await.unwrap();
    let mut jar = Jar::default();
    let mut waiting = Vec::new();
    for _ in 0..2 {
        let state = site.begin(&mut jar, "/").await;
        let url = site.callback_url("wang", &state);
        let mut visit = task::spawn(Box::pin(site.send(jar.get(&url))));
        assert_pending!(visit.poll());
        waiting.push(visit);
    }
    settle().await;
    assert_busy_at_once(&site, &mut jar).await;
    drop(permit);
    for visit in waiting {
        assert_eq!(visit.into_inner().await.location(), "/");
    }
    assert_eq!(state_of(&permits), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a1_waiter_leaves_when_its_last_client_disconnects_and_a_reload_succeeds() {
    let captured = crate::trace::tests::Captured::new();
    for waits_for_token in [false, true] {
        let (provider, permits) = provider(1);
        let site = Site::with(provider);
        let permit = permits.acquire().await.unwrap();
        if waits_for_token {
            site.provider.token.forget_permits(1);
        }
        let mut jar = Jar::default();
        let state = site.begin(&mut jar, "/").await;
        let url = site.callback_url("wang", &state);
        let [mut first, mut second] =
            [(); 2].map(|()| task::spawn(Box::pin(site.send(jar.get(&url)))));
        assert_pending!(first.poll());
        assert_pending!(second.poll());
        settle().await;
        assert_eq!(permits.waiting(), 1, "repeated callbacks are one waiter");
        drop(first);
        settle().await;
        assert_eq!(permits.waiting(), 1);
        drop(second);
        settle().await;
        assert_eq!(permits.waiting(), 0);
        drop(permit);
        settle().await;
        assert_eq!((site.exchanges(), permits.available()), (0, 1));
        site.provider
            .token
            .add_permits(usize::from(waits_for_token));
        assert_eq!(
            site.callback(&mut jar, "wang", &state).await.location(),
            "/"
        );
    }
    assert!(!captured.text().contains("WARN"), "{}", captured.text());
}

#[tokio::test(start_paused = true)]
async fn a2_login_above_the_ceiling_per_minute_does_not_wait_for_a_permit() {
    let (provider, permits) = provider(1);
    let mut site = Site::with(provider);
    site.login = LoginLayer::builder(site.provider.clone())
        .public_url("https://campus.example")
        .secret([9; 32])
        .clock(site.clock.clock())
        .exchanges_per_minute(std::num::NonZeroU32::new(1).unwrap())
        .build()
        .unwrap();
    site.log_in(&mut Jar::default(), "wang").await;
    let _permit = permits.acquire().await.unwrap();
    assert_busy_at_once(&site, &mut Jar::default()).await;
}

#[tokio::test(start_paused = true)]
async fn a1_exchange_timeout_starts_with_the_permit_and_returns_it() {
    let (provider, permits) = provider(1);
    let site = Site::with(provider);
    let permit = permits.acquire().await.unwrap();
    site.provider.gate.forget_permits(1);
    let mut jar = Jar::default();
    let state = site.begin(&mut jar, "/").await;
    let url = site.callback_url("wang", &state);
    let mut visit = task::spawn(Box::pin(site.send(jar.get(&url))));
    assert_pending!(visit.poll());
    sleep(Duration::from_secs(4)).await;
    drop(permit);
    sleep(Duration::from_secs(29)).await;
    assert_pending!(visit.poll());
    assert_eq!((site.exchanges(), permits.available()), (1, 0));
    sleep(Duration::from_secs(2)).await;
    assert_eq!(
        (
            permits.available(),
            site.provider.running.0.load(Ordering::Relaxed)
        ),
        (1, 0)
    );
    assert!(
        visit.into_inner().await.is_to_provider(),
        "the login restarts"
    );
}

#[tokio::test(start_paused = true)]
async fn a1_sent_code_completes_when_its_client_disconnects() {
    let (provider, permits) = provider(1);
    let site = Site::with(provider);
    site.provider.gate.forget_permits(1);
    let mut jar = Jar::default();
    let state = site.begin(&mut jar, "/").await;
    let url = site.callback_url("wang", &state);
    let mut visit = task::spawn(Box::pin(site.send(jar.get(&url))));
    assert_pending!(visit.poll());
    settle().await;
    assert_eq!(site.exchanges(), 1);
    drop(visit);
    settle().await;
    site.provider.gate.add_permits(1);
    assert_eq!(site.callback(&mut jar, "li", &state).await.location(), "/");
    assert_eq!(
        (
            site.who(&jar).await.as_str(),
            site.exchanges(),
            state_of(&permits)
        ),
        ("wang", 1, (1, 0))
    );
}

#[tokio::test(start_paused = true)]
async fn a1_panicking_provider_returns_its_permit() {
    let (provider, permits) = provider(1);
    let site = Site::with(provider);
    for _ in 0..3 {
        let mut jar = Jar::default();
        let state = site.begin(&mut jar, "/").await;
        for _ in 0..2 {
            let response = site.callback(&mut jar, "panic", &state).await;
            assert_eq!(response.parts.status, StatusCode::SERVICE_UNAVAILABLE);
        }
        assert_eq!(state_of(&permits), (1, 0));
    }
    assert_eq!(
        site.exchanges(),
        3,
        "a repeated callback gets the same response"
    );
}

#[tokio::test(start_paused = true)]
async fn a1_failed_exchange_returns_its_permit() {
    let (provider, permits) = provider(1);
    let site = Site::with(provider);
    for code in ["bad", "lost", "late", "denied", "fault", "store"] {
        let mut jar = Jar::default();
        let state = site.begin(&mut jar, "/").await;
        site.callback(&mut jar, code, &state).await;
        assert_eq!(state_of(&permits), (1, 0), "{code}");
    }
    assert_eq!(site.exchanges(), 6);
}

#[test]
fn a1_waiting_login_releases_the_read_buffer_of_its_connection() {
    let buffer = Bytes::from(b"/callback?code=x text/html /one".to_vec());
    let mut request = Request::new(());
    *request.uri_mut() = http::uri::Uri::from_maybe_shared(buffer.slice(..16)).unwrap();
    for (name, value) in [
        (ACCEPT, buffer.slice(17..26)),
        (http::header::REFERER, buffer.slice(27..)),
    ] {
        request
            .headers_mut()
            .insert(name, http::HeaderValue::from_maybe_shared(value).unwrap());
    }
    request
        .headers_mut()
        .get_mut(ACCEPT)
        .unwrap()
        .set_sensitive(true);
    request.extensions_mut().insert(buffer.slice(..));
    let visit = EndpointRequest::new(request.into_parts().0, Endpoint::Login);
    assert!(buffer.is_unique());
    let [accept, referer] =
        [ACCEPT, http::header::REFERER].map(|name| visit.headers[name].to_str().unwrap());
    assert_eq!((accept, referer), ("text/html", "/one"));
    assert_eq!(
        (visit.headers[ACCEPT].is_sensitive(), visit.query.as_deref()),
        (true, Some("code=x"))
    );
}

/// Returns two instances, each with separate permits.
fn two() -> ([(Site<SharedStore>, Permits); 2], Arc<RecordingCoordinator>) {
    let (store, exchanges) = (SharedStore::default(), Arc::<AtomicUsize>::default());
    let gate = Arc::new(Semaphore::new(1));
    let sites = [(); 2].map(|()| {
        let (provider, permits) = provider(1);
        let origin = Site::with(Provider {
            exchanges: Arc::clone(&exchanges),
            gate: Arc::clone(&gate),
            ..provider
        });
        (instance(&origin, &store, 9, &[]), permits)
    });
    (sites, store.coordinator)
}

#[tokio::test(start_paused = true)]
async fn a1_flow_is_claimed_with_a_permit_in_hand_and_a_follower_holds_none() {
    let ([(one, its_permits), (other, _)], coordinator) = two();
    let mut jar = Jar::default();
    let state = one.begin(&mut jar, "/admin").await;
    let permit = its_permits.acquire().await.unwrap();
    let url = one.callback_url("wang", &state);
    let mut waiting = task::spawn(Box::pin(one.send(jar.get(&url))));
    assert_pending!(waiting.poll());
    settle().await;
    assert!(
        coordinator.claims().is_empty(),
        "a claim without a permit would block the other instance"
    );
    one.provider.gate.forget_permits(1);
    let mut running = task::spawn(Box::pin(other.send(jar.get(&url))));
    assert_pending!(running.poll());
    settle().await;
    drop(permit);
    settle().await;
    assert_eq!(
        (coordinator.claims().len(), its_permits.available()),
        (2, 1),
        "the other instance holds the claim"
    );
    other.provider.gate.add_permits(1);
    let mut jars = [jar.clone(), jar];
    jars[0].apply(&running.into_inner().await);
    jars[1].apply(&waiting.into_inner().await);
    assert_eq!(jars[0].0, jars[1].0);
    assert_eq!(
        (one.who(&jars[1]).await.as_str(), one.exchanges()),
        ("wang", 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a5_follower_polls_with_growing_pauses_and_stops_with_its_last_client() {
    let ([(one, _), (other, _)], coordinator) = two();
    let state_queries = || coordinator.state_queries.load(Ordering::Relaxed);
    let mut jar = Jar::default();
    let state = one.begin(&mut jar, "/").await;
    one.provider.gate.forget_permits(1);
    let url = one.callback_url("wang", &state);
    let mut running = task::spawn(Box::pin(one.send(jar.get(&url))));
    assert_pending!(running.poll());
    settle().await;
    let before = state_queries();
    let mut following = task::spawn(Box::pin(other.send(jar.get(&url))));
    assert_pending!(following.poll());
    sleep(Duration::from_secs(1)).await;
    assert!(
        (4..=7).contains(&(state_queries() - before)),
        "{} in the first second",
        state_queries() - before
    );
    sleep(Duration::from_secs(9)).await;
    assert!(
        state_queries() - before <= 13,
        "{} in ten seconds",
        state_queries() - before
    );
    drop(following);
    settle().await;
    let stopped = state_queries();
    advance(Duration::from_secs(10)).await;
    settle().await;
    assert_eq!(state_queries(), stopped, "the client has disconnected");
    one.provider.gate.add_permits(1);
    assert_eq!(running.into_inner().await.location(), "/");
    assert_eq!(
        other.callback(&mut jar, "wang", &state).await.location(),
        "/"
    );
}

#[tokio::test]
async fn failure_before_the_code_is_logged_as_a_login_unless_the_store_has_failed() {
    for (kind, lines) in [(ErrorKind::Connect, 1), (ErrorKind::Store, 0)] {
        let captured = crate::trace::tests::Captured::new();
        let site = Site::new();
        let mut jar = Jar::default();
        let state = site.begin(&mut jar, "/").await;
        *site.provider.admission_fails.lock().unwrap() = Some(kind);
        site.callback(&mut jar, "wang", &state).await;
        let text = captured.text();
        let logged = text.matches("login: failed before the code was sent");
        assert_eq!(logged.count(), lines, "{text}");
    }
}
