//! Failures of the upstream systems: the response to the visitor, and the number of upstream calls.

#![expect(
    clippy::unwrap_used,
    reason = "the functions are tests, and `all_ways` says so"
)]

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use tower_weika::ErrorKind;
use tower_weika::client::weika::WeikaClient;
use tower_weika::clock::{ManualClock, Timestamp};
use tower_weika::provider::WeikaManagerProvider;
use tower_weika_sandbox::{Browser, Endpoint, Fault, Gate, Sandbox, Visit, behaviours};

use super::site::{ANONYMOUS, ORIGIN, Site, address, soon, time_of};
use super::way::{Members, OwnSecret, Way, Wechat, Weika};

/// The outcome of a login, and whether the login restarted by itself before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outcome {
    LoggedIn,
    LoggedInAfterRestart,
    Page(u16),
    PageAfterRestart(u16),
}

use Outcome::{LoggedIn, LoggedInAfterRestart, Page, PageAfterRestart};

impl Outcome {
    fn status(self) -> u16 {
        match self {
            LoggedIn | LoggedInAfterRestart => 200,
            Page(status) | PageAfterRestart(status) => status,
        }
    }

    /// The number of redirects by the site: to Weika, perhaps once more, and to the return target.
    fn redirects(self) -> usize {
        match self {
            LoggedIn | PageAfterRestart(_) => 2,
            LoggedInAfterRestart => 3,
            Page(_) => 1,
        }
    }
}

/// A fault, and the outcome of a login if it happens at every call, and if it happens once.
struct Row(Fault, Outcome, Outcome);

/// The target of a redirect of the upstream. A request to it means that the redirect was followed.
const ELSEWHERE: &str = "http://127.0.0.1:9/elsewhere";

fn common() -> Vec<Row> {
    let open = Gate::new();
    open.open();
    vec![
        Row(Fault::Delay(Duration::from_millis(20)), LoggedIn, LoggedIn),
        Row(Fault::Held(open), LoggedIn, LoggedIn),
        Row(Fault::EmptyBody, Page(502), Page(502)),
        Row(Fault::HugeBody, Page(502), Page(502)),
        Row(Fault::BadGateway, Page(502), Page(502)),
        Row(Fault::TooManyRequests, Page(502), Page(502)),
        Row(Fault::Redirect(ELSEWHERE.to_owned()), Page(502), Page(502)),
        // Busy, faults of the upstream, unknown numbers, and values that are no number.
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
        Row(
            Fault::ResetBefore,
            PageAfterRestart(502),
            LoggedInAfterRestart,
        ),
        Row(
            Fault::ResetAfter,
            PageAfterRestart(502),
            LoggedInAfterRestart,
        ),
        Row(
            Fault::TruncatedBody,
            PageAfterRestart(502),
            LoggedInAfterRestart,
        ),
        Row(Fault::Hang, PageAfterRestart(504), LoggedInAfterRestart),
        Row(Fault::NotLatest, Page(502), LoggedIn),
        Row(
            Fault::Errcode(json!("6001")),
            PageAfterRestart(400),
            LoggedInAfterRestart,
        ),
        Row(
            Fault::Errcode(json!(40_003)),
            PageAfterRestart(400),
            LoggedInAfterRestart,
        ),
        Row(Fault::Errcode(json!(40_002)), Page(502), LoggedIn),
        Row(Fault::Errcode(json!(40_008)), Page(403), Page(403)),
    ]);
    rows
}

fn at_open_id() -> Vec<Row> {
    let mut rows = common();
    rows.extend([
        Row(
            Fault::ResetBefore,
            PageAfterRestart(502),
            LoggedInAfterRestart,
        ),
        Row(
            Fault::ResetAfter,
            PageAfterRestart(502),
            LoggedInAfterRestart,
        ),
        Row(
            Fault::TruncatedBody,
            PageAfterRestart(502),
            LoggedInAfterRestart,
        ),
        Row(Fault::Hang, PageAfterRestart(504), LoggedInAfterRestart),
        // The openid could not be obtained; the mini program's page has 200 for it, which must
        // never be a success.
        Row(
            Fault::Errcode(json!(2001)),
            PageAfterRestart(400),
            LoggedInAfterRestart,
        ),
        Row(
            Fault::Errcode(json!("200")),
            PageAfterRestart(400),
            LoggedInAfterRestart,
        ),
        Row(
            Fault::Errcode(json!(2004)),
            PageAfterRestart(400),
            LoggedInAfterRestart,
        ),
        Row(
            Fault::Errcode(json!(440_004)),
            PageAfterRestart(400),
            LoggedInAfterRestart,
        ),
        Row(Fault::Errcode(json!("2002")), Page(502), Page(502)),
        Row(Fault::Errcode(json!(2003)), Page(502), Page(502)),
        Row(Fault::Errcode(json!(2035)), Page(502), Page(502)),
        Row(Fault::Errcode(json!(440_002)), Page(403), Page(403)),
        // The number for an unbound user, without an openid.
        Row(Fault::Errcode(json!(2000)), Page(502), Page(502)),
        // A bound user without a known expiry is not authenticated.
        Row(Fault::ExpiresIn(None), Page(502), Page(502)),
        Row(Fault::ExpiresIn(Some(json!(0))), Page(502), Page(502)),
        Row(Fault::ExpiresIn(Some(json!({}))), Page(502), Page(502)),
        Row(Fault::ExpiresIn(Some(json!("7200"))), LoggedIn, LoggedIn),
        Row(Fault::ExpiresIn(Some(json!(u64::MAX))), LoggedIn, LoggedIn),
    ]);
    rows
}

fn at_sns_token() -> Vec<Row> {
    let mut rows = common();
    let restarted = [Fault::ResetBefore, Fault::ResetAfter, Fault::TruncatedBody];
    rows.extend(restarted.map(|fault| Row(fault, PageAfterRestart(502), LoggedInAfterRestart)));
    rows.push(Row(
        Fault::Hang,
        PageAfterRestart(504),
        LoggedInAfterRestart,
    ));
    for errcode in [json!(40_029), json!("40029"), json!(40_163), json!(41_008)] {
        rows.push(Row(
            Fault::Errcode(errcode),
            PageAfterRestart(400),
            LoggedInAfterRestart,
        ));
    }
    // Configuration, quotas, and numbers of other calls.
    for errcode in [
        40_013, 40_125, 40_164, 45_009, 45_011, 48_001, 40_014, 42_001, 6_001, 2_001,
    ] {
        rows.push(Row(Fault::Errcode(json!(errcode)), Page(502), Page(502)));
    }
    // A refusal without its number, and one that claims to be a success, have no openid.
    rows.push(Row(Fault::Errcode(json!(0)), Page(502), Page(502)));
    rows.push(Row(Fault::Errcode(json!("0")), Page(502), Page(502)));
    rows
}

fn at_access_token() -> Vec<Row> {
    let mut rows = common();
    rows.extend([
        // The code was not sent, so a restarted login would change nothing.
        Row(Fault::ResetBefore, Page(502), Page(502)),
        Row(Fault::ResetAfter, Page(502), Page(502)),
        Row(Fault::TruncatedBody, Page(502), Page(502)),
        Row(Fault::Hang, Page(504), Page(504)),
        // Numbers about an authorization code or a user's rights do not belong to this call.
        Row(Fault::Errcode(json!("6001")), Page(502), Page(502)),
        Row(Fault::Errcode(json!(40_008)), Page(502), Page(502)),
        Row(Fault::Errcode(json!(40_002)), Page(502), Page(502)),
        Row(Fault::ExpiresIn(None), LoggedIn, LoggedIn),
        Row(Fault::ExpiresIn(Some(json!(0))), LoggedIn, LoggedIn),
        Row(Fault::ExpiresIn(Some(json!(-1))), LoggedIn, LoggedIn),
        Row(Fault::ExpiresIn(Some(json!(u64::MAX))), LoggedIn, LoggedIn),
        Row(Fault::ExpiresIn(Some(json!("7200"))), LoggedIn, LoggedIn),
        Row(Fault::ExpiresIn(Some(json!({}))), LoggedIn, LoggedIn),
    ]);
    rows
}

/// The code is sent, or lost on the way.
fn lost() -> Vec<Row> {
    vec![
        Row(
            Fault::ResetBefore,
            PageAfterRestart(502),
            LoggedInAfterRestart,
        ),
        Row(
            Fault::ResetAfter,
            PageAfterRestart(502),
            LoggedInAfterRestart,
        ),
        Row(
            Fault::TruncatedBody,
            PageAfterRestart(502),
            LoggedInAfterRestart,
        ),
        Row(Fault::Hang, PageAfterRestart(504), LoggedInAfterRestart),
        // Only the user of the other school is denied.
        Row(Fault::OtherSchool, Page(403), Page(403)),
        Row(Fault::Errcode(json!(40_008)), Page(403), Page(403)),
        Row(Fault::Errcode(json!(40_002)), Page(502), Page(502)),
    ]
}

fn at_member_token() -> Vec<Row> {
    let mut rows = common();
    rows.extend(lost());
    rows.extend([
        Row(
            Fault::Errcode(json!("40003")),
            PageAfterRestart(400),
            LoggedInAfterRestart,
        ),
        Row(Fault::Errcode(json!(40_018)), Page(502), Page(502)),
        // A number of the manager login.
        Row(Fault::Errcode(json!("6001")), Page(502), Page(502)),
        // The token is used once; its lifetime does not matter.
        Row(Fault::ExpiresIn(None), LoggedIn, LoggedIn),
        Row(Fault::ExpiresIn(Some(json!(-1))), LoggedIn, LoggedIn),
        Row(Fault::ExpiresIn(Some(json!({}))), LoggedIn, LoggedIn),
    ]);
    rows
}

fn at_member_info() -> Vec<Row> {
    let mut rows = common();
    rows.extend(lost());
    // No code is sent here.
    rows.push(Row(Fault::Errcode(json!(40_003)), Page(502), Page(502)));
    rows.push(Row(Fault::Errcode(json!(40_007)), Page(403), Page(403)));
    rows
}

#[test]
fn every_fault_of_the_sandbox_is_in_a_table() {
    let on_the_way_back = [Fault::altered_state(), Fault::StateMissing, Fault::SameCode];
    let rows: Vec<_> = at_manager_info()
        .into_iter()
        .chain(at_access_token())
        .chain(at_open_id())
        .chain(at_sns_token())
        .chain(at_member_token())
        .chain(at_member_info())
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
async fn every_fault_of_the_manager_call_has_the_outcome_of_the_table() {
    run::<Weika>(Endpoint::ManagerInfo, at_manager_info()).await;
}

#[tokio::test]
async fn every_fault_of_the_token_call_has_the_outcome_of_the_table() {
    run::<Weika>(Endpoint::AccessToken, at_access_token()).await;
}

#[tokio::test]
async fn every_fault_of_the_binding_check_has_the_outcome_of_the_table() {
    run::<Wechat>(Endpoint::OpenId, at_open_id()).await;
}

#[tokio::test]
async fn every_fault_of_the_exchange_with_wechat_has_the_outcome_of_the_table() {
    run::<OwnSecret>(Endpoint::WechatSnsToken, at_sns_token()).await;
}

#[tokio::test]
async fn every_fault_of_the_members_token_call_has_the_outcome_of_the_table() {
    run::<Members>(Endpoint::MemberToken, at_member_token()).await;
}

#[tokio::test]
async fn every_fault_of_the_members_info_call_has_the_outcome_of_the_table() {
    run::<Members>(Endpoint::MemberInfo, at_member_info()).await;
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
        assert_logs_in_again(&site, &browser).await;

        site.sandbox.faults().once(endpoint, fault.clone());
        let browser = attempt(&site, &fault, once).await;
        assert!(
            site.sandbox.faults().pending(endpoint).is_empty(),
            "{fault:?} has happened"
        );
        assert_logs_in_again(&site, &browser).await;

        assert_eq!(site.who(&keeper).await, site.subject("li"), "{fault:?}");
        assert!(
            site.sandbox.call_log().max_uses_of_one_code() <= 2,
            "{fault:?}"
        );
        assert_eq!(site.sandbox.call_log().unknown_paths(), 0, "{fault:?}");
    }
}

/// One login without a cached token.
async fn attempt<W: Way>(site: &Site<W>, fault: &Fault, expected: Outcome) -> Browser {
    W::forget_token(&site.provider);
    // Two fetches are always at least a second apart.
    site.clock.advance(Duration::from_secs(60));
    let browser = site.browser();
    let visit = soon(browser.get(&format!("{ORIGIN}/admin/x")))
        .await
        .expect("a response");
    let redirects = visit
        .hops()
        .iter()
        .filter(|hop| hop.url.starts_with(ORIGIN) && hop.status.is_redirection());
    let end = (visit.status().as_u16(), redirects.count());
    assert_eq!(end, (expected.status(), expected.redirects()), "{fault:?}");
    if expected.status() == 200 {
        assert_eq!(visit.text(), site.subject("wang"), "{fault:?}");
    } else {
        assert_error_page::<W>(&visit, fault);
        assert_eq!(site.who(&browser).await, ANONYMOUS, "{fault:?}");
    }
    browser
}

/// The page has nothing of the upstream's response, links back to the login, and may not be stored.
fn assert_error_page<W: Way>(visit: &Visit, fault: &Fault) {
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
        "secret",
        "access_token",
        "invalid_grant",
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

/// After the fault, the same browser logs in.
async fn assert_logs_in_again<W: Way>(site: &Site<W>, browser: &Browser) {
    site.sandbox.faults().clear();
    site.clock.advance(Duration::from_secs(60));
    assert_eq!(
        browser
            .get(&format!("{ORIGIN}/admin/x"))
            .await
            .expect("a response")
            .text(),
        site.subject("wang")
    );
}

async fn failure_page_links_to_a_login_that_returns_to_the_target<W: Way>() {
    let site = Site::<W>::start().await;
    let browser = site.browser();
    site.sandbox.faults().once(W::EXCHANGE, Fault::BadGateway);
    let failed = browser
        .get(&format!("{ORIGIN}/admin/x?y=%20z"))
        .await
        .unwrap();
    assert_eq!(failed.status(), StatusCode::BAD_GATEWAY);
    // A reload shows the same page, without a call to the upstream.
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

async fn refused_connection_is_502_and_the_code_is_not_consumed<W: Way>() {
    let mut site = Site::<W>::start().await;
    let browser = site.browser();
    let state = site.begin(&browser, "/").await;
    let stopped = std::mem::replace(&mut site.sandbox, Sandbox::start().await.unwrap());
    stopped.shutdown().await;
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
async fn rejected_token_is_replaced_once_and_the_code_is_consumed_once() {
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
async fn token_that_is_always_rejected_costs_two_calls_and_two_tokens() {
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
async fn wrong_secret_is_one_token_call_for_any_number_of_logins() {
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
    // One more call every 30 s.
    site.clock.advance(Duration::from_secs(30));
    site.browser()
        .get(&format!("{ORIGIN}/admin"))
        .await
        .unwrap();
    assert_eq!(call_log.count(Endpoint::AccessToken), 2);
}

#[tokio::test]
async fn e5_token_without_a_usable_lifetime_is_used_and_not_cached() {
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
            // Two fetches are always at least a second apart.
            site.clock.advance(Duration::from_secs(1));
        }
    }
}

#[tokio::test]
async fn e5_lifetimes_beyond_a_week_are_capped_and_never_panic() {
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
        // The old token has expired for the crate and for the sandbox.
        assert_eq!(site.sandbox.call_log().tokens_issued(), 2, "{expires_in}");
    }
}

#[tokio::test]
async fn logins_succeed_while_another_process_replaces_the_token() {
    // Another process uses the same key, and each new token revokes the previous one at once.
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

async fn login_succeeds_although_the_clock_jumps<W: Way>() {
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
    assert_eq!(site.who(&early).await, ANONYMOUS);
}

async fn unavailable_upstream_does_not_affect_authenticated_users<W: Way>() {
    let mut site = Site::<W>::start().await;
    let browser = site.browser();
    site.log_in(&browser, "wang").await;
    let wang = site.subject("wang");
    let stopped = std::mem::replace(&mut site.sandbox, Sandbox::start().await.unwrap());
    stopped.shutdown().await;
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

all_ways!(
    failure_page_links_to_a_login_that_returns_to_the_target,
    redirect_of_the_upstream_is_never_followed,
    refused_connection_is_502_and_the_code_is_not_consumed,
    login_succeeds_although_the_clock_jumps,
    unavailable_upstream_does_not_affect_authenticated_users;
    on two threads:
);
