//! axe-core, which looks for barriers, finds nothing: every kind of page that the crate generates,
//! the pages of the examples, and those of the sandbox. In both languages, light and dark, on a
//! phone and a desk.

use serde_json::{Value, json};
use tower_weika_sandbox::{Endpoint, Sandbox};

use crate::WANG;
use crate::browser::Browser;
use crate::generated_pages::{generated_pages, serve};
use crate::kind::Kind;
use crate::redis_server::Redis;
use crate::support::{Site, command};
use crate::wechat::switch;

/// `tests/run --weekly` puts it there, from the package of npm.
const SCRIPT: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/axe-core/package/axe.min.js");

const CHINESE: Kind = Kind::DESKTOP;
const ENGLISH: Kind = Kind {
    languages: "en-US,en",
    ..Kind::DESKTOP
};

#[ignore = "needs Chromium and axe-core; run tests/run --weekly"]
#[tokio::test(flavor = "multi_thread")]
async fn axe_core_finds_nothing_in_chinese_light() {
    check_all(CHINESE).await;
}

#[ignore = "needs Chromium and axe-core; run tests/run --weekly"]
#[tokio::test(flavor = "multi_thread")]
async fn axe_core_finds_nothing_in_chinese_dark() {
    check_all(Kind {
        is_dark: true,
        ..CHINESE
    })
    .await;
}

#[ignore = "needs Chromium and axe-core; run tests/run --weekly"]
#[tokio::test(flavor = "multi_thread")]
async fn axe_core_finds_nothing_in_english_light() {
    check_all(ENGLISH).await;
}

#[ignore = "needs Chromium and axe-core; run tests/run --weekly"]
#[tokio::test(flavor = "multi_thread")]
async fn axe_core_finds_nothing_in_english_dark() {
    check_all(Kind {
        is_dark: true,
        ..ENGLISH
    })
    .await;
}

async fn check_all(kind: Kind) {
    for size in [Kind::DESKTOP, Kind::PHONE] {
        check_pages(Kind {
            is_dark: kind.is_dark,
            languages: kind.languages,
            ..size
        })
        .await;
    }
}

/// Returns the barriers that axe-core finds on the page.
async fn findings(browser: &Browser) -> Value {
    let script = std::fs::read_to_string(SCRIPT).expect("axe-core; run tests/run --weekly");
    browser.run(&script).await;
    let run = "const done = arguments[arguments.length - 1]; \
               const say = it => `${it.id}: ${it.nodes.map(node => node.target.join(' ')).join(', ')}`; \
               axe.run().then(it => done(it.violations.map(say)), error => done(String(error)))";
    browser
        .client
        .execute_async(run, Vec::new())
        .await
        .expect("axe-core runs")
}

/// Asserts that the page has this element, and that axe-core finds nothing on it.
async fn check(browser: &Browser, element: &str) {
    browser.find(element).await;
    let url = browser.client.current_url().await.expect("a page");
    assert_eq!(findings(browser).await, json!([]), "{url}: {element}");
}

/// Opens a page as if its address was typed, and checks it.
async fn check_at(browser: &Browser, url: &str, element: &str) {
    browser.go(url).await;
    check(browser, element).await;
}

/// Sends a form from a page of another site, and checks the response.
async fn check_foreign_form(browser: &Browser, url: &str) {
    browser
        .go(&format!(
            "data:text/html,<form method=post action={url}><button>send</button></form>"
        ))
        .await;
    browser.click("button").await;
    check(browser, "main h1").await;
}

async fn check_pages(kind: Kind) {
    let site = Site::start(&[]);
    let browser = Browser::start(kind).await;
    check_generated_pages(&browser, kind).await;
    check_visitor(&site, &browser).await;
    check_manager(&site, &browser).await;
    check_devices(&site, &browser).await;
    check_account(&site, &browser).await;
    drop(browser);

    let browser = Browser::start(Kind {
        is_wechat: true,
        ..kind
    })
    .await;
    check_wechat_user(&site, &browser).await;
    check_own_secret(&browser).await;
    drop(browser);

    let browser = Browser::start(Kind {
        blocks_cookies: true,
        ..kind
    })
    .await;
    browser.go(&format!("{}/admin", site.url)).await;
    // The second failure ends on a page of the site.
    browser.click(WANG).await;
    browser.click(WANG).await;
    check(&browser, "p.site").await;
}

async fn check_generated_pages(browser: &Browser, kind: Kind) {
    let scheme = if kind.is_dark { "dark" } else { "light" };
    let is_applied = format!("return matchMedia('(prefers-color-scheme: {scheme})').matches");
    assert_eq!(browser.run(&is_applied).await, true, "{scheme}");
    let language = &kind.languages[..2];
    for (url, page) in serve(generated_pages(kind.languages).await).await {
        browser.go(&url).await;
        check(browser, &format!("html[lang|={language}] main h1")).await;
        if kind.is_phone {
            let name = format!("generated-{language}-{scheme}-{page}");
            browser.picture(&name).await;
        }
    }
}

async fn check_visitor(site: &Site, browser: &Browser) {
    let (url, sandbox) = (&site.url, site.sandbox.as_deref().expect("a sandbox"));
    check_at(browser, sandbox, "h1").await;
    check_at(
        browser,
        &format!("{sandbox}/sandbox/control"),
        "[data-switch]",
    )
    .await;
    // They lack the parameters of the application.
    for page in [
        Endpoint::ManagerConnect,
        Endpoint::MemberAuthorize,
        Endpoint::MemberPcAuthorize,
        Endpoint::WechatAuthorize,
        Endpoint::WechatQrConnect,
    ] {
        check_at(browser, &format!("{sandbox}{}", page.path()), "main").await;
    }
    check_at(browser, url, "[data-login]").await;
    check_at(browser, &format!("{url}/nowhere"), ".figure").await;
    check_at(browser, &format!("{url}/app"), "svg").await;
    for path in [
        "/auth/weika/callback",
        "/auth/weika/callback?wxcode=1&state=1",
    ] {
        check_at(browser, &format!("{url}{path}"), "main h1").await;
    }
    for path in ["/auth/weika/login", "/auth/weika/logout", "/admin", "/bind"] {
        check_foreign_form(browser, &format!("{url}{path}")).await;
    }
    check_at(browser, &format!("{url}/card"), WANG).await;
    check_at(browser, &format!("{url}/admin"), WANG).await;
    browser.click("[data-decline]").await;
    check(browser, "main a").await;
}

async fn check_manager(site: &Site, browser: &Browser) {
    let url = &site.url;
    browser.go(&format!("{url}/admin/settings")).await;
    browser.click("[data-person=li]").await;
    check(browser, "main > a.home").await;
    browser.client.delete_all_cookies().await.expect("a page");
    browser.go(&format!("{url}/admin")).await;
    browser.click(WANG).await;
    check(browser, "[data-asked]").await;
    check_at(browser, url, "[data-manager]").await;
    check_at(browser, &format!("{url}/admin/settings"), "main h1").await;
    browser.go(&format!("{url}/card")).await;
    browser.click(WANG).await;
    check(browser, "[data-member]").await;
    check_at(browser, url, "[data-member]").await;
}

/// For a manager who is a member too, and has logged in on another device.
async fn check_devices(site: &Site, browser: &Browser) {
    let url = format!("{}/devices", site.url);
    check_at(browser, &url, "[data-login-devices=weika-member]").await;
    let other = tower_weika_sandbox::Browser::new();
    let page = other.get(&format!("{}/admin", site.url)).await;
    let approved = other
        .click(&page.expect("a page"), "data-person=\"wang\"")
        .await;
    assert_eq!(approved.expect("a page").status(), 200);
    check_at(browser, &url, "[data-revoke]").await;
    let is_malformed = "document.querySelector('[data-revoke]').value = 'x'";
    browser.run(is_malformed).await;
    browser.click("[data-revoke]").await;
    check(browser, ".figure").await;
    browser.go(&url).await;
    browser.click("[data-revoke]").await;
    check(browser, "[data-notice]").await;
}

/// For a manager. The site caches only that the account is authorized.
async fn check_account(site: &Site, browser: &Browser) {
    let url = format!("{}/account", site.url);
    for (state, shown) in [
        ("failing", "unknown"),
        ("not-opened", "not-opened"),
        ("not-authorized", "not-authorized"),
    ] {
        switch(site, browser, &format!("kesion:{state}")).await;
        check_at(browser, &url, &format!("[data-account={shown}]")).await;
    }
    browser.click("[data-authorize]").await;
    check(browser, "form [data-switch]").await;
    browser.click("[data-switch]").await;
    browser.see("公众号已授权").await;
    check(browser, "main h1").await;
    check_at(browser, &url, "[data-account=authorized]").await;
}

async fn check_wechat_user(site: &Site, browser: &Browser) {
    let (url, sandbox) = (&site.url, site.sandbox.as_deref().expect("a sandbox"));
    for page in [Endpoint::WechatAuthorize, Endpoint::MemberAuthorize] {
        check_at(browser, &format!("{sandbox}{}", page.path()), "main").await;
    }
    check_at(browser, &format!("{url}/card"), WANG).await;
    check_at(browser, &format!("{url}/app"), "[data-person=xiaohong]").await;
    browser.click("[data-person=xiaohong]").await;
    check(browser, "[data-bind]").await;
    browser.fill("[name=mobile]", "123").await;
    browser.click(".send").await;
    check(browser, "[data-notice=refused]").await;
    browser.fill("[name=mobile]", "13800000002").await;
    browser.click(".send").await;
    check(browser, "[data-notice=sent]").await;
    check_at(
        browser,
        &format!("{sandbox}{}", Endpoint::Control.path()),
        "[data-sms]",
    )
    .await;
    check_at(browser, url, "[data-wechat]").await;

    // The form of a session that has expired.
    browser.go(&format!("{url}/bind")).await;
    browser.find("[data-bind]").await;
    browser.client.delete_all_cookies().await.expect("a page");
    browser.click(".send").await;
    check(browser, "main > a").await;

    browser.go(&format!("{url}/app")).await;
    browser.click("[data-person=xiaoming]").await;
    check(browser, "[data-wechat=bound]").await;
    check_at(browser, url, "[data-wechat=bound]").await;
    check_at(
        browser,
        &format!("{url}/devices"),
        "[data-login-devices=wechat]",
    )
    .await;
}

/// Without the binding service there is no account to link.
async fn check_own_secret(browser: &Browser) {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let authorize = format!("{}{}", sandbox.base_url(), Endpoint::WechatAuthorize.path());
    let site = Site::start(&[
        ("WECHAT_APPID", sandbox.app_id()),
        ("WECHAT_SECRET", sandbox.wechat_secret()),
        ("WECHAT_API_BASE_URL", &sandbox.base_url()),
        ("WECHAT_AUTHORIZE_URL", &authorize),
    ]);
    // Browsers do not separate cookies by port.
    browser.client.delete_all_cookies().await.expect("a page");
    browser.go(&format!("{}/bind", site.url)).await;
    browser.click("[data-person=xiaohong]").await;
    check(browser, "[data-nothing-to-bind]").await;
    check_at(
        browser,
        &format!("{}/app", site.url),
        "[data-wechat=unchecked]",
    )
    .await;
}

#[ignore = "needs Chromium, redis-server and axe-core; run tests/run --weekly"]
#[tokio::test(flavor = "multi_thread")]
async fn axe_core_finds_nothing_at_two_instances() {
    let redis = Redis::start();
    let variables = [("REDIS_URL", &*redis.url())];
    let site = Site::run(&mut command("instances", &variables), true);
    for kind in [Kind::DESKTOP, Kind::PHONE] {
        let browser = Browser::start(kind).await;
        // Turn by turn.
        for _ in 0..2 {
            check_at(&browser, &site.url, "#instance").await;
        }
        browser.go(&format!("{}/admin", site.url)).await;
        browser.click(WANG).await;
        check(&browser, "form button").await;
        check_at(&browser, &site.url, "form button").await;
    }
}

#[ignore = "needs Chromium and axe-core; run tests/run --weekly"]
#[tokio::test(flavor = "multi_thread")]
async fn axe_core_finds_what_is_wrong_with_a_page() {
    let browser = Browser::start(Kind::DESKTOP).await;
    browser
        .go("data:text/html,<title>a</title><main><h1>a</h1><input></main>")
        .await;
    let findings = findings(&browser).await.to_string();
    for rule in ["html-has-lang", "label"] {
        assert!(findings.contains(rule), "{findings}");
    }
}
