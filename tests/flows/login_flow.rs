//! The login as browsers see it: redirects, cookies, pages, tabs, logout, revocation.

#![expect(
    clippy::unwrap_used,
    reason = "the functions are tests, and `all_ways` says so"
)]

use std::time::Duration;

use http::StatusCode;
use tower_weika_sandbox::{
    Approval, Browser, ContentTypeForm, CutForm, ErrcodeForm, ErrmsgForm, HostForm,
    IdentityNumbering, MissingForm, Variation, Visit, behaviours,
};

use super::site::{ANONYMOUS, ORIGIN, Site, address, is_to_provider, soon};
use super::way::Way;

fn page(path: &str) -> String {
    format!("{ORIGIN}{path}")
}

/// The number of redirects by the site itself.
fn redirects(visit: &Visit) -> usize {
    visit
        .hops()
        .iter()
        .filter(|hop| hop.url.starts_with(ORIGIN) && hop.status.is_redirection())
        .count()
}

async fn guarded_page_is_reached_with_one_login_and_one_exchange<W: Way>() {
    let site = Site::<W>::start().await;
    let browser = site.browser();
    let visit = browser.get(&page("/admin")).await.unwrap();
    assert_eq!(
        (visit.status(), address(&visit), visit.text()),
        (
            StatusCode::OK,
            page("/admin").as_str(),
            site.subject("wang")
        )
    );
    let statuses: Vec<u16> = visit.hops().iter().map(|hop| hop.status.as_u16()).collect();
    assert_eq!(statuses, [303, 302, 303, 200]);
    let call_log = site.sandbox.call_log();
    assert_eq!(
        (
            call_log.tokens_issued(),
            call_log.codes_exchanged(),
            call_log.codes_refused()
        ),
        (W::TOKENS, 1, 0)
    );

    // From now on no upstream is called.
    let calls = call_log.entries().len();
    assert_eq!(
        browser.get(&page("/admin/x")).await.unwrap().text(),
        site.subject("wang")
    );
    assert_eq!(site.who(&browser).await, site.subject("wang"));
    assert_eq!(call_log.entries().len(), calls);
}

async fn login_leaves_only_the_session_cookie_and_a_ten_second_marker<W: Way>() {
    let site = Site::<W>::start().await;
    let browser = site.browser();
    let visit = browser.get(&page("/admin")).await.unwrap();
    let set: Vec<_> = visit.hops()[2]
        .set_cookies
        .iter()
        .filter(|cookie| !cookie.contains("Max-Age=0"))
        .collect();
    let [session, marker] = set.as_slice() else {
        panic!("{visit:?}")
    };
    let names = ["session", "result"].map(|name| format!("__Host-{}-{name}", W::NAME));
    assert!(
        marker.starts_with(&format!("{}=1;", names[1])) && marker.ends_with("; Max-Age=10"),
        "{marker}"
    );
    assert!(session.starts_with(&names[0]));
    let (_, attributes) = session.split_once(';').unwrap();
    assert_eq!(attributes, " Path=/; HttpOnly; SameSite=Lax; Secure");
    let left: Vec<_> = browser
        .cookies()
        .into_iter()
        .map(|cookie| cookie.name)
        .collect();
    assert_eq!(left, names);
}

async fn browser_that_drops_only_the_session_cookie_gets_a_page_and_no_redirect_loop<W: Way>() {
    let site = Site::<W>::start().await;
    let browser = site.browser();
    let state = site.begin(&browser, "/admin").await;
    browser
        .get_no_follow(&site.callback("wang", &state))
        .await
        .unwrap();
    let deleted = format!(
        "{}=; Path=/; Secure; Max-Age=0",
        site.session_cookie(&browser).name
    );
    browser.plant_cookie(ORIGIN, &deleted).unwrap();
    let visit = browser.get(&page("/admin")).await.unwrap();
    assert_eq!(
        (visit.status(), visit.hops().len()),
        (StatusCode::BAD_REQUEST, 1)
    );
    // The marker cookie has expired: another login may begin.
    site.clock.advance(Duration::from_secs(10));
    assert_eq!(
        browser.get(&page("/admin")).await.unwrap().text(),
        site.subject("wang")
    );
}

async fn t8_deep_link_survives_to_the_last_byte<W: Way>() {
    let site = Site::<W>::start().await;
    for target in [
        "/admin/a/b?c=%2520&d=/../x&next=https://x.example/1",
        "/admin/%E8%AF%BE%E7%A8%8B?%E5%90%8D=1",
    ] {
        let visit = site.browser().get(&page(target)).await.unwrap();
        assert_eq!(
            (address(&visit), visit.text()),
            (page(target).as_str(), site.subject("wang"))
        );
    }
    let browser = site.browser();
    let state = site.begin(&browser, "/path?课=程#节/1").await;
    let visit = browser
        .get_no_follow(&site.callback("wang", &state))
        .await
        .unwrap();
    assert_eq!(
        visit.location(),
        Some("/path?%E8%AF%BE=%E7%A8%8B#%E8%8A%82/1")
    );
}

async fn t9_foreign_return_target_becomes_the_default_target<W: Way>() {
    let site = Site::<W>::start().await;
    let own = format!("/auth/{}/logout", W::NAME);
    for target in [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "/a/../b",
        &own,
    ] {
        let browser = site.browser();
        let state = site.begin(&browser, target).await;
        let visit = browser.get(&site.callback("wang", &state)).await.unwrap();
        assert_eq!(
            (address(&visit), visit.text()),
            (page("/").as_str(), site.subject("wang")),
            "{target}"
        );
    }
}

async fn eight_tabs_finish_in_reverse_order_each_at_its_return_target<W: Way>() {
    let site = Site::<W>::start().await;
    let browser = site.browser();
    let mut tabs = Vec::new();
    for tab in 0..8 {
        let target = format!("/admin/{tab}/{}", "x".repeat(150));
        tabs.push((site.begin(&browser, &target).await, target));
    }
    for (state, target) in tabs.into_iter().rev() {
        let visit = browser.get(&site.callback("wang", &state)).await.unwrap();
        assert_eq!(
            (address(&visit), visit.text()),
            (page(&target).as_str(), site.subject("wang"))
        );
    }
    assert!(
        browser
            .cookies()
            .iter()
            .all(|cookie| !cookie.name.contains("-flow-"))
    );
    assert_eq!(site.sandbox.call_log().codes_exchanged(), 8);
}

async fn twenty_concurrent_tabs_all_reach_their_return_targets<W: Way>() {
    let site = Site::<W>::start().await;
    let browser = site.browser();
    let mut tabs = tokio::task::JoinSet::new();
    for tab in 0..20 {
        let (browser, target) = (browser.clone(), page(&format!("/admin/{tab}")));
        tabs.spawn(async move { (browser.get(&target).await.unwrap(), target) });
    }
    while let Some(tab) = soon(tabs.join_next()).await {
        let (visit, target) = tab.unwrap();
        assert_eq!(
            (address(&visit), visit.text()),
            (target.as_str(), site.subject("wang")),
            "{visit:?}"
        );
    }
    assert_eq!(site.who(&browser).await, site.subject("wang"));
}

async fn declined_login_is_a_page_with_a_link_that_works<W: Way>() {
    let site = Site::<W>::start().await;
    let browser = site.browser();
    W::set_approval(&site.sandbox, Approval::Decline);
    let declined = browser.get(&page("/admin/x")).await.unwrap();
    let callback = format!("/auth/{}/callback", W::NAME);
    assert_eq!(
        (declined.status(), declined.path()),
        (StatusCode::FORBIDDEN, callback.as_str())
    );
    assert_eq!(redirects(&declined), 1);
    assert_eq!(site.who(&browser).await, ANONYMOUS);
    assert_eq!(site.sandbox.call_log().codes_issued(), 0);

    site.auto_approve("li");
    let visit = browser.click(&declined, "href").await.unwrap();
    assert_eq!(
        (address(&visit), visit.text()),
        (page("/admin/x").as_str(), site.subject("li"))
    );
}

async fn user_chosen_on_the_page_of_the_upstream_is_logged_in<W: Way>() {
    let site = Site::<W>::start().await;
    W::set_approval(&site.sandbox, Approval::Ask);
    let browser = site.browser();
    let asked = browser.get(&page("/admin")).await.unwrap();
    let visit = browser.click(&asked, "data-person=\"li\"").await.unwrap();
    assert_eq!(
        (address(&visit), visit.text()),
        (page("/admin").as_str(), site.subject("li"))
    );
}

async fn browser_that_rejects_cookies_gets_two_redirects_and_then_a_page<W: Way>() {
    let site = Site::<W>::start().await;
    let browser = site.browser();
    browser.refuse_cookies(true);
    let visit = browser.get(&page("/admin")).await.unwrap();
    let callback = format!("/auth/{}/callback", W::NAME);
    assert_eq!(
        (visit.status(), visit.path()),
        (StatusCode::BAD_REQUEST, callback.as_str())
    );
    assert!(visit.text().contains("Cookie"));
    assert_eq!(redirects(&visit), 2);
    let call_log = site.sandbox.call_log();
    assert_eq!(
        (site.exchanges(), call_log.codes_issued()),
        (0, 2),
        "no code was sent"
    );
}

async fn browser_that_loses_its_cookies_once_is_logged_in_at_the_default_target<W: Way>() {
    let site = Site::<W>::start().await;
    let browser = site.browser();
    let state = site.begin(&browser, "/admin/x").await;
    browser.lose_cookies();
    let visit = browser.get(&site.callback("wang", &state)).await.unwrap();
    // The return target was in the lost cookie.
    assert_eq!(
        (address(&visit), visit.text()),
        (page("/").as_str(), site.subject("wang"))
    );
    assert_eq!(redirects(&visit), 2);
    assert_eq!(site.sandbox.call_log().codes_exchanged(), 1);
}

async fn logout_revokes_the_session_for_a_stolen_cookie_too_and_must_come_from_this_site<W: Way>() {
    let site = Site::<W>::start().await;
    let browser = site.browser();
    site.log_in(&browser, "wang").await;
    let thief = site.browser();
    let session = site.session_cookie(&browser);
    let copy = format!(
        "{}={}; Path=/; Secure; HttpOnly; SameSite=Lax",
        session.name, session.value
    );
    thief.plant_cookie(ORIGIN, &copy).unwrap();
    assert_eq!(site.who(&thief).await, site.subject("wang"));

    let logout = site.endpoint("logout");
    let cross = browser
        .post_from("https://evil.example/", &logout, "")
        .await
        .unwrap();
    assert_eq!(cross.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        browser.get(&logout).await.unwrap().status(),
        StatusCode::METHOD_NOT_ALLOWED
    );
    assert_eq!(site.who(&browser).await, site.subject("wang"));

    let visit = browser.post(&logout, "").await.unwrap();
    assert_eq!(
        (address(&visit), visit.text().as_str()),
        (page("/").as_str(), ANONYMOUS)
    );
    let names: Vec<_> = browser
        .cookies()
        .into_iter()
        .map(|cookie| cookie.name)
        .collect();
    assert_eq!(
        names,
        ["logout", "silent"].map(|marker| format!("__Host-{}-{marker}", W::NAME)),
        "only the markers of the logout are left"
    );
    assert_eq!(site.who(&thief).await, ANONYMOUS);
}

async fn sessions_of_one_subject_or_all_sessions_can_be_revoked<W: Way>() {
    let site = Site::<W>::start().await;
    let [phone, desktop, other] = [(); 3].map(|()| site.browser());
    site.log_in(&phone, "wang").await;
    site.log_in(&desktop, "wang").await;
    site.log_in(&other, "li").await;
    site.login
        .revoke_sessions_of(&site.subject("wang"))
        .await
        .unwrap();
    assert_eq!(
        [site.who(&phone).await, site.who(&desktop).await],
        [ANONYMOUS, ANONYMOUS]
    );
    assert_eq!(site.who(&other).await, site.subject("li"));
    site.login.revoke_all_sessions().await.unwrap();
    assert_eq!(site.who(&other).await, ANONYMOUS);
    site.log_in(&other, "li").await;
    assert_eq!(site.who(&other).await, site.subject("li"));
}

async fn session_expires_by_idle_and_by_absolute_timeout<W: Way>() {
    let site = Site::<W>::start().await;
    let (busy, idle) = (site.browser(), site.browser());
    site.log_in(&busy, "wang").await;
    site.log_in(&idle, "li").await;
    for _ in 0..71 {
        site.clock.advance(Duration::from_secs(600));
        assert_eq!(site.who(&busy).await, site.subject("wang"));
    }
    assert_eq!(site.who(&idle).await, ANONYMOUS);
    site.clock.advance(Duration::from_secs(600));
    assert_eq!(site.who(&busy).await, ANONYMOUS);
}

async fn script_gets_the_login_url_and_no_cookie<W: Way>() {
    let site = Site::<W>::start().await;
    let response = site.browser().fetch(&page("/admin")).await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        response.json().unwrap()["login_url"],
        format!("/auth/{}/login", W::NAME)
    );
    assert!(response.hops()[0].set_cookies.is_empty());
}

async fn k6_foreign_cookies_of_any_bytes_log_no_user_out<W: Way>() {
    let site = Site::<W>::start().await;
    let browser = site.browser();
    browser
        .plant_cookie(ORIGIN, "姓名=王老师🌸; Path=/; Secure")
        .unwrap();
    browser
        .plant_cookie(ORIGIN, "theme=\"a b\\\", %zz=; Path=/; Secure")
        .unwrap();
    browser
        .plant_cookie(ORIGIN, "empty=; Path=/; Secure")
        .unwrap();
    let visit = browser.get(&page("/admin")).await.unwrap();
    assert_eq!(visit.text(), site.subject("wang"));
    browser
        .plant_cookie(ORIGIN, "课程=数学; Path=/; Secure")
        .unwrap();
    assert_eq!(site.who(&browser).await, site.subject("wang"));
}

async fn login_as_another_user_revokes_the_first_session<W: Way>() {
    let site = Site::<W>::start().await;
    let browser = site.browser();
    site.log_in(&browser, "wang").await;
    let before = site.session_cookie(&browser).value;
    site.log_in(&browser, "li").await;
    assert_eq!(site.who(&browser).await, site.subject("li"));
    let old = site.browser();
    old.plant_cookie(
        ORIGIN,
        &format!(
            "{}={before}; Path=/; Secure",
            site.session_cookie(&browser).name
        ),
    )
    .unwrap();
    assert_eq!(site.who(&old).await, ANONYMOUS);
}

/// Every form of every variation, and whether such a response is a success.
fn variations() -> Vec<(Variation, bool)> {
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
        Variation::Errmsg(ErrmsgForm::Ok),
        Variation::Errmsg(ErrmsgForm::UpperOk),
        Variation::Errmsg(ErrmsgForm::Success),
        Variation::Errmsg(ErrmsgForm::WithRequestId),
        Variation::Errmsg(ErrmsgForm::Absent),
        Variation::NumbersAsStrings,
        Variation::NumbersAsFloats,
        Variation::IdentifiersAsNumbers,
        Variation::CutNames(CutForm::Surrogate),
        Variation::CutNames(CutForm::Utf8),
        Variation::MissingAs(MissingForm::Null),
        Variation::MissingAs(MissingForm::EmptyArray),
        Variation::MissingAs(MissingForm::EmptyObject),
        Variation::EscapedUnicode,
        Variation::EscapedSlashes,
        Variation::ContentType(ContentTypeForm::TextPlain),
        Variation::ContentType(ContentTypeForm::TextHtml),
        Variation::ContentType(ContentTypeForm::Absent),
        Variation::ByteOrderMark,
        Variation::UnknownFields,
        Variation::UnderData,
        Variation::IdentityType(IdentityNumbering::School),
        Variation::IdentityType(IdentityNumbering::Classification),
        Variation::Host(HostForm::TrailingSlash),
        Variation::Host(HostForm::Http),
        Variation::Host(HostForm::Foreign),
        Variation::Host(HostForm::PrivateIp),
        Variation::Host(HostForm::Is("javascript:alert(1)".to_owned())),
        Variation::SecondQuestionMark,
        Variation::OauthErrors,
        Variation::LeadingBlanks,
    ];
    let errcodes = errcodes
        .into_iter()
        .map(|(form, success)| (Variation::Errcode(form), success));
    errcodes
        .chain(tolerated.into_iter().map(|variation| (variation, true)))
        .collect()
}

#[test]
fn every_variation_of_the_sandbox_is_in_the_table() {
    for known in behaviours().filter(|it| it.group == "Variation") {
        assert!(
            variations()
                .iter()
                .any(|(variation, _)| variation.behaviour() == known),
            "{} is missing",
            known.name
        );
    }
}

async fn e2_tolerated_variations_log_in_and_all_others_fail_closed<W: Way>() {
    let site = Site::<W>::start().await;
    for person in W::EXTREMES {
        site.auto_approve(person);
        for (variation, success) in variations() {
            let has_errcode = W::ERRCODE_IN_SUCCESS || !matches!(variation, Variation::Errcode(_));
            let success = success || !has_errcode;
            // First with a cached token, so that the variation is in the response about the
            // identity; then without one, so that it is in the token response.
            site.sandbox.variations().clear();
            site.clock.advance(Duration::from_secs(60));
            W::have_token(&site.provider).await;
            site.sandbox.variations().on(variation.clone());
            assert_outcome(&site, person, &variation, success).await;
            W::forget_token(&site.provider);
            site.clock.advance(Duration::from_secs(60));
            assert_outcome(&site, person, &variation, success).await;
        }
    }
}

async fn assert_outcome<W: Way>(
    site: &Site<W>,
    person: &str,
    variation: &Variation,
    success: bool,
) {
    let browser = site.browser();
    let visit = browser.get(&page("/admin")).await.expect("a response");
    let who = site.who(&browser).await;
    if success {
        assert_eq!(
            (visit.status(), who),
            (StatusCode::OK, site.subject(person)),
            "{variation:?}"
        );
    } else {
        assert_eq!(
            (visit.status(), who.as_str()),
            (StatusCode::BAD_GATEWAY, ANONYMOUS),
            "{variation:?}"
        );
        assert!(redirects(&visit) <= 3, "{variation:?}");
    }
}

async fn e3_consumed_code_never_logs_in_for_any_form_of_the_rejection<W: Way>() {
    let site = Site::<W>::start().await;
    let consumed = {
        let browser = site.browser();
        let state = site.begin(&browser, "/").await;
        let url = site.callback("wang", &state);
        browser.get(&url).await.unwrap();
        url.rsplit_once("&state=").unwrap().0.to_owned()
    };
    let present = async |browser: &Browser| {
        let state = site.begin(browser, "/").await;
        browser
            .get_no_follow(&format!("{consumed}&state={state}"))
            .await
            .unwrap()
    };
    for (variation, _) in variations() {
        site.sandbox.variations().clear();
        site.sandbox.variations().on(variation.clone());
        let browser = site.browser();
        let visit = present(&browser).await;
        let begins_again = visit.location().is_some_and(is_to_provider::<W>);
        assert!(
            begins_again || visit.status() == StatusCode::BAD_GATEWAY,
            "{variation:?} {visit:?}"
        );
        assert_eq!(site.who(&browser).await, ANONYMOUS, "{variation:?}");
    }
}

all_ways!(
    guarded_page_is_reached_with_one_login_and_one_exchange,
    login_leaves_only_the_session_cookie_and_a_ten_second_marker,
    browser_that_drops_only_the_session_cookie_gets_a_page_and_no_redirect_loop,
    t8_deep_link_survives_to_the_last_byte,
    t9_foreign_return_target_becomes_the_default_target,
    eight_tabs_finish_in_reverse_order_each_at_its_return_target,
    declined_login_is_a_page_with_a_link_that_works,
    user_chosen_on_the_page_of_the_upstream_is_logged_in,
    browser_that_rejects_cookies_gets_two_redirects_and_then_a_page,
    browser_that_loses_its_cookies_once_is_logged_in_at_the_default_target,
    logout_revokes_the_session_for_a_stolen_cookie_too_and_must_come_from_this_site,
    sessions_of_one_subject_or_all_sessions_can_be_revoked,
    session_expires_by_idle_and_by_absolute_timeout,
    script_gets_the_login_url_and_no_cookie,
    k6_foreign_cookies_of_any_bytes_log_no_user_out,
    login_as_another_user_revokes_the_first_session,
    e2_tolerated_variations_log_in_and_all_others_fail_closed,
    e3_consumed_code_never_logs_in_for_any_form_of_the_rejection;
    on two threads: twenty_concurrent_tabs_all_reach_their_return_targets
);
