//! Concurrent callers that need the access token: one fetch, one refresh, one shared failure.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tower_weika::{AuthorizationCode, ErrorKind};
use tower_weika_sandbox::{Endpoint, Fault, Gate, Person};

use super::site::{ORIGIN, soon};
use super::way::Weika;

type Site = super::site::Site<Weika>;

fn managers(count: u64) -> impl Iterator<Item = Person> {
    (0..count).map(|number| {
        Person::new(
            format!("p{number}"),
            format!("oSandboxStaff{number:015}"),
            "李老师",
        )
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_concurrent_cold_logins_are_one_token_and_a_thousand_exchanges() {
    const LOGINS: u64 = 1_000;
    let site = Site::with(|sandbox| {
        managers(LOGINS).fold(sandbox, |sandbox, person| sandbox.person(person))
    });
    let site = Arc::new(site.await);
    let mut approved = JoinSet::new();
    for number in 0..LOGINS {
        let site = Arc::clone(&site);
        approved.spawn(async move {
            let browser = site.browser();
            let state = site.begin(&browser, "/admin").await;
            (
                site.callback(&format!("p{number}"), &state),
                browser,
                number,
            )
        });
    }
    let approved = soon(approved.join_all()).await;

    let gate = Gate::new();
    site.sandbox
        .faults()
        .once(Endpoint::AccessToken, Fault::Held(gate.clone()));
    let mut logins = JoinSet::new();
    for (callback, browser, number) in approved {
        logins.spawn(async move { (browser.get(&callback).await, number) });
    }
    site.server.callbacks_arrived(LOGINS).await;
    gate.open();
    let mut logged_in = BTreeSet::new();
    for (visit, number) in soon(logins.join_all()).await {
        let visit = visit.unwrap();
        assert_eq!(
            visit.text(),
            format!("oSandboxStaff{number:015}"),
            "each browser has its own identity"
        );
        logged_in.insert(number);
    }
    assert_eq!(logged_in.len() as u64, LOGINS);
    let call_log = site.sandbox.call_log();
    assert_eq!(
        (
            call_log.tokens_issued(),
            call_log.count(Endpoint::AccessToken)
        ),
        (1, 1)
    );
    assert_eq!(
        (
            call_log.count(Endpoint::ManagerInfo),
            call_log.codes_exchanged(),
            call_log.codes_refused()
        ),
        (LOGINS, LOGINS, 0)
    );
}

#[tokio::test]
async fn six_hundred_callers_that_hang_up_are_one_fetch() {
    let site = Site::start().await;
    let call_log = site.sandbox.call_log();
    let gate = Gate::new();
    site.sandbox
        .faults()
        .once(Endpoint::AccessToken, Fault::Held(gate.clone()));
    for _ in 0..600 {
        let client = site.client().clone();
        let caller =
            tokio::spawn(async move { client.access_token().await.map(|token| token.clone()) });
        tokio::task::yield_now().await;
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
    }
    soon(call_log.reached(Endpoint::AccessToken, 1)).await;
    gate.open();
    soon(site.client().access_token()).await.unwrap();
    assert_eq!(
        (
            call_log.count(Endpoint::AccessToken),
            call_log.tokens_issued()
        ),
        (1, 1)
    );
}

#[tokio::test]
async fn six_hundred_browsers_that_hang_up_are_one_fetch_and_the_next_one_is_logged_in() {
    let site = Site::start().await;
    let gate = Gate::new();
    site.sandbox
        .faults()
        .once(Endpoint::AccessToken, Fault::Held(gate.clone()));
    let browser = site.browser();
    let state = site.begin(&browser, "/admin").await;
    let callback = site.callback("wang", &state);
    for _ in 0..600 {
        browser
            .get_and_hang_up(&callback, Duration::ZERO)
            .await
            .unwrap();
    }
    soon(site.sandbox.call_log().reached(Endpoint::AccessToken, 1)).await;
    gate.open();
    assert_eq!(
        browser.get(&callback).await.unwrap().text(),
        "oSandboxWang0000000000000001"
    );
    let call_log = site.sandbox.call_log();
    assert_eq!(
        (
            call_log.count(Endpoint::AccessToken),
            call_log.codes_exchanged(),
            call_log.codes_refused()
        ),
        (1, 1, 0)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_concurrent_rejections_of_one_token_are_one_refresh() {
    const CALLS: u64 = 200;
    let site = Site::start().await;
    let call_log = site.sandbox.call_log();
    drop(site.client().access_token().await.unwrap());
    site.sandbox.revoke_tokens();
    site.clock.advance(Duration::from_secs(2));
    let gate = Gate::new();
    // Handled concurrently, all with the revoked token, and released together.
    site.sandbox
        .faults()
        .times(CALLS, Endpoint::ManagerInfo, Fault::Held(gate.clone()));
    let mut calls = JoinSet::new();
    for _ in 0..CALLS {
        let code = AuthorizationCode::from(site.sandbox.issue_wxcode("wang").unwrap());
        let client = site.client().clone();
        calls.spawn(async move { client.manager(code).await });
    }
    soon(call_log.reached(Endpoint::ManagerInfo, CALLS)).await;
    gate.open();
    for manager in soon(calls.join_all()).await {
        assert_eq!(manager.unwrap().name, "王老师");
    }
    assert_eq!(
        (
            call_log.count(Endpoint::AccessToken),
            call_log.count(Endpoint::ManagerInfo)
        ),
        (2, 2 * CALLS)
    );
    assert_eq!(
        (call_log.codes_exchanged(), call_log.codes_refused()),
        (CALLS, 0)
    );
}

#[tokio::test]
async fn failed_fetch_is_shared_by_waiting_callers_and_by_callers_within_the_backoff() {
    let site = Site::start().await;
    let gate = Gate::new();
    site.sandbox
        .variations()
        .on(tower_weika_sandbox::Variation::Errcode(
            tower_weika_sandbox::ErrcodeForm::Absent,
        ));
    site.sandbox
        .faults()
        .once(Endpoint::AccessToken, Fault::Held(gate.clone()));
    let mut callers = JoinSet::new();
    for _ in 0..100 {
        let client = site.client().clone();
        callers.spawn(async move { client.access_token().await.map(|token| token.clone()) });
    }
    soon(site.sandbox.call_log().reached(Endpoint::AccessToken, 1)).await;
    gate.open();
    for outcome in soon(callers.join_all()).await {
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Malformed);
    }
    for _ in 0..100 {
        assert!(site.client().access_token().await.is_err());
    }
    assert_eq!(site.sandbox.call_log().count(Endpoint::AccessToken), 1);
}

#[tokio::test]
async fn token_is_refreshed_before_it_expires_while_the_old_one_is_served() {
    let site = Site::start().await;
    let browser = site.browser();
    site.log_in(&browser, "wang").await;
    let gate = Gate::new();
    site.sandbox
        .faults()
        .once(Endpoint::AccessToken, Fault::Held(gate.clone()));
    // 300 s before it expires, plus or minus a fifth.
    site.clock.advance(Duration::from_secs(7_200 - 200));
    for _ in 0..5 {
        site.log_in(&site.browser(), "wang").await;
    }
    let call_log = site.sandbox.call_log();
    soon(call_log.reached(Endpoint::AccessToken, 2)).await;
    assert_eq!(
        (
            call_log.count(Endpoint::AccessToken),
            call_log.codes_exchanged()
        ),
        (2, 6)
    );
    gate.open();
}

#[tokio::test]
async fn unavailable_token_service_does_not_affect_authenticated_users() {
    let site = Site::start().await;
    let browser = site.browser();
    site.log_in(&browser, "wang").await;
    site.sandbox
        .faults()
        .always(Endpoint::AccessToken, Fault::BadGateway);
    site.sandbox
        .faults()
        .always(Endpoint::ManagerInfo, Fault::BadGateway);
    for _ in 0..20 {
        site.clock.advance(Duration::from_secs(30));
        assert_eq!(
            browser
                .get(&format!("{ORIGIN}/admin"))
                .await
                .unwrap()
                .text(),
            "oSandboxWang0000000000000001"
        );
        assert_eq!(
            site.browser()
                .get(&format!("{ORIGIN}/admin"))
                .await
                .unwrap()
                .status(),
            502
        );
    }
}
