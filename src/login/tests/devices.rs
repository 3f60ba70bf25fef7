//! The list of a user's sessions, and revocations from it.

use http::HeaderValue;
use http::header::USER_AGENT;

use super::observer::{handle_of, observed};
use super::revocation_events::{FaultyStore, observed_over};
use super::*;
use crate::request::Device;
use crate::session::SessionInfo;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";

async fn list<St: SessionStore<Person>>(site: &Site<St>, subject: &str) -> Vec<SessionInfo> {
    site.login.sessions_of(subject).await.unwrap()
}

#[tokio::test]
async fn list_has_the_device_of_the_callback_and_the_times_of_each_live_session() {
    let site = Site::new();
    let start = site.clock.clock().now();
    let mut jar = Jar::default();
    let state = site.begin(&mut jar, "/").await;
    let mut callback = jar.get(&site.callback_url("wang", &state));
    let firefox = HeaderValue::from_static(FIREFOX);
    callback.headers_mut().insert(USER_AGENT, firefox);
    jar.apply(&site.send(callback).await);
    site.log_in(&mut Jar::default(), "li").await;

    site.clock.advance(Duration::from_secs(20 * 60));
    let mut phone = Jar::default();
    site.log_in(&mut phone, "wang").await;
    let (first, second) = (handle_of(&site, &jar).await, handle_of(&site, &phone).await);
    site.clock.advance(Duration::from_secs(60));
    handle_of(&site, &jar).await;

    let listed = list(&site, "wang").await;
    let [used, other] = &*listed else {
        panic!("two sessions are live: {listed:?}");
    };
    assert!(used.is_of(first.session()) && other.is_of(second.session()));
    assert_eq!(used.device().to_string(), "Firefox on Linux");
    assert_eq!(other.device(), Device::default());
    let minutes = |number: u64| start.plus(Duration::from_secs(60 * number));
    assert_eq!(
        (used.created(), used.last_used(), other.last_used()),
        (start, minutes(21), minutes(20))
    );
    assert_eq!(used.expires_at(), minutes(12 * 60));

    site.clock.advance(Duration::from_secs(29 * 60));
    let live = list(&site, "wang").await;
    assert_eq!(live.len(), 1, "the other one has expired: {live:?}");
    assert!(list(&site, "zhao").await.is_empty());
}

#[tokio::test]
async fn user_revokes_one_session_by_its_digest_with_one_event() {
    let (site, events) = observed();
    let (mut desk, mut phone, mut li) = (Jar::default(), Jar::default(), Jar::default());
    site.log_in(&mut desk, "wang").await;
    site.log_in(&mut phone, "wang").await;
    site.log_in(&mut li, "li").await;
    let lost = handle_of(&site, &phone).await.session().id().digest();
    let foreign = handle_of(&site, &li).await.session().id().digest();
    events.take();
    let revoke = |session| site.login.revoke_session_of("wang", session);
    assert!(!revoke(foreign).await.unwrap());
    assert!(revoke(lost).await.unwrap());
    assert!(!revoke(lost).await.unwrap());
    assert_eq!(events.take(), ["session_revoked wang"]);
    assert_eq!(site.who(&desk).await, "wang");
    assert_eq!(site.who(&phone).await, "anonymous");
    assert_eq!(site.who(&li).await, "li");

    let expired = handle_of(&site, &desk).await.session().id().digest();
    site.clock.advance(Duration::from_secs(31 * 60));
    assert!(!revoke(expired).await.unwrap());
    assert_eq!(events.take(), [""; 0]);
}

#[tokio::test]
async fn user_revokes_all_other_sessions_with_one_event() {
    let (site, events) = observed();
    let mut jars = vec![Jar::default(); 4];
    for jar in &mut jars {
        site.log_in(jar, "wang").await;
    }
    let current = handle_of(&site, &jars[2]).await;
    events.take();
    site.login.revoke_other_sessions(&current).await.unwrap();
    assert_eq!(events.take(), ["others_revoked wang"]);
    for (number, jar) in jars.iter().enumerate() {
        let expected = if number == 2 { "wang" } else { "anonymous" };
        assert_eq!(site.who(jar).await, expected, "{number}");
    }
    assert_eq!(list(&site, "wang").await.len(), 1);
}

#[tokio::test]
async fn failed_store_is_an_error_and_a_lost_reply_keeps_its_event() {
    let store = FaultyStore::default();
    let (site, events) = observed_over(store.clone());
    let mut jar = Jar::default();
    site.log_in(&mut jar, "wang").await;
    let session = handle_of(&site, &jar).await.session().id().digest();
    events.take();
    store.loses_replies.store(true, Ordering::Relaxed);
    let revoked = site.login.revoke_session_of("wang", session).await;
    assert_eq!(revoked.unwrap_err().kind(), ErrorKind::Store);
    assert_eq!(events.take(), [""; 0]);
    store.loses_replies.store(false, Ordering::Relaxed);
    assert!(!site.login.revoke_session_of("wang", session).await.unwrap());
    assert_eq!(events.take(), ["session_revoked wang"]);
}
