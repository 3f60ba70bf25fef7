//! The login as people see it.

use std::time::Duration;

use http::StatusCode;
use tower_weika::sandbox::{
    Approval, Browser, ContentTypeForm, Endpoint, ErrcodeForm, ErrmsgForm, HostForm, IdentityNumbering, MissingForm,
    Quirk, Visit, behaviours,
};

use super::site::{NOBODY, ORIGIN, Site, soon};

const WANG: &str = "oSandboxWang0000000000000001";
const LI: &str = "oSandboxLi000000000000000002";

fn page(path: &str) -> String {
    format!("{ORIGIN}{path}")
}

/// How often the site itself sent the browser on.
fn redirects(visit: &Visit) -> usize {
    visit.hops().iter().filter(|hop| hop.url.starts_with(ORIGIN) && hop.status.is_redirection()).count()
}

#[tokio::test]
async fn guarded_page_is_reached_in_one_go_with_one_exchange() {
    let site = Site::start().await;
    let browser = site.browser();
    let visit = browser.get(&page("/admin")).await.unwrap();
    assert_eq!((visit.status(), visit.url(), visit.text().as_str()), (StatusCode::OK, page("/admin").as_str(), WANG));
    let statuses: Vec<u16> = visit.hops().iter().map(|hop| hop.status.as_u16()).collect();
    assert_eq!(statuses, [303, 302, 303, 200]);
    let ledger = site.sandbox.ledger();
    assert_eq!((ledger.tokens_issued(), ledger.codes_spent(), ledger.codes_refused()), (1, 1, 0));

    // From now on nobody upstream is asked.
    let calls = ledger.entries().len();
    assert_eq!(browser.get(&page("/admin/x")).await.unwrap().text(), WANG);
    assert_eq!(site.who(&browser).await, WANG);
    assert_eq!(ledger.entries().len(), calls);
}

#[tokio::test]
async fn only_the_session_and_a_fading_mark_are_left_and_they_are_as_the_rules_say() {
    let site = Site::start().await;
    let browser = site.browser();
    let visit = browser.get(&page("/admin")).await.unwrap();
    let set: Vec<_> = visit.hops()[2].set_cookies.iter().filter(|cookie| !cookie.contains("Max-Age=0")).collect();
    let [session, mark] = set.as_slice() else { panic!("{visit:?}") };
    assert!(mark.starts_with("__Host-weika-arrived=1;") && mark.ends_with("; Max-Age=10"), "{mark}");
    assert!(session.starts_with("__Host-weika-session="));
    let (_, attributes) = session.split_once(';').unwrap();
    assert_eq!(attributes, " Path=/; HttpOnly; SameSite=Lax; Secure");
    let names: Vec<_> = browser.cookies().into_iter().map(|cookie| cookie.name).collect();
    assert_eq!(names, ["__Host-weika-session", "__Host-weika-arrived"]);
}

#[tokio::test]
async fn browser_that_drops_the_session_cookie_alone_is_told_so_and_not_sent_round() {
    let site = Site::start().await;
    let browser = site.browser();
    let state = site.begin(&browser, "/admin").await;
    browser.get_no_follow(&site.callback("wang", &state)).await.unwrap();
    browser.plant_cookie(ORIGIN, "__Host-weika-session=; Path=/; Secure; Max-Age=0").unwrap();
    let visit = browser.get(&page("/admin")).await.unwrap();
    assert_eq!((visit.status(), visit.hops().len()), (StatusCode::BAD_REQUEST, 1));
    // The mark has faded: another login may begin.
    site.clock.advance(Duration::from_secs(10));
    assert_eq!(browser.get(&page("/admin")).await.unwrap().text(), WANG);
}

#[tokio::test]
async fn t8_deep_link_survives_to_the_last_byte() {
    let site = Site::start().await;
    for target in ["/admin/a/b?c=%2520&d=/../x&next=https://x.example/1", "/admin/%E8%AF%BE%E7%A8%8B?%E5%90%8D=1"] {
        let visit = site.browser().get(&page(target)).await.unwrap();
        assert_eq!((visit.url(), visit.text().as_str()), (page(target).as_str(), WANG));
    }
    let browser = site.browser();
    let state = site.begin(&browser, "/path?课=程#节/1").await;
    let visit = browser.get_no_follow(&site.callback("wang", &state)).await.unwrap();
    assert_eq!(visit.location(), Some("/path?%E8%AF%BE=%E7%A8%8B#%E8%8A%82/1"));
}

#[tokio::test]
async fn t9_foreign_return_target_leads_to_the_landing_page() {
    let site = Site::start().await;
    for target in ["//evil.example/", "https://evil.example/", "/\\evil.example", "/a/../b", "/auth/weika/logout"] {
        let browser = site.browser();
        let state = site.begin(&browser, target).await;
        let visit = browser.get(&site.callback("wang", &state)).await.unwrap();
        assert_eq!((visit.url(), visit.text().as_str()), (page("/").as_str(), WANG), "{target}");
    }
}

#[tokio::test]
async fn eight_tabs_finish_in_reverse_order_each_at_its_own_page() {
    let site = Site::start().await;
    let browser = site.browser();
    let mut tabs = Vec::new();
    for tab in 0..8 {
        let target = format!("/admin/{tab}/{}", "x".repeat(150));
        tabs.push((site.begin(&browser, &target).await, target));
    }
    for (state, target) in tabs.into_iter().rev() {
        let visit = browser.get(&site.callback("wang", &state)).await.unwrap();
        assert_eq!((visit.url(), visit.text().as_str()), (page(&target).as_str(), WANG));
    }
    assert!(browser.cookies().iter().all(|cookie| !cookie.name.contains("-flow-")));
    assert_eq!(site.sandbox.ledger().codes_spent(), 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_tabs_at_once_all_come_home() {
    let site = Site::start().await;
    let browser = site.browser();
    let mut tabs = tokio::task::JoinSet::new();
    for tab in 0..20 {
        let (browser, target) = (browser.clone(), page(&format!("/admin/{tab}")));
        tabs.spawn(async move { (browser.get(&target).await.unwrap(), target) });
    }
    while let Some(tab) = soon(tabs.join_next()).await {
        let (visit, target) = tab.unwrap();
        assert_eq!((visit.url(), visit.text().as_str()), (target.as_str(), WANG), "{visit:?}");
    }
    assert_eq!(site.who(&browser).await, WANG);
}

#[tokio::test]
async fn declined_login_is_a_page_with_a_link_that_works() {
    let site = Site::start().await;
    let browser = site.browser();
    site.sandbox.set_approval(Approval::Decline);
    let declined = browser.get(&page("/admin/x")).await.unwrap();
    assert_eq!((declined.status(), declined.path()), (StatusCode::FORBIDDEN, "/auth/weika/callback"));
    assert_eq!(redirects(&declined), 1);
    assert_eq!(site.who(&browser).await, NOBODY);
    assert_eq!(site.sandbox.ledger().codes_issued(), 0);

    site.sandbox.auto_approve("li");
    let visit = browser.click(&declined, "href").await.unwrap();
    assert_eq!((visit.url(), visit.text().as_str()), (page("/admin/x").as_str(), LI));
}

#[tokio::test]
async fn person_is_chosen_on_the_page_of_the_upstream() {
    let site = Site::start().await;
    site.sandbox.set_approval(Approval::Ask);
    let browser = site.browser();
    let asked = browser.get(&page("/admin")).await.unwrap();
    let visit = browser.click(&asked, "data-person=\"li\"").await.unwrap();
    assert_eq!((visit.url(), visit.text().as_str()), (page("/admin").as_str(), LI));
}

#[tokio::test]
async fn browser_that_refuses_cookies_sees_two_redirects_and_then_a_page() {
    let site = Site::start().await;
    let browser = site.browser();
    browser.refuse_cookies(true);
    let visit = browser.get(&page("/admin")).await.unwrap();
    assert_eq!((visit.status(), visit.path()), (StatusCode::BAD_REQUEST, "/auth/weika/callback"));
    assert!(visit.text().contains("Cookie"));
    assert_eq!(redirects(&visit), 2);
    let ledger = site.sandbox.ledger();
    assert_eq!((ledger.count(Endpoint::ManagerInfo), ledger.codes_issued()), (0, 2), "no code was spent");
}

#[tokio::test]
async fn browser_that_loses_its_cookies_once_comes_home() {
    let site = Site::start().await;
    let browser = site.browser();
    let state = site.begin(&browser, "/admin/x").await;
    browser.lose_cookies();
    let visit = browser.get(&site.callback("wang", &state)).await.unwrap();
    // What it wanted was in the cookie.
    assert_eq!((visit.url(), visit.text().as_str()), (page("/").as_str(), WANG));
    assert_eq!(redirects(&visit), 2);
    assert_eq!(site.sandbox.ledger().codes_spent(), 1);
}

#[tokio::test]
async fn logout_ends_the_session_everywhere_and_needs_this_site() {
    let site = Site::start().await;
    let browser = site.browser();
    site.log_in(&browser, "wang").await;
    let thief = site.browser();
    let session = session_cookie(&browser);
    let copy = format!("{}={}; Path=/; Secure; HttpOnly; SameSite=Lax", session.name, session.value);
    thief.plant_cookie(ORIGIN, &copy).unwrap();
    assert_eq!(site.who(&thief).await, WANG);

    let logout = page("/auth/weika/logout");
    let cross = browser.post_from("https://evil.example/", &logout, "").await.unwrap();
    assert_eq!(cross.status(), StatusCode::FORBIDDEN);
    assert_eq!(browser.get(&logout).await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(site.who(&browser).await, WANG);

    let visit = browser.post(&logout, "").await.unwrap();
    assert_eq!((visit.url(), visit.text().as_str()), (page("/").as_str(), NOBODY));
    assert!(browser.cookies().is_empty());
    assert_eq!(site.who(&thief).await, NOBODY);
}

#[tokio::test]
async fn sessions_of_one_person_or_of_all_can_be_ended() {
    let site = Site::start().await;
    let [phone, desk, other] = [(); 3].map(|()| site.browser());
    site.log_in(&phone, "wang").await;
    site.log_in(&desk, "wang").await;
    site.log_in(&other, "li").await;
    site.login.end_sessions_of(WANG).await.unwrap();
    assert_eq!([site.who(&phone).await, site.who(&desk).await, site.who(&other).await], [NOBODY, NOBODY, LI]);
    site.login.end_all_sessions().await.unwrap();
    assert_eq!(site.who(&other).await, NOBODY);
    site.log_in(&other, "li").await;
    assert_eq!(site.who(&other).await, LI);
}

#[tokio::test]
async fn session_ends_when_idle_and_at_its_absolute_end() {
    let site = Site::start().await;
    let (busy, idle) = (site.browser(), site.browser());
    site.log_in(&busy, "wang").await;
    site.log_in(&idle, "li").await;
    for _ in 0..71 {
        site.clock.advance(Duration::from_secs(600));
        assert_eq!(site.who(&busy).await, WANG);
    }
    assert_eq!(site.who(&idle).await, NOBODY);
    site.clock.advance(Duration::from_secs(600));
    assert_eq!(site.who(&busy).await, NOBODY);
}

#[tokio::test]
async fn guard_for_a_school_lets_in_who_manages_it_now() {
    let site = Site::start().await;
    for (person, status) in [("wang", 200), ("li", 403), ("chen", 403), ("zhao", 403)] {
        let browser = site.browser();
        site.log_in(&browser, person).await;
        assert_eq!(browser.get(&page("/school")).await.unwrap().status(), status, "{person}");
    }
}

#[tokio::test]
async fn script_is_told_where_the_login_is_and_gets_no_cookie() {
    let site = Site::start().await;
    let answer = site.browser().fetch(&page("/admin")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(answer.json().unwrap()["login_url"], "/auth/weika/login");
    assert!(answer.hops()[0].set_cookies.is_empty());
}

#[tokio::test]
async fn k6_foreign_cookies_of_any_bytes_log_nobody_out() {
    let site = Site::start().await;
    let browser = site.browser();
    browser.plant_cookie(ORIGIN, "姓名=王老师🌸; Path=/; Secure").unwrap();
    browser.plant_cookie(ORIGIN, "theme=\"a b\\\", %zz=; Path=/; Secure").unwrap();
    browser.plant_cookie(ORIGIN, "nameless; Path=/; Secure").unwrap();
    let visit = browser.get(&page("/admin")).await.unwrap();
    assert_eq!(visit.text(), WANG);
    browser.plant_cookie(ORIGIN, "课程=数学; Path=/; Secure").unwrap();
    assert_eq!(site.who(&browser).await, WANG);
}

#[tokio::test]
async fn login_again_as_somebody_else_ends_the_first_session() {
    let site = Site::start().await;
    let browser = site.browser();
    site.log_in(&browser, "wang").await;
    let before = session_cookie(&browser).value;
    site.log_in(&browser, "li").await;
    assert_eq!(site.who(&browser).await, LI);
    let old = site.browser();
    old.plant_cookie(ORIGIN, &format!("__Host-weika-session={before}; Path=/; Secure")).unwrap();
    assert_eq!(site.who(&old).await, NOBODY);
}

/// Every form of every quirk, and whether an answer that looks like this is a success.
fn quirks() -> Vec<(Quirk, bool)> {
    let errcodes = [
        (ErrcodeForm::Integer, true),
        (ErrcodeForm::String, true),
        (ErrcodeForm::Absent, false),
        (ErrcodeForm::Null, false),
        (ErrcodeForm::Float, false),
        (ErrcodeForm::Fraction, false),
        (ErrcodeForm::Boolean, false),
        (ErrcodeForm::Empty, false),
        (ErrcodeForm::Padded, false),
        (ErrcodeForm::LeadingZero, false),
        (ErrcodeForm::Overlong, false),
        (ErrcodeForm::Array, false),
        (ErrcodeForm::Object, false),
    ];
    let tolerated = [
        Quirk::Errmsg(ErrmsgForm::Ok),
        Quirk::Errmsg(ErrmsgForm::UpperOk),
        Quirk::Errmsg(ErrmsgForm::Success),
        Quirk::Errmsg(ErrmsgForm::WithRequestId),
        Quirk::Errmsg(ErrmsgForm::Absent),
        Quirk::NumbersAsStrings,
        Quirk::MissingAs(MissingForm::Null),
        Quirk::MissingAs(MissingForm::EmptyArray),
        Quirk::MissingAs(MissingForm::EmptyObject),
        Quirk::EscapedUnicode,
        Quirk::EscapedSlashes,
        Quirk::ContentType(ContentTypeForm::TextPlain),
        Quirk::ContentType(ContentTypeForm::TextHtml),
        Quirk::ContentType(ContentTypeForm::Absent),
        Quirk::ByteOrderMark,
        Quirk::UnknownFields,
        Quirk::UnderData,
        Quirk::IdentityType(IdentityNumbering::School),
        Quirk::IdentityType(IdentityNumbering::Classification),
        Quirk::Host(HostForm::TrailingSlash),
        Quirk::Host(HostForm::Http),
        Quirk::Host(HostForm::Foreign),
        Quirk::Host(HostForm::PrivateIp),
        Quirk::Host(HostForm::Is("javascript:alert(1)".to_owned())),
        Quirk::SecondQuestionMark,
    ];
    let errcodes = errcodes.into_iter().map(|(form, success)| (Quirk::Errcode(form), success));
    errcodes.chain(tolerated.into_iter().map(|quirk| (quirk, true))).collect()
}

#[test]
fn every_quirk_of_the_sandbox_is_in_the_table() {
    for known in behaviours().filter(|it| it.group == "Quirk") {
        assert!(quirks().iter().any(|(quirk, _)| quirk.behaviour() == known), "{} is missing", known.name);
    }
}

#[tokio::test]
async fn e2_quirks_that_are_tolerated_log_in_and_all_others_fail_closed() {
    let site = Site::start().await;
    // One of whom there is everything, and one of whom there is next to nothing.
    for person in ["chen", "zhao"] {
        site.sandbox.auto_approve(person);
        for (quirk, success) in quirks() {
            // First with the token at hand, so that the quirk is in the manager's answer; then without.
            site.sandbox.quirks().clear();
            site.clock.advance(Duration::from_secs(60));
            let token = site.client.access_token().await.unwrap().clone();
            site.sandbox.quirks().on(quirk.clone());
            assert_outcome(&site, &quirk, success).await;
            site.client.tokens().invalidate(&token);
            site.clock.advance(Duration::from_secs(60));
            assert_outcome(&site, &quirk, success).await;
        }
    }
}

async fn assert_outcome(site: &Site, quirk: &Quirk, success: bool) {
    let browser = site.browser();
    let visit = browser.get(&page("/admin")).await.expect("an answer");
    let who = site.who(&browser).await;
    if success {
        assert_eq!((visit.status(), who.starts_with("oSandbox")), (StatusCode::OK, true), "{quirk:?}");
    } else {
        assert_eq!((visit.status(), who.as_str()), (StatusCode::BAD_GATEWAY, NOBODY), "{quirk:?}");
        assert!(redirects(&visit) <= 3, "{quirk:?}");
    }
}

#[tokio::test]
async fn e3_spent_code_logs_nobody_in_whatever_the_refusal_looks_like() {
    let site = Site::start().await;
    let spent = {
        let browser = site.browser();
        let state = site.begin(&browser, "/").await;
        let url = site.callback("wang", &state);
        browser.get(&url).await.unwrap();
        url.rsplit_once("&state=").unwrap().0.to_owned()
    };
    let present = async |browser: &Browser| {
        let state = site.begin(browser, "/").await;
        browser.get_no_follow(&format!("{spent}&state={state}")).await.unwrap()
    };
    for (quirk, _) in quirks() {
        site.sandbox.quirks().clear();
        site.sandbox.quirks().on(quirk.clone());
        let browser = site.browser();
        let visit = present(&browser).await;
        let begins_again = visit.location().is_some_and(|location| location.contains("manager-connect"));
        assert!(begins_again || visit.status() == StatusCode::BAD_GATEWAY, "{quirk:?} {visit:?}");
        assert_eq!(site.who(&browser).await, NOBODY, "{quirk:?}");
    }
}

/// The session cookie of a browser that is logged in.
#[track_caller]
pub(crate) fn session_cookie(browser: &Browser) -> tower_weika::sandbox::Cookie {
    browser.cookies().into_iter().find(|cookie| cookie.name == "__Host-weika-session").expect("a session")
}
