//! What people see when the upstream system fails, and what it costs.

#![expect(
    clippy::unwrap_used,
    reason = "the functions are tests, and `both_ways` says so"
)]

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use tower_weika::ErrorKind;
use tower_weika::client::weika::WeikaClient;
use tower_weika::clock::{ManualClock, Timestamp};
use tower_weika::provider::WeikaManagerProvider;
use tower_weika_sandbox::{Browser, Endpoint, Fault, Gate, Sandbox, Visit, behaviours};

use super::site::{NOBODY, ORIGIN, Site, address, soon, time_of};
use super::way::{Way, Wechat, Weika};

/// How a login ends, and after how many logins that began by themselves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    Home,
    HomeAfterRestart,
    Page(u16),
    PageAfterRestart(u16),
}

use End::{Home, HomeAfterRestart, Page, PageAfterRestart};

impl End {
    fn status(self) -> u16 {
        match self {
            Home | HomeAfterRestart => 200,
            Page(status) | PageAfterRestart(status) => status,
        }
    }

    /// How often the site sends the browser on: to Weika, perhaps once more, and home.
    fn redirects(self) -> usize {
        match self {
            Home | PageAfterRestart(_) => 2,
            HomeAfterRestart => 3,
            Page(_) => 1,
        }
    }
}

/// A fault, and how a login ends if it happens at every call, and if it happens once.
struct Row(Fault, End, End);

/// Whoever opens this has been sent where the upstream system said.
const ELSEWHERE: &str = "http://127.0.0.1:9/elsewhere";

fn common() -> Vec<Row> {
    let open = Gate::new();
    open.open();
    vec![
        Row(Fault::Delay(Duration::from_millis(20)), Home, Home),
        Row(Fault::Held(open), Home, Home),
        Row(Fault::EmptyBody, Page(502), Page(502)),
        Row(Fault::HugeBody, Page(502), Page(502)),
        Row(Fault::BadGateway, Page(502), Page(502)),
        Row(Fault::TooManyRequests, Page(502), Page(502)),
        Row(Fault::Redirect(ELSEWHERE.to_owned()), Page(502), Page(502)),
        // Busy, faults of their own, numbers that nobody knows, and what is no number.
        Row(Fault::Errcode(json!(-1)), Page(502), Page(502)),
        Row(Fault::Errcode(json!(40_001)), Page(502), Page(502)),
        Row(Fault::Errcode(json!(40_010)), Page(502), Page(502)),
        Row(Fault::Errcode(json!(i64::MAX)), Page(502), Page(502)),
        Row(Fault::Errcode(json!("0x0")), Page(502), Page(502)),
        Row(Fault::Errcode(Value::Null), Page(502), Page(502)),
    ]
}

fn at_manager_info() -> Vec<Row> {
    let mut rows = common();
    rows.extend([
        Row(Fault::ResetBefore, PageAfterRestart(502), HomeAfterRestart),
        Row(Fault::ResetAfter, PageAfterRestart(502), HomeAfterRestart),
        Row(
            Fault::TruncatedBody,
            PageAfterRestart(502),
            HomeAfterRestart,
        ),
        Row(Fault::Hang, PageAfterRestart(504), HomeAfterRestart),
        Row(Fault::NotLatest, Page(502), Home),
        Row(
            Fault::Errcode(json!("6001")),
            PageAfterRestart(400),
            HomeAfterRestart,
        ),
        Row(
            Fault::Errcode(json!(40_003)),
            PageAfterRestart(400),
            HomeAfterRestart,
        ),
        Row(Fault::Errcode(json!(40_002)), Page(502), Home),
        Row(Fault::Errcode(json!(40_008)), Page(403), Page(403)),
    ]);
    rows
}

fn at_open_id() -> Vec<Row> {
    let mut rows = common();
    rows.extend([
        Row(Fault::ResetBefore, PageAfterRestart(502), HomeAfterRestart),
        Row(Fault::ResetAfter, PageAfterRestart(502), HomeAfterRestart),
        Row(
            Fault::TruncatedBody,
            PageAfterRestart(502),
            HomeAfterRestart,
        ),
        Row(Fault::Hang, PageAfterRestart(504), HomeAfterRestart),
        // The openid could not be had; the mini program's page has 200 for it, which must never be a success.
        Row(
            Fault::Errcode(json!(2001)),
            PageAfterRestart(400),
            HomeAfterRestart,
        ),
        Row(
            Fault::Errcode(json!("200")),
            PageAfterRestart(400),
            HomeAfterRestart,
        ),
        Row(
            Fault::Errcode(json!(2004)),
            PageAfterRestart(400),
            HomeAfterRestart,
        ),
        Row(
            Fault::Errcode(json!(440_004)),
            PageAfterRestart(400),
            HomeAfterRestart,
        ),
        Row(Fault::Errcode(json!("2002")), Page(502), Page(502)),
        Row(Fault::Errcode(json!(2003)), Page(502), Page(502)),
        Row(Fault::Errcode(json!(2035)), Page(502), Page(502)),
        Row(Fault::Errcode(json!(440_002)), Page(403), Page(403)),
        // The number of somebody who is not bound, and nobody is there.
        Row(Fault::Errcode(json!(2000)), Page(502), Page(502)),
        // A bound user whose end is not known is nobody.
        Row(Fault::ExpiresIn(None), Page(502), Page(502)),
        Row(Fault::ExpiresIn(Some(json!(0))), Page(502), Page(502)),
        Row(Fault::ExpiresIn(Some(json!({}))), Page(502), Page(502)),
        Row(Fault::ExpiresIn(Some(json!("7200"))), Home, Home),
        Row(Fault::ExpiresIn(Some(json!(u64::MAX))), Home, Home),
    ]);
    rows
}

fn at_access_token() -> Vec<Row> {
    let mut rows = common();
    rows.extend([
        // The code was not sent, so another login would change nothing.
        Row(Fault::ResetBefore, Page(502), Page(502)),
        Row(Fault::ResetAfter, Page(502), Page(502)),
        Row(Fault::TruncatedBody, Page(502), Page(502)),
        Row(Fault::Hang, Page(504), Page(504)),
        // Codes about somebody's code or rights are out of place here.
        Row(Fault::Errcode(json!("6001")), Page(502), Page(502)),
        Row(Fault::Errcode(json!(40_008)), Page(502), Page(502)),
        Row(Fault::Errcode(json!(40_002)), Page(502), Page(502)),
        Row(Fault::ExpiresIn(None), Home, Home),
        Row(Fault::ExpiresIn(Some(json!(0))), Home, Home),
        Row(Fault::ExpiresIn(Some(json!(-1))), Home, Home),
        Row(Fault::ExpiresIn(Some(json!(u64::MAX))), Home, Home),
        Row(Fault::ExpiresIn(Some(json!("7200"))), Home, Home),
        Row(Fault::ExpiresIn(Some(json!({}))), Home, Home),
    ]);
    rows
}

#[test]
fn every_fault_of_the_sandbox_is_in_a_table() {
    let on_the_way_back = [Fault::altered_state(), Fault::StateMissing, Fault::SameCode];
    let rows: Vec<_> = at_manager_info()
        .into_iter()
        .chain(at_access_token())
        .chain(at_open_id())
        .map(|Row(fault, ..)| fault)
        .collect();
    for known in behaviours().filter(|it| it.group == "Fault") {
        let found = rows
            .iter()
            .chain(&on_the_way_back)
            .any(|fault| fault.behaviour() == known);
        assert!(found, "{} is missing", known.name);
    }
}

#[tokio::test]
async fn every_fault_of_the_manager_call_ends_as_the_rules_say() {
    run::<Weika>(Endpoint::ManagerInfo, at_manager_info()).await;
}

#[tokio::test]
async fn every_fault_of_the_token_call_ends_as_the_rules_say() {
    run::<Weika>(Endpoint::AccessToken, at_access_token()).await;
}

#[tokio::test]
async fn every_fault_of_the_binding_check_ends_as_the_rules_say() {
    run::<Wechat>(Endpoint::OpenId, at_open_id()).await;
}

async fn run<W: Way>(endpoint: Endpoint, rows: Vec<Row>) {
    for Row(fault, always, once) in rows {
        let site = match fault {
            Fault::Hang => Site::<W>::start_with_timeout(Duration::from_secs(1)).await,
            _ => Site::<W>::start().await,
        };
        let keeper = site.browser();
        site.log_in(&keeper, "li").await;

        site.sandbox.faults().always(endpoint, fault.clone());
        let browser = attempt(&site, &fault, always).await;
        assert_recovers(&site, &browser).await;

        site.sandbox.faults().once(endpoint, fault.clone());
        let browser = attempt(&site, &fault, once).await;
        assert!(
            site.sandbox.faults().pending(endpoint).is_empty(),
            "{fault:?} has happened"
        );
        assert_recovers(&site, &browser).await;

        assert_eq!(site.who(&keeper).await, site.subject("li"), "{fault:?}");
        assert!(
            site.sandbox.call_log().max_uses_of_one_code() <= 2,
            "{fault:?}"
        );
        assert_eq!(site.sandbox.call_log().unknown_paths(), 0, "{fault:?}");
    }
}

/// One login without a token at hand.
async fn attempt<W: Way>(site: &Site<W>, fault: &Fault, expected: End) -> Browser {
    W::forget_token(&site.provider);
    // Two fetches are never less than a second apart.
    site.clock.advance(Duration::from_secs(60));
    let browser = site.browser();
    let visit = soon(browser.get(&format!("{ORIGIN}/admin/x")))
        .await
        .expect("an answer");
    let redirects = visit
        .hops()
        .iter()
        .filter(|hop| hop.url.starts_with(ORIGIN) && hop.status.is_redirection());
    let end = (visit.status().as_u16(), redirects.count());
    assert_eq!(end, (expected.status(), expected.redirects()), "{fault:?}");
    if expected.status() == 200 {
        assert_eq!(visit.text(), site.subject("wang"), "{fault:?}");
    } else {
        assert_page_of_ours::<W>(&visit, fault);
        assert_eq!(site.who(&browser).await, NOBODY, "{fault:?}");
    }
    browser
}

/// Nothing of the upstream's answer is in ours, and nobody may keep it.
fn assert_page_of_ours<W: Way>(visit: &Visit, fault: &Fault) {
    let text = visit.text();
    for foreign in [
        "Bad Gateway",
        "网关",
        "Too Many",
        "system error",
        "errmsg",
        "errcode",
        "127.0.0.1",
        "wxcode",
        "openId",
    ] {
        assert!(
            !text.contains(foreign),
            "{fault:?}: {foreign:?} is in {text}"
        );
    }
    let again = format!("/auth/{}/login?return_to=%2Fadmin%2Fx", W::NAME);
    assert!(text.contains(&again), "{fault:?}: {text}");
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(visit.header(name), Some(value), "{fault:?}");
    }
    assert!(
        visit
            .header("content-security-policy")
            .is_some_and(|it| it.starts_with("default-src 'none'"))
    );
}

/// When the fault is over, the same browser logs in.
async fn assert_recovers<W: Way>(site: &Site<W>, browser: &Browser) {
    site.sandbox.faults().clear();
    site.clock.advance(Duration::from_secs(60));
    assert_eq!(
        browser
            .get(&format!("{ORIGIN}/admin/x"))
            .await
            .expect("an answer")
            .text(),
        site.subject("wang")
    );
}

async fn page_about_a_failure_has_a_link_that_leads_where_the_person_wanted_to_go<W: Way>() {
    let site = Site::<W>::start().await;
    let browser = site.browser();
    site.sandbox.faults().once(W::EXCHANGE, Fault::BadGateway);
    let failed = browser
        .get(&format!("{ORIGIN}/admin/x?y=%20z"))
        .await
        .unwrap();
    assert_eq!(failed.status(), StatusCode::BAD_GATEWAY);
    // Reloading the page says the same again, and costs nothing upstream.
    let calls = site.exchanges();
    assert_eq!(
        browser.get(failed.url()).await.unwrap().text(),
        failed.text()
    );
    assert_eq!(site.exchanges(), calls);
    let visit = browser.click(&failed, "href").await.unwrap();
    assert_eq!(
        (address(&visit), visit.text()),
        (
            format!("{ORIGIN}/admin/x?y=%20z").as_str(),
            site.subject("wang")
        )
    );
}

async fn redirect_of_the_upstream_is_never_followed<W: Way>() {
    let elsewhere = Sandbox::start().await.unwrap();
    let site = Site::<W>::start().await;
    for endpoint in [Endpoint::AccessToken, W::EXCHANGE]
        .into_iter()
        .skip(usize::from(W::TOKENS == 0))
    {
        let target = format!("{}{}", elsewhere.base_url(), endpoint.path());
        site.sandbox
            .faults()
            .once(endpoint, Fault::Redirect(target));
        let visit = site
            .browser()
            .get(&format!("{ORIGIN}/admin"))
            .await
            .unwrap();
        assert_eq!(visit.status(), StatusCode::BAD_GATEWAY);
        site.clock.advance(Duration::from_secs(60));
    }
    assert!(elsewhere.call_log().hosts().is_empty());
}

async fn refused_connection_is_502_and_the_code_is_still_good<W: Way>() {
    let mut site = Site::<W>::start().await;
    let browser = site.browser();
    let state = site.begin(&browser, "/").await;
    let gone = std::mem::replace(&mut site.sandbox, Sandbox::start().await.unwrap());
    gone.shutdown().await;
    let visit = browser
        .get(&format!(
            "{}?{}=1&state={state}",
            site.endpoint("callback"),
            W::CODE
        ))
        .await
        .unwrap();
    assert_eq!(
        (visit.status(), visit.hops().len()),
        (StatusCode::BAD_GATEWAY, 1)
    );
}

#[tokio::test]
async fn token_that_is_refused_is_replaced_once_and_the_code_is_spent_once() {
    let site = Site::<Weika>::start().await;
    site.log_in(&site.browser(), "li").await;
    site.sandbox.revoke_tokens();
    site.clock.advance(Duration::from_secs(2));
    let visit = site
        .browser()
        .get(&format!("{ORIGIN}/admin"))
        .await
        .unwrap();
    assert_eq!(
        (visit.text(), visit.hops().len()),
        (site.subject("wang"), 4)
    );
    let call_log = site.sandbox.call_log();
    assert_eq!(
        (
            call_log.tokens_issued(),
            call_log.codes_exchanged(),
            call_log.codes_refused()
        ),
        (2, 2, 0)
    );
}

#[tokio::test]
async fn token_that_is_always_refused_costs_two_calls_and_two_tokens() {
    let site = Site::<Weika>::start().await;
    drop(site.client().access_token().await.unwrap());
    site.clock.advance(Duration::from_secs(2));
    for errcode in [json!(40_002), json!("40002"), json!(40_005)] {
        let before = (
            site.sandbox.call_log().count(Endpoint::ManagerInfo),
            site.sandbox.call_log().tokens_issued(),
        );
        site.sandbox
            .faults()
            .always(Endpoint::ManagerInfo, Fault::Errcode(errcode));
        let visit = site
            .browser()
            .get(&format!("{ORIGIN}/admin"))
            .await
            .unwrap();
        assert_eq!(visit.status(), StatusCode::BAD_GATEWAY);
        let call_log = site.sandbox.call_log();
        assert_eq!(
            (
                call_log.count(Endpoint::ManagerInfo),
                call_log.tokens_issued()
            ),
            (before.0 + 2, before.1 + 1)
        );
        site.sandbox.faults().clear();
        site.clock.advance(Duration::from_secs(60));
    }
}

#[tokio::test]
async fn wrong_secret_is_one_call_however_many_log_in() {
    let clock = ManualClock::new(Timestamp::from_unix_seconds(1_760_000_000));
    let sandbox = Sandbox::builder()
        .clock(time_of(&clock))
        .auto_approve("wang")
        .start()
        .await
        .unwrap();
    let client = WeikaClient::builder(sandbox.app_key(), "not-the-secret-of-this-key")
        .base_url(sandbox.base_url());
    let client = client.clock(clock.clock()).build().unwrap();
    let site = Site::<Weika>::over(sandbox, WeikaManagerProvider::new(client), clock);
    for _ in 0..10 {
        let visit = site
            .browser()
            .get(&format!("{ORIGIN}/admin"))
            .await
            .unwrap();
        assert_eq!(
            (visit.status(), visit.hops().len()),
            (StatusCode::BAD_GATEWAY, 3)
        );
    }
    let call_log = site.sandbox.call_log();
    assert_eq!(
        (
            call_log.count(Endpoint::AccessToken),
            call_log.count(Endpoint::ManagerInfo)
        ),
        (1, 0)
    );
    assert_eq!(
        site.client().access_token().await.unwrap_err().kind(),
        ErrorKind::Configuration
    );
    // And one more for every half minute.
    site.clock.advance(Duration::from_secs(30));
    site.browser()
        .get(&format!("{ORIGIN}/admin"))
        .await
        .unwrap();
    assert_eq!(call_log.count(Endpoint::AccessToken), 2);
}

#[tokio::test]
async fn e5_token_without_a_usable_lifetime_serves_and_is_not_kept() {
    for expires_in in [
        None,
        Some(json!(0)),
        Some(json!(-7200)),
        Some(json!("soon")),
        Some(json!(1.5)),
    ] {
        let site = Site::<Weika>::start().await;
        site.sandbox
            .faults()
            .always(Endpoint::AccessToken, Fault::ExpiresIn(expires_in.clone()));
        for login in 1..=3 {
            site.log_in(&site.browser(), "wang").await;
            assert_eq!(
                site.sandbox.call_log().tokens_issued(),
                login,
                "{expires_in:?}"
            );
            // Two fetches are never less than a second apart.
            site.clock.advance(Duration::from_secs(1));
        }
    }
}

#[tokio::test]
async fn e5_lifetimes_beyond_a_week_are_cut_and_none_can_panic() {
    for expires_in in [
        json!(u64::MAX),
        json!(i64::MAX),
        json!("9223372036854775807"),
        json!(604_801),
    ] {
        let site = Site::<Weika>::start().await;
        site.sandbox.faults().always(
            Endpoint::AccessToken,
            Fault::ExpiresIn(Some(expires_in.clone())),
        );
        site.log_in(&site.browser(), "wang").await;
        site.log_in(&site.browser(), "wang").await;
        assert_eq!(site.sandbox.call_log().tokens_issued(), 1, "{expires_in}");
        site.clock.advance(Duration::from_secs(7 * 24 * 3_600));
        site.log_in(&site.browser(), "wang").await;
        // The old one has ended for us, and no less for the sandbox.
        assert_eq!(site.sandbox.call_log().tokens_issued(), 2, "{expires_in}");
    }
}

#[tokio::test]
async fn war_of_tokens_is_survived() {
    // Another process has the same key, and a new token ends the former one at once.
    let site = Site::with(|sandbox| sandbox.token_overlap(Duration::ZERO)).await;
    for round in 0..5 {
        site.log_in(&site.browser(), "wang").await;
        site.clock.advance(Duration::from_secs(2));
        drop(site.client().fetch_access_token().await.unwrap());
        site.clock.advance(Duration::from_secs(2));
        assert_eq!(site.sandbox.call_log().codes_exchanged(), round + 1);
    }
    assert_eq!(site.sandbox.call_log().codes_refused(), 0);
}

async fn clock_that_jumps_does_not_break_a_login<W: Way>() {
    let site = Site::<W>::start().await;
    let (early, wang) = (site.browser(), site.subject("wang"));
    site.log_in(&early, "wang").await;
    for seconds in [1_000_000_000, 4_000_000_000] {
        site.clock.set(Timestamp::from_unix_seconds(seconds));
        site.log_in(&site.browser(), "wang").await;
        assert_eq!(site.who(&early).await, wang);
    }
    site.clock.advance(Duration::from_secs(30 * 60));
    site.clock.set(Timestamp::from_unix_seconds(1_000_000_000));
    assert_eq!(site.who(&early).await, NOBODY);
}

async fn upstream_that_is_down_does_not_touch_those_who_are_logged_in<W: Way>() {
    let mut site = Site::<W>::start().await;
    let browser = site.browser();
    site.log_in(&browser, "wang").await;
    let wang = site.subject("wang");
    let gone = std::mem::replace(&mut site.sandbox, Sandbox::start().await.unwrap());
    gone.shutdown().await;
    for _ in 0..10 {
        site.clock.advance(Duration::from_secs(60));
        assert_eq!(
            browser
                .get(&format!("{ORIGIN}/admin"))
                .await
                .unwrap()
                .text(),
            wang
        );
    }
}

both_ways!(
    page_about_a_failure_has_a_link_that_leads_where_the_person_wanted_to_go,
    redirect_of_the_upstream_is_never_followed,
    refused_connection_is_502_and_the_code_is_still_good,
    clock_that_jumps_does_not_break_a_login,
    upstream_that_is_down_does_not_touch_those_who_are_logged_in;
    on two threads:
);
