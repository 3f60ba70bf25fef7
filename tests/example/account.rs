//! The page with the state of the official account.

use tower_weika_sandbox::{Browser, KesionState, Sandbox};

use crate::support::Site;
use crate::{log_in, see, site_at, switch};

#[tokio::test(flavor = "multi_thread")]
async fn managers_see_each_state_of_the_account() {
    let site = Site::start(&[]);
    let url = format!("{}/account", site.url);
    let browser = Browser::new();
    let page = log_in(&browser, &url, "wang").await;
    assert_eq!((page.status().as_u16(), page.url()), (200, url.as_str()));
    let text = page.text();
    for expected in [
        "data-account=\"authorized\"",
        "示例大学校园服务",
        "wx0000000000000001",
        "gh_000000000001",
        "服务号",
    ] {
        assert!(text.contains(expected), "{expected}");
    }
    assert!(
        text.contains("data-check=\"web-oauth:yes\"") && text.contains("data-check=\"own:yes\"")
    );
    assert!(!text.contains("refreshtoken"));

    switch(&site, "kesion:not-authorized").await;
    let page = see(&browser, &url, "data-account=\"not-authorized\"").await;
    let link = page.link("data-authorize").unwrap();
    assert_eq!(
        link,
        format!(
            "{}/plus/auth_url?schoolid=5",
            site.sandbox.as_deref().unwrap()
        )
    );

    switch(&site, "kesion:not-opened").await;
    let page = see(&browser, &url, "data-account=\"not-opened\"").await;
    assert!(!page.text().contains("data-authorize"));

    switch(&site, "kesion:authorized").await;
    // A negative state is never served from the cache.
    let page = browser.get(&format!("{url}?lang=en")).await.unwrap();
    assert!(
        page.text().contains("data-account=\"authorized\"")
            && page.text().contains("Is your school")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn account_of_another_school_is_marked_as_foreign() {
    let site = Site::start(&[]);
    let page = log_in(&Browser::new(), &format!("{}/account", site.url), "li").await;
    assert!(page.text().contains("data-check=\"own:no\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn account_without_web_authorization_is_marked_as_such() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.set_kesion_verified(false);
    let site = site_at(&sandbox, &[]);
    let page = log_in(&Browser::new(), &format!("{}/account", site.url), "wang").await;
    assert!(page.text().contains("data-check=\"web-oauth:no\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_kesion_is_502_and_the_site_stays_ready() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.set_kesion(KesionState::Failing);
    let site = site_at(&sandbox, &[]);
    let browser = Browser::new();
    let page = log_in(&browser, &format!("{}/account", site.url), "wang").await;
    assert_eq!(page.status(), 502);
    assert!(
        page.text().contains("data-account=\"unknown\"") && !page.text().contains("access_token")
    );
    assert_eq!(
        browser
            .get(&format!("{}/readyz", site.url))
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_authorized_account_is_served_from_the_cache() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.set_kesion(KesionState::NotAuthorized);
    let site = site_at(&sandbox, &[]);
    let url = format!("{}/account", site.url);
    let browser = Browser::new();
    let page = log_in(&browser, &url, "wang").await;
    assert!(page.text().contains("data-account=\"not-authorized\""));
    for (state, status, shown) in [
        (KesionState::Failing, 502, "unknown"),
        (KesionState::NotOpened, 200, "not-opened"),
        (KesionState::Failing, 502, "unknown"),
        (KesionState::Authorized, 200, "authorized"),
        (KesionState::Failing, 200, "authorized"),
    ] {
        sandbox.set_kesion(state);
        let page = browser.get(&url).await.unwrap();
        assert_eq!(page.status(), status, "{state:?}");
        assert!(
            page.text().contains(&format!("data-account=\"{shown}\"")),
            "{state:?}"
        );
    }
}
