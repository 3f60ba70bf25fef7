//! The sessions that a login accepts, and the logins that a revocation cancels.

#![expect(
    clippy::unwrap_used,
    reason = "the functions are tests, and `all_ways` says so"
)]

use http::StatusCode;
use tower_weika::clock::{ManualClock, Timestamp};
use tower_weika::identity::Manager;
use tower_weika::provider::WeikaManagerProvider;
use tower_weika::store::MemoryStore;
use tower_weika_sandbox::{Browser, Fault, Gate, Sandbox, Visit};

use super::site::{ANONYMOUS, ORIGIN, Site, soon, time_of};
use super::way::{Way, Weika};

/// A site for one school: a separate application over the shared store.
async fn school(app_key: &str, store: &MemoryStore<Manager>, clock: &ManualClock) -> Site<Weika> {
    let sandbox = Sandbox::builder()
        .clock(time_of(clock))
        .app(app_key, "app-secret")
        .start()
        .await
        .unwrap();
    let provider =
        WeikaManagerProvider::builder(app_key, "app-secret").base_url(sandbox.base_url());
    let provider = provider
        .client(|client| client.clock(clock.clock()))
        .build()
        .unwrap();
    Site::over_store(sandbox, provider, clock.clone(), store.clone())
}

/// A browser that sends the session cookie of another site to this one.
fn with_session_of(site: &Site<Weika>, from: &Site<Weika>, browser: &Browser) -> Browser {
    let (copy, cookie) = (site.browser(), from.session_cookie(browser));
    copy.plant_cookie(
        ORIGIN,
        &format!("{}={}; Path=/; Secure", cookie.name, cookie.value),
    )
    .unwrap();
    copy
}

#[tokio::test]
async fn c2_three_schools_over_one_memory_store_accept_only_their_own_sessions() {
    let clock = ManualClock::new(Timestamp::from_unix_seconds(1_760_000_000));
    let store = MemoryStore::new();
    let mut schools = Vec::new();
    for app_key in ["KEY-A", "KEY-B", "KEY-C"] {
        schools.push(school(app_key, &store, &clock).await);
    }
    let mut browsers = Vec::new();
    for school in &schools {
        let browser = school.browser();
        school.log_in(&browser, "wang").await;
        browsers.push(browser);
    }
    let seen = async || {
        let mut seen = Vec::new();
        for school in &schools {
            for (from, browser) in schools.iter().zip(&browsers) {
                seen.push(school.who(&with_session_of(school, from, browser)).await != ANONYMOUS);
            }
        }
        seen
    };
    assert_eq!(
        seen().await,
        [true, false, false, false, true, false, false, false, true]
    );
    let subject = schools[0].subject("wang");
    assert_eq!(
        subject,
        schools[1].subject("wang"),
        "the same subject at all schools"
    );
    schools[0].login.revoke_sessions_of(&subject).await.unwrap();
    assert_eq!(
        seen().await,
        [false, false, false, false, true, false, false, false, true]
    );
    schools[1].login.revoke_all_sessions().await.unwrap();
    assert_eq!(
        seen().await,
        [false, false, false, false, false, false, false, false, true]
    );

    // A state of one school, sent to another school together with its flow cookie.
    let browser = schools[0].browser();
    let state = schools[0].begin(&browser, "/").await;
    let elsewhere = schools[1].browser();
    for cookie in browser.cookies() {
        elsewhere
            .plant_cookie(
                ORIGIN,
                &format!("{}={}; Path=/; Secure", cookie.name, cookie.value),
            )
            .unwrap();
    }
    let visit = elsewhere
        .get_no_follow(&schools[1].callback("wang", &state))
        .await
        .unwrap();
    assert_eq!(visit.status(), StatusCode::BAD_REQUEST);
    assert_eq!(schools[1].exchanges(), 1, "no code is sent");
}

/// A login whose code is at the upstream while a revocation happens.
async fn log_in_meanwhile<W: Way>(
    site: &Site<W>,
    browser: &Browser,
    revoke: impl Future<Output = ()>,
) -> Visit {
    let state = site.begin(browser, "/").await;
    let callback = site.callback("wang", &state);
    let (gate, exchanges) = (Gate::new(), site.exchanges());
    site.sandbox
        .faults()
        .once(W::EXCHANGE, Fault::Held(gate.clone()));
    let waiting = browser.clone();
    let visit = tokio::spawn(async move { waiting.get_no_follow(&callback).await });
    soon(site.sandbox.call_log().reached(W::EXCHANGE, exchanges + 1)).await;
    revoke.await;
    gate.open();
    soon(visit).await.unwrap().unwrap()
}

/// The page for an expired login link, and no session.
async fn assert_rejected<W: Way>(site: &Site<W>, browser: &Browser, visit: &Visit) {
    assert_eq!(visit.status(), StatusCode::BAD_REQUEST, "{visit:?}");
    assert!(
        visit.hops()[0]
            .set_cookies
            .iter()
            .all(|cookie| !cookie.contains("-session=")),
        "{visit:?}"
    );
    assert_eq!(site.who(browser).await, ANONYMOUS);
}

async fn c4_revocation_cancels_a_login_whose_code_is_at_the_upstream<W: Way>() {
    let site = Site::<W>::start().await;
    let (browser, subject) = (site.browser(), site.subject("wang"));
    let revoke = async { site.login.revoke_sessions_of(&subject).await.unwrap() };
    let visit = log_in_meanwhile(&site, &browser, revoke).await;
    assert_rejected(&site, &browser, &visit).await;
    let visit = log_in_meanwhile(&site, &browser, async {
        site.login.revoke_all_sessions().await.unwrap()
    })
    .await;
    assert_rejected(&site, &browser, &visit).await;
    site.log_in(&browser, "wang").await;
}

async fn c4_revocation_of_another_subject_cancels_no_login<W: Way>() {
    let site = Site::<W>::start().await;
    let (browser, other) = (site.browser(), site.subject("li"));
    log_in_meanwhile(&site, &browser, async {
        site.login.revoke_sessions_of(&other).await.unwrap()
    })
    .await;
    assert_eq!(site.who(&browser).await, site.subject("wang"));
}

async fn c4_logout_cancels_the_login_that_would_replace_its_session_and_no_other<W: Way>() {
    let site = Site::<W>::start().await;
    let (browser, other) = (site.browser(), site.browser());
    site.log_in(&browser, "wang").await;
    site.log_in(&other, "wang").await;
    let log_out = async |browser: &Browser| {
        browser
            .post_from(&format!("{ORIGIN}/"), &site.endpoint("logout"), "")
            .await
            .unwrap();
    };
    let session = site.session_cookie(&browser);
    let second_tab = site.browser();
    second_tab
        .plant_cookie(
            ORIGIN,
            &format!("{}={}; Path=/; Secure", session.name, session.value),
        )
        .unwrap();
    let visit = log_in_meanwhile(&site, &browser, log_out(&second_tab)).await;
    assert_rejected(&site, &browser, &visit).await;

    let third = site.browser();
    log_in_meanwhile(&site, &third, log_out(&other)).await;
    assert_eq!(site.who(&third).await, site.subject("wang"));
    assert_eq!(site.who(&other).await, ANONYMOUS);
}

async fn two_tabs_that_replace_one_session_are_both_logged_in<W: Way>() {
    let site = Site::<W>::start().await;
    let browser = site.browser();
    site.log_in(&browser, "wang").await;
    let second_tab = site.browser();
    let session = site.session_cookie(&browser);
    second_tab
        .plant_cookie(
            ORIGIN,
            &format!("{}={}; Path=/; Secure", session.name, session.value),
        )
        .unwrap();
    log_in_meanwhile(&site, &browser, site.log_in(&second_tab, "wang")).await;
    for browser in [&browser, &second_tab] {
        assert_eq!(site.who(browser).await, site.subject("wang"));
    }
}

all_ways! {
    c4_revocation_cancels_a_login_whose_code_is_at_the_upstream,
    c4_revocation_of_another_subject_cancels_no_login,
    c4_logout_cancels_the_login_that_would_replace_its_session_and_no_other,
    two_tabs_that_replace_one_session_are_both_logged_in,
    ; on two threads:
}
