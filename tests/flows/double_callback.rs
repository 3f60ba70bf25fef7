//! Repeated callbacks: WeChat's browser sends them twice, users reload and go back, links are
//! shared.
//!
//! `protocols.md` 3.1 to 3.5 has the reports.

#![expect(
    clippy::unwrap_used,
    reason = "the functions are tests, and `all_ways` says so"
)]

use std::time::Duration;

use http::StatusCode;
use tokio::task::JoinSet;
use tower_weika_sandbox::{Browser, CodeUses, Endpoint, Fault, Gate, Visit};

use super::site::{ANONYMOUS, ORIGIN, Site, is_to_provider, soon};
use super::way::Way;

fn assert_logged_in_at(visit: &Visit, path: &str, who: &str) {
    assert_eq!(
        (visit.path(), visit.text().as_str()),
        (path, who),
        "{visit:?}"
    );
}

/// Begins and approves a login. Returns the browser, and its callback URL, which is not requested
/// yet.
async fn approved_login<W: Way>(site: &Site<W>, path: &str) -> (Browser, String) {
    let browser = site.browser();
    let state = site.begin(&browser, path).await;
    let callback = site.callback("wang", &state);
    (browser, callback)
}

async fn first_of_two_callbacks_may_hang_up_at_any_time<W: Way>() {
    let site = Site::<W>::start().await;
    for (count, gap) in [0, 0, 1, 2, 5, 10, 20, 50, 100, 200]
        .into_iter()
        .enumerate()
    {
        let (browser, callback) = approved_login(&site, "/admin/x").await;
        browser
            .get_and_hang_up(&callback, Duration::from_millis(gap))
            .await
            .unwrap();
        let visit = browser.get(&callback).await.unwrap();
        assert_logged_in_at(&visit, "/admin/x", &site.subject("wang"));
        assert_eq!(
            site.sandbox.call_log().codes_exchanged(),
            count as u64 + 1,
            "after {gap} ms"
        );
        assert_eq!(site.sandbox.call_log().codes_refused(), 0, "after {gap} ms");
    }
}

async fn first_of_two_callbacks_may_hang_up_during_the_exchange<W: Way>() {
    let site = Site::<W>::start().await;
    for endpoint in [Endpoint::AccessToken, W::EXCHANGE]
        .into_iter()
        .skip(usize::from(W::TOKENS == 0))
    {
        let (browser, callback) = approved_login(&site, "/admin/x").await;
        let gate = Gate::new();
        let calls = site.sandbox.call_log().count(endpoint);
        site.sandbox
            .faults()
            .once(endpoint, Fault::Held(gate.clone()));
        let hung_up = {
            let (browser, callback) = (browser.clone(), callback.clone());
            tokio::spawn(async move {
                browser
                    .get_and_hang_up(&callback, Duration::from_millis(5))
                    .await
            })
        };
        soon(site.sandbox.call_log().reached(endpoint, calls + 1)).await;
        hung_up.await.unwrap().unwrap();
        let second = tokio::spawn(async move { browser.get(&callback).await });
        gate.open();
        assert_logged_in_at(
            &soon(second).await.unwrap().unwrap(),
            "/admin/x",
            &site.subject("wang"),
        );
        assert_eq!(site.sandbox.call_log().count(endpoint), calls + 1);
    }
    assert_eq!(site.sandbox.call_log().max_uses_of_one_code(), 1);
}

async fn abandoned_callback_completes_and_its_repeat_is_logged_in<W: Way>() {
    let site = Site::<W>::start().await;
    let (browser, callback) = approved_login(&site, "/admin/x").await;
    let gate = Gate::new();
    site.sandbox
        .faults()
        .once(W::EXCHANGE, Fault::Held(gate.clone()));
    for _ in 0..10 {
        browser
            .get_and_hang_up(&callback, Duration::ZERO)
            .await
            .unwrap();
    }
    soon(site.sandbox.call_log().reached(W::EXCHANGE, 1)).await;
    gate.open();
    assert_logged_in_at(
        &browser.get(&callback).await.unwrap(),
        "/admin/x",
        &site.subject("wang"),
    );
    assert_eq!(site.exchanges(), 1);
}

async fn two_codes_with_one_state_are_one_exchange_and_both_are_logged_in<W: Way>() {
    let site = Site::<W>::start().await;
    let browser = site.browser();
    let state = site.begin(&browser, "/admin/x").await;
    let gate = Gate::new();
    site.sandbox
        .faults()
        .once(W::EXCHANGE, Fault::Held(gate.clone()));
    let mut both = JoinSet::new();
    for callback in [site.callback("wang", &state), site.callback("wang", &state)] {
        let browser = browser.clone();
        both.spawn(async move { browser.get_no_follow(&callback).await.unwrap() });
    }
    site.server.callbacks_arrived(2).await;
    gate.open();
    for visit in soon(both.join_all()).await {
        assert_eq!(
            (visit.status(), visit.location()),
            (StatusCode::SEE_OTHER, Some("/admin/x"))
        );
        assert!(
            visit.hops()[0]
                .set_cookies
                .iter()
                .any(|it| it.starts_with(&format!("__Host-{}-session=", W::NAME)))
        );
    }
    assert_eq!(site.who(&browser).await, site.subject("wang"));
    let uses = site.sandbox.call_log().code_uses();
    let presented: u32 = uses
        .iter()
        .map(
            |CodeUses {
                 accepted, refused, ..
             }| accepted + refused,
        )
        .sum();
    assert_eq!(
        (uses.len(), presented),
        (2, 1),
        "the second code was never sent"
    );
}

async fn second_code_of_a_finished_login_is_not_sent<W: Way>() {
    let site = Site::<W>::start().await;
    let (browser, callback) = approved_login(&site, "/admin/x").await;
    assert_logged_in_at(
        &browser.get(&callback).await.unwrap(),
        "/admin/x",
        &site.subject("wang"),
    );
    let (_, state) = callback.rsplit_once("&state=").unwrap();
    assert_logged_in_at(
        &browser.get(&site.callback("li", state)).await.unwrap(),
        "/admin/x",
        &site.subject("wang"),
    );
    assert_eq!(site.exchanges(), 1);
}

async fn back_button_and_reload_with_a_live_session_redirect_to_the_return_target<W: Way>() {
    let site = Site::<W>::start().await;
    let (browser, callback) = approved_login(&site, "/admin/x").await;
    browser.get(&callback).await.unwrap();
    // Within 60 s, later, and long after the state has expired: as long as the session is live.
    for pause in [0, 30, 31, 600, 1_000] {
        site.clock.advance(Duration::from_secs(pause));
        let visit = browser.get(&callback).await.unwrap();
        assert_logged_in_at(&visit, "/admin/x", &site.subject("wang"));
        assert_eq!(visit.hops().len(), 2);
    }
    assert_eq!(site.exchanges(), 1);
}

async fn back_button_without_a_session_shows_a_page_and_sends_no_code<W: Way>() {
    let site = Site::<W>::start().await;
    let (browser, callback) = approved_login(&site, "/admin/x").await;
    browser.get(&callback).await.unwrap();
    browser.post(&site.endpoint("logout"), "").await.unwrap();
    for pause in [0, 61, 600] {
        site.clock.advance(Duration::from_secs(pause));
        let visit = browser.get(&callback).await.unwrap();
        assert_eq!(
            (visit.status(), visit.hops().len()),
            (StatusCode::BAD_REQUEST, 1),
            "{visit:?}"
        );
    }
    assert_eq!(site.who(&browser).await, ANONYMOUS);
    assert_eq!(site.exchanges(), 1);
}

async fn other_browser_with_the_callback_url_gets_no_session_and_sends_no_code<W: Way>() {
    let site = Site::<W>::start().await;
    let (browser, callback) = approved_login(&site, "/admin/x").await;
    let call_log = site.sandbox.call_log();

    // Before: this looks like a browser that lost its flow cookie, so a new login begins for it.
    let other = site.browser();
    let visit = other.get_no_follow(&callback).await.unwrap();
    assert!(is_to_provider::<W>(visit.location().unwrap()));
    assert_eq!(
        (site.who(&other).await.as_str(), site.exchanges()),
        (ANONYMOUS, 0)
    );

    // During the exchange.
    let gate = Gate::new();
    site.sandbox
        .faults()
        .once(W::EXCHANGE, Fault::Held(gate.clone()));
    let own = {
        let (browser, callback) = (browser.clone(), callback.clone());
        tokio::spawn(async move { browser.get(&callback).await })
    };
    soon(call_log.reached(W::EXCHANGE, 1)).await;
    let during = site.browser().get_no_follow(&callback).await.unwrap();
    assert_eq!(during.status(), StatusCode::BAD_REQUEST);
    assert!(during.hops()[0].set_cookies.is_empty());
    gate.open();
    assert_logged_in_at(
        &soon(own).await.unwrap().unwrap(),
        "/admin/x",
        &site.subject("wang"),
    );

    // After the login.
    for pause in [0, 61, 600] {
        site.clock.advance(Duration::from_secs(pause));
        let after = site.browser().get_no_follow(&callback).await.unwrap();
        assert_eq!(after.status(), StatusCode::BAD_REQUEST);
        assert!(after.hops()[0].set_cookies.is_empty());
    }
    assert_eq!(site.who(&browser).await, site.subject("wang"));
    assert_eq!((site.exchanges(), call_log.max_uses_of_one_code()), (1, 1));
}

async fn link_scanner_without_cookies_does_not_consume_the_code<W: Way>() {
    let site = Site::<W>::start().await;
    let (browser, callback) = approved_login(&site, "/admin/x").await;
    let scanner = site.browser().user_agent("LinkScanner/1.0");
    scanner.refuse_cookies(true);
    for _ in 0..5 {
        scanner
            .get_and_hang_up(&callback, Duration::ZERO)
            .await
            .unwrap();
        scanner.get_no_follow(&callback).await.unwrap();
    }
    assert_logged_in_at(
        &browser.get(&callback).await.unwrap(),
        "/admin/x",
        &site.subject("wang"),
    );
    assert_eq!(
        site.sandbox.call_log().code_uses(),
        [{
            let mut once = CodeUses::default();
            once.accepted = 1;
            once
        }]
    );
}

async fn callback_url_sent_by_another_user_does_not_replace_the_session<W: Way>() {
    let site = Site::<W>::start().await;
    let victim = site.browser();
    site.log_in(&victim, "li").await;
    let (_, callback) = approved_login(&site, "/admin/x").await;
    victim.get(&callback).await.unwrap();
    assert_eq!(site.who(&victim).await, site.subject("li"));
    assert_eq!(site.exchanges(), 1);
}

async fn altered_state_is_400_and_sends_no_code<W: Way>() {
    let site = Site::<W>::start().await;
    for fault in [Fault::altered_state(), Fault::StateMissing] {
        site.sandbox.faults().once(W::APPROVE, fault.clone());
        let browser = site.browser();
        let visit = browser.get(&format!("{ORIGIN}/admin")).await.unwrap();
        assert_eq!(visit.status(), StatusCode::BAD_REQUEST, "{fault:?}");
        assert_eq!(site.who(&browser).await, ANONYMOUS);
        assert_eq!(site.exchanges(), 0);
        assert!(site.sandbox.faults().pending(W::APPROVE).is_empty());
    }
}

async fn code_consumed_by_another_user_restarts_the_login_and_never_yields_their_session<W: Way>() {
    let site = Site::<W>::start().await;
    let browser = site.browser();
    site.log_in(&browser, "li").await;
    site.sandbox.faults().once(W::APPROVE, Fault::SameCode);
    let other = site.browser();
    let visit = other.get(&format!("{ORIGIN}/admin/x")).await.unwrap();
    assert_logged_in_at(&visit, "/admin/x", &site.subject("wang"));
    let call_log = site.sandbox.call_log();
    assert_eq!(
        (call_log.codes_exchanged(), call_log.codes_refused()),
        (2, 1)
    );
}

async fn invalid_code_before_a_valid_one_does_not_prevent_the_login<W: Way>() {
    let site = Site::<W>::start().await;
    let browser = site.browser();
    let state = site.begin(&browser, "/admin/x").await;
    let bad = format!(
        "{}?{}=000000000000000000&state={state}",
        site.endpoint("callback"),
        W::CODE
    );
    let good = site.callback("wang", &state);
    let gate = Gate::new();
    site.sandbox
        .faults()
        .once(W::EXCHANGE, Fault::Held(gate.clone()));
    let first = {
        let browser = browser.clone();
        tokio::spawn(async move { browser.get(&bad).await })
    };
    soon(site.sandbox.call_log().reached(W::EXCHANGE, 1)).await;
    let second = {
        let browser = browser.clone();
        tokio::spawn(async move { browser.get(&good).await })
    };
    site.server.callbacks_arrived(2).await;
    gate.open();
    for visit in [soon(first).await, soon(second).await] {
        assert_logged_in_at(&visit.unwrap().unwrap(), "/admin/x", &site.subject("wang"));
    }
}

async fn doubled_callback_with_a_consumed_code_restarts_the_login_and_succeeds<W: Way>() {
    let site = Site::<W>::start().await;
    let (other, callback) = approved_login(&site, "/").await;
    other.get(&callback).await.unwrap();
    let (consumed, _) = callback.rsplit_once("&state=").unwrap();
    let browser = site.browser();
    let state = site.begin(&browser, "/admin/x").await;
    let again = format!("{consumed}&state={state}");
    let (first, second) = tokio::join!(browser.get(&again), browser.get(&again));
    for visit in [first.unwrap(), second.unwrap()] {
        assert_logged_in_at(&visit, "/admin/x", &site.subject("wang"));
    }
    assert_eq!(
        site.sandbox.call_log().codes_refused(),
        1,
        "the consumed code was sent once"
    );
}

async fn fifty_identical_concurrent_callbacks_are_one_exchange_and_all_are_logged_in<W: Way>() {
    let site = Site::<W>::start().await;
    let (browser, callback) = approved_login(&site, "/admin/x").await;
    let gate = Gate::new();
    site.sandbox
        .faults()
        .once(W::EXCHANGE, Fault::Held(gate.clone()));
    let mut all = JoinSet::new();
    for _ in 0..50 {
        let (browser, callback) = (browser.clone(), callback.clone());
        all.spawn(async move { browser.get_no_follow(&callback).await.unwrap() });
    }
    site.server.callbacks_arrived(50).await;
    gate.open();
    for visit in soon(all.join_all()).await {
        assert_eq!(
            (visit.status(), visit.location()),
            (StatusCode::SEE_OTHER, Some("/admin/x")),
            "{visit:?}"
        );
        assert!(
            visit.hops()[0]
                .set_cookies
                .iter()
                .any(|it| it.starts_with(&format!("__Host-{}-session=", W::NAME)))
        );
    }
    let call_log = site.sandbox.call_log();
    assert_eq!((site.exchanges(), call_log.tokens_issued()), (1, W::TOKENS));
    assert_eq!(site.who(&browser).await, site.subject("wang"));
}

async fn five_hundred_doubled_callbacks_are_all_logged_in_with_one_exchange_each<W: Way>() {
    const BROWSERS: u64 = 500;
    let site = std::sync::Arc::new(Site::<W>::start_without_session_limit().await);
    let mut all = JoinSet::new();
    for number in 0..BROWSERS {
        let site = std::sync::Arc::clone(&site);
        all.spawn(async move {
            let (browser, callback) = approved_login(&site, "/admin/x").await;
            let first = {
                let (browser, callback) = (browser.clone(), callback.clone());
                async move {
                    match number % 3 {
                        // The browser waits for both responses.
                        0 => drop(browser.get_no_follow(&callback).await.unwrap()),
                        // The browser gives up the first request, sooner or later.
                        1 => browser
                            .get_and_hang_up(&callback, Duration::ZERO)
                            .await
                            .unwrap(),
                        _ => browser
                            .get_and_hang_up(&callback, Duration::from_millis(number % 50))
                            .await
                            .unwrap(),
                    }
                }
            };
            let ((), second) = tokio::join!(first, browser.get(&callback));
            assert_logged_in_at(&second.unwrap(), "/admin/x", &site.subject("wang"));
        });
    }
    while let Some(done) = soon(all.join_next()).await {
        done.unwrap();
    }
    let call_log = site.sandbox.call_log();
    assert_eq!(
        (call_log.codes_exchanged(), call_log.codes_refused()),
        (BROWSERS, 0)
    );
    assert_eq!(
        (call_log.max_uses_of_one_code(), call_log.tokens_issued()),
        (1, W::TOKENS)
    );
}

all_ways!(
    first_of_two_callbacks_may_hang_up_at_any_time,
    first_of_two_callbacks_may_hang_up_during_the_exchange,
    abandoned_callback_completes_and_its_repeat_is_logged_in,
    second_code_of_a_finished_login_is_not_sent,
    back_button_and_reload_with_a_live_session_redirect_to_the_return_target,
    back_button_without_a_session_shows_a_page_and_sends_no_code,
    other_browser_with_the_callback_url_gets_no_session_and_sends_no_code,
    link_scanner_without_cookies_does_not_consume_the_code,
    callback_url_sent_by_another_user_does_not_replace_the_session,
    altered_state_is_400_and_sends_no_code,
    code_consumed_by_another_user_restarts_the_login_and_never_yields_their_session,
    invalid_code_before_a_valid_one_does_not_prevent_the_login,
    doubled_callback_with_a_consumed_code_restarts_the_login_and_succeeds;
    on two threads: two_codes_with_one_state_are_one_exchange_and_both_are_logged_in,
    fifty_identical_concurrent_callbacks_are_one_exchange_and_all_are_logged_in,
    five_hundred_doubled_callbacks_are_all_logged_in_with_one_exchange_each
);
