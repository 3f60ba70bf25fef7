//! A callback comes more than once: WeChat's browser repeats it, people reload and go back, links are shared.
//!
//! `protocols.md` 3.1 to 3.5 has the reports.

#![expect(
    clippy::unwrap_used,
    reason = "the functions are tests, and `both_ways` says so"
)]

use std::time::Duration;

use http::StatusCode;
use tokio::task::JoinSet;
use tower_weika_sandbox::{Browser, CodeUses, Endpoint, Fault, Gate, Visit};

use super::site::{NOBODY, ORIGIN, Site, is_to_provider, soon};
use super::way::Way;

fn assert_home(visit: &Visit, path: &str, who: &str) {
    assert_eq!(
        (visit.path(), visit.text().as_str()),
        (path, who),
        "{visit:?}"
    );
}

/// A browser whose login is one callback away from being finished.
async fn at_the_door<W: Way>(site: &Site<W>, path: &str) -> (Browser, String) {
    let browser = site.browser();
    let state = site.begin(&browser, path).await;
    let callback = site.callback("wang", &state);
    (browser, callback)
}

async fn first_of_two_callbacks_may_hang_up_at_any_moment<W: Way>() {
    let site = Site::<W>::start().await;
    for (count, gap) in [0, 0, 1, 2, 5, 10, 20, 50, 100, 200]
        .into_iter()
        .enumerate()
    {
        let (browser, callback) = at_the_door(&site, "/admin/x").await;
        browser
            .get_and_hang_up(&callback, Duration::from_millis(gap))
            .await
            .unwrap();
        let visit = browser.get(&callback).await.unwrap();
        assert_home(&visit, "/admin/x", &site.subject("wang"));
        assert_eq!(
            site.sandbox.call_log().codes_exchanged(),
            count as u64 + 1,
            "after {gap} ms"
        );
        assert_eq!(site.sandbox.call_log().codes_refused(), 0, "after {gap} ms");
    }
}

async fn first_of_two_callbacks_may_hang_up_in_the_middle_of_the_exchange<W: Way>() {
    let site = Site::<W>::start().await;
    for endpoint in [Endpoint::AccessToken, W::EXCHANGE]
        .into_iter()
        .skip(usize::from(W::TOKENS == 0))
    {
        let (browser, callback) = at_the_door(&site, "/admin/x").await;
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
        assert_home(
            &soon(second).await.unwrap().unwrap(),
            "/admin/x",
            &site.subject("wang"),
        );
        assert_eq!(site.sandbox.call_log().count(endpoint), calls + 1);
    }
    assert_eq!(site.sandbox.call_log().max_uses_of_one_code(), 1);
}

async fn callback_that_nobody_waits_for_still_logs_the_next_one_in<W: Way>() {
    let site = Site::<W>::start().await;
    let (browser, callback) = at_the_door(&site, "/admin/x").await;
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
    assert_home(
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
    let spends = site.sandbox.call_log().code_uses();
    let presented: u32 = spends
        .iter()
        .map(
            |CodeUses {
                 accepted, refused, ..
             }| accepted + refused,
        )
        .sum();
    assert_eq!(
        (spends.len(), presented),
        (2, 1),
        "the second code never left this process"
    );
}

async fn second_code_of_a_finished_login_is_not_spent_either<W: Way>() {
    let site = Site::<W>::start().await;
    let (browser, callback) = at_the_door(&site, "/admin/x").await;
    assert_home(
        &browser.get(&callback).await.unwrap(),
        "/admin/x",
        &site.subject("wang"),
    );
    let (_, state) = callback.rsplit_once("&state=").unwrap();
    assert_home(
        &browser.get(&site.callback("li", state)).await.unwrap(),
        "/admin/x",
        &site.subject("wang"),
    );
    assert_eq!(site.exchanges(), 1);
}

async fn back_button_and_reload_with_a_live_session_lead_to_the_return_target<W: Way>() {
    let site = Site::<W>::start().await;
    let (browser, callback) = at_the_door(&site, "/admin/x").await;
    browser.get(&callback).await.unwrap();
    // Within the minute, after it, and when the state is long stale: as long as the session lives.
    for pause in [0, 30, 31, 600, 1_000] {
        site.clock.advance(Duration::from_secs(pause));
        let visit = browser.get(&callback).await.unwrap();
        assert_home(&visit, "/admin/x", &site.subject("wang"));
        assert_eq!(visit.hops().len(), 2);
    }
    assert_eq!(site.exchanges(), 1);
}

async fn back_button_without_a_session_is_a_page_and_spends_nothing<W: Way>() {
    let site = Site::<W>::start().await;
    let (browser, callback) = at_the_door(&site, "/admin/x").await;
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
    assert_eq!(site.who(&browser).await, NOBODY);
    assert_eq!(site.exchanges(), 1);
}

async fn stranger_with_the_same_url_gets_nothing_and_spends_nothing_before_during_and_after<
    W: Way,
>() {
    let site = Site::<W>::start().await;
    let (browser, callback) = at_the_door(&site, "/admin/x").await;
    let call_log = site.sandbox.call_log();

    // Before: what looks like a browser that lost its cookie is sent through a login of its own.
    let stranger = site.browser();
    let visit = stranger.get_no_follow(&callback).await.unwrap();
    assert!(is_to_provider::<W>(visit.location().unwrap()));
    assert_eq!(
        (site.who(&stranger).await.as_str(), site.exchanges()),
        (NOBODY, 0)
    );

    // During.
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
    assert_home(
        &soon(own).await.unwrap().unwrap(),
        "/admin/x",
        &site.subject("wang"),
    );

    // After.
    for pause in [0, 61, 600] {
        site.clock.advance(Duration::from_secs(pause));
        let after = site.browser().get_no_follow(&callback).await.unwrap();
        assert_eq!(after.status(), StatusCode::BAD_REQUEST);
        assert!(after.hops()[0].set_cookies.is_empty());
    }
    assert_eq!(site.who(&browser).await, site.subject("wang"));
    assert_eq!((site.exchanges(), call_log.max_uses_of_one_code()), (1, 1));
}

async fn scanner_without_cookies_that_comes_first_does_not_burn_the_code<W: Way>() {
    let site = Site::<W>::start().await;
    let (browser, callback) = at_the_door(&site, "/admin/x").await;
    let scanner = site.browser().user_agent("LinkScanner/1.0");
    scanner.refuse_cookies(true);
    for _ in 0..5 {
        scanner
            .get_and_hang_up(&callback, Duration::ZERO)
            .await
            .unwrap();
        scanner.get_no_follow(&callback).await.unwrap();
    }
    assert_home(
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

async fn somebody_who_is_logged_in_is_not_turned_into_the_sender_of_a_link<W: Way>() {
    let site = Site::<W>::start().await;
    let victim = site.browser();
    site.log_in(&victim, "li").await;
    let (_, callback) = at_the_door(&site, "/admin/x").await;
    victim.get(&callback).await.unwrap();
    assert_eq!(site.who(&victim).await, site.subject("li"));
    assert_eq!(site.exchanges(), 1);
}

async fn state_that_a_browser_has_altered_spends_nothing<W: Way>() {
    let site = Site::<W>::start().await;
    for fault in [Fault::altered_state(), Fault::StateMissing] {
        site.sandbox.faults().once(W::APPROVE, fault.clone());
        let browser = site.browser();
        let visit = browser.get(&format!("{ORIGIN}/admin")).await.unwrap();
        assert_eq!(visit.status(), StatusCode::BAD_REQUEST, "{fault:?}");
        assert_eq!(site.who(&browser).await, NOBODY);
        assert_eq!(site.exchanges(), 0);
        assert!(site.sandbox.faults().pending(W::APPROVE).is_empty());
    }
}

async fn code_that_somebody_else_has_spent_leads_to_a_new_login_and_never_to_their_session<
    W: Way,
>() {
    let site = Site::<W>::start().await;
    let browser = site.browser();
    site.log_in(&browser, "li").await;
    site.sandbox.faults().once(W::APPROVE, Fault::SameCode);
    let other = site.browser();
    let visit = other.get(&format!("{ORIGIN}/admin/x")).await.unwrap();
    assert_home(&visit, "/admin/x", &site.subject("wang"));
    let call_log = site.sandbox.call_log();
    assert_eq!(
        (call_log.codes_exchanged(), call_log.codes_refused()),
        (2, 1)
    );
}

async fn two_codes_of_which_the_first_is_no_good_come_home_all_the_same<W: Way>() {
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
        assert_home(&visit.unwrap().unwrap(), "/admin/x", &site.subject("wang"));
    }
}

async fn doubled_callback_with_a_spent_code_begins_again_and_comes_home<W: Way>() {
    let site = Site::<W>::start().await;
    let (other, callback) = at_the_door(&site, "/").await;
    other.get(&callback).await.unwrap();
    let (spent, _) = callback.rsplit_once("&state=").unwrap();
    let browser = site.browser();
    let state = site.begin(&browser, "/admin/x").await;
    let again = format!("{spent}&state={state}");
    let (first, second) = tokio::join!(browser.get(&again), browser.get(&again));
    for visit in [first.unwrap(), second.unwrap()] {
        assert_home(&visit, "/admin/x", &site.subject("wang"));
    }
    assert_eq!(
        site.sandbox.call_log().codes_refused(),
        1,
        "the spent code was tried once"
    );
}

async fn fifty_identical_callbacks_at_once_are_one_exchange_and_all_are_logged_in<W: Way>() {
    let site = Site::<W>::start().await;
    let (browser, callback) = at_the_door(&site, "/admin/x").await;
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
            let (browser, callback) = at_the_door(&site, "/admin/x").await;
            let first = {
                let (browser, callback) = (browser.clone(), callback.clone());
                async move {
                    match number % 3 {
                        // Both stay.
                        0 => drop(browser.get_no_follow(&callback).await.unwrap()),
                        // The first is given up, sooner or later.
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
            assert_home(&second.unwrap(), "/admin/x", &site.subject("wang"));
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

both_ways!(
    first_of_two_callbacks_may_hang_up_at_any_moment,
    first_of_two_callbacks_may_hang_up_in_the_middle_of_the_exchange,
    callback_that_nobody_waits_for_still_logs_the_next_one_in,
    second_code_of_a_finished_login_is_not_spent_either,
    back_button_and_reload_with_a_live_session_lead_to_the_return_target,
    back_button_without_a_session_is_a_page_and_spends_nothing,
    stranger_with_the_same_url_gets_nothing_and_spends_nothing_before_during_and_after,
    scanner_without_cookies_that_comes_first_does_not_burn_the_code,
    somebody_who_is_logged_in_is_not_turned_into_the_sender_of_a_link,
    state_that_a_browser_has_altered_spends_nothing,
    code_that_somebody_else_has_spent_leads_to_a_new_login_and_never_to_their_session,
    two_codes_of_which_the_first_is_no_good_come_home_all_the_same,
    doubled_callback_with_a_spent_code_begins_again_and_comes_home;
    on two threads: two_codes_with_one_state_are_one_exchange_and_both_are_logged_in, fifty_identical_callbacks_at_once_are_one_exchange_and_all_are_logged_in, five_hundred_doubled_callbacks_are_all_logged_in_with_one_exchange_each
);
