//! The events of a whole login, for each way to log in.

#![expect(
    clippy::unwrap_used,
    reason = "the functions are tests, and `all_ways` says so"
)]

use std::sync::{Arc, Mutex};

use http::{HeaderMap, StatusCode};
use tower_weika::login::LoginEvent;
use tower_weika_sandbox::{Approval, Fault};

use super::site::{ANONYMOUS, ORIGIN, Site};
use super::way::Way;

/// `kind subject error` of each event, without those that are absent.
type Events = Arc<Mutex<Vec<String>>>;

fn observe<W: Way>(events: &Events) -> impl Fn(&LoginEvent<'_>) + Send + Sync + 'static + use<W> {
    let events = Arc::clone(events);
    move |event| {
        assert_eq!(event.provider(), W::NAME);
        let shown = format!("{event:?}");
        for secret in ["code=", "state", "app-secret", "sandbox-secret"] {
            assert!(!shown.contains(secret), "{secret} is in {shown}");
        }
        let subject = event.expose_subject();
        assert!(
            subject.is_none_or(|subject| !shown.contains(subject)),
            "{shown}"
        );
        let error = event.error().map(|error| error.kind().as_str());
        let kind = Some(event.kind().as_str());
        let parts = kind.into_iter().chain(subject).chain(error);
        let parts: Vec<_> = parts.collect();
        events.lock().unwrap().push(parts.join(" "));
    }
}

async fn each_outcome_of_a_browser_is_one_event<W: Way>() {
    let events = Events::default();
    let site = Site::<W>::start_observed(observe::<W>(&events)).await;
    let take = || std::mem::take(&mut *events.lock().unwrap());
    let (browser, wang) = (site.browser(), site.subject("wang"));

    site.log_in(&browser, "wang").await;
    assert_eq!(take(), [format!("logged_in {wang}")]);
    browser.post(&site.endpoint("logout"), "").await.unwrap();
    browser.post(&site.endpoint("logout"), "").await.unwrap();
    assert_eq!(take(), [format!("logged_out {wang}")]);

    // The same callback twice at the same time, and once more.
    let state = site.begin(&browser, "/").await;
    let callback = site.callback("wang", &state);
    let (one, other) = tokio::join!(browser.get(&callback), browser.get(&callback));
    assert_eq!(
        (one.unwrap().text(), other.unwrap().text()),
        (wang.clone(), wang.clone())
    );
    browser.get(&callback).await.unwrap();
    assert_eq!(take(), [format!("logged_in {wang}")]);

    let other = site.browser();
    W::set_approval(&site.sandbox, Approval::Decline);
    let declined = other.get(&format!("{ORIGIN}/admin")).await.unwrap();
    assert_eq!(take(), ["declined"]);
    other.get(declined.url()).await.unwrap();
    assert_eq!(take(), [""; 0], "a reload of the page");

    site.auto_approve("wang");
    site.sandbox.faults().once(W::EXCHANGE, Fault::BadGateway);
    let failed = other.get(&format!("{ORIGIN}/admin")).await.unwrap();
    assert_eq!(failed.status(), StatusCode::BAD_GATEWAY, "{failed:?}");
    let failed = take();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(failed[0].starts_with("failed "), "{failed:?}");
}

async fn started_session_is_one_event_and_behaves_as_one_from_a_login<W: Way>() {
    let events = Events::default();
    let site = Site::<W>::start_observed(observe::<W>(&events)).await;
    let (browser, wang) = (site.browser(), site.subject("wang"));
    site.log_in(&browser, "li").await;
    events.lock().unwrap().clear();
    let previous = site.session_cookie(&browser);
    let cookie = format!("{}={}", previous.name, previous.value);
    let headers = HeaderMap::from_iter([(http::header::COOKIE, cookie.parse().unwrap())]);
    let cookies = site.login.start_session(W::identity(&wang), &headers).await;
    let mut headers = HeaderMap::new();
    cookies.unwrap().append_to(&mut headers);
    let old = site.browser();
    old.plant_cookie(ORIGIN, &format!("{cookie}; Path=/; Secure"))
        .unwrap();
    let set_cookie = headers["set-cookie"].to_str().unwrap();
    assert!(set_cookie.starts_with(&format!("{}=", site.login.session_cookie_name())));
    browser.plant_cookie(ORIGIN, set_cookie).unwrap();

    assert_eq!(
        site.who(&old).await,
        ANONYMOUS,
        "the previous session is revoked"
    );
    let guarded = browser.get(&format!("{ORIGIN}/admin")).await.unwrap();
    assert_eq!((guarded.hops().len(), guarded.text()), (1, wang.clone()));
    browser.post(&site.endpoint("logout"), "").await.unwrap();
    assert_eq!(site.who(&browser).await, ANONYMOUS);
    let expected = ["session_started", "logged_out"].map(|kind| format!("{kind} {wang}"));
    assert_eq!(*events.lock().unwrap(), expected);
}

all_ways! {
    each_outcome_of_a_browser_is_one_event,
    started_session_is_one_event_and_behaves_as_one_from_a_login,
    ; on two threads:
}
