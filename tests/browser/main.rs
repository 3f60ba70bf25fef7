//! The example in real browsers, with assertions on visible text. The [`flows`] run in four
//! engines, the other tests in Chromium.
//!
//! Needs Chromium, WebKitGTK, nginx and OpenSSL for TLS, and Redis: `tests/run` installs them and
//! runs these tests, which `cargo test` skips. `tests/run --weekly` adds Firefox and WPE WebKit.
//! `UPDATE_SCREENSHOTS=1` renews the screenshots of the README, otherwise all screenshots go to
//! `target/tmp/screenshots`.

mod axe_core;
mod browser;
mod devices;
mod driver;
mod engine;
mod flows;
mod generated_pages;
mod instances;
mod kind;
mod member;
mod narrow_window;
#[path = "../support/nginx.rs"]
mod nginx;
#[path = "../support/programs.rs"]
mod programs;
#[expect(dead_code, reason = "only started here")]
#[path = "../support/redis_server/mod.rs"]
mod redis_server;
mod stage;
#[path = "../support/mod.rs"]
mod support;
mod tls;
mod wechat;
use browser::Browser;
use kind::Kind;
use support::Site;

const WANG: &str = "[data-person=wang]";

async fn start(kind: Kind) -> (Site, Browser) {
    (Site::start(&[]), Browser::start(kind).await)
}

/// Logs in at the home page as the manager `wang`.
async fn log_in(site: &Site, chromium: &Browser) {
    chromium.go(&site.url).await;
    chromium.click("[data-login]").await;
    chromium.click(WANG).await;
    chromium.find("[data-manager]").await;
}

/// Asserts that the page is not wider than the screen, and that its style sheet was loaded.
async fn assert_fits(chromium: &Browser, kind: Kind) {
    // Not `innerWidth`: a phone zooms out of a page that is too wide, which increases `innerWidth`
    // too.
    let width = chromium
        .run("return document.documentElement.scrollWidth")
        .await;
    let address = chromium.address().await;
    assert!(
        width.as_u64() <= Some(kind.width.into()),
        "{address} is {width} wide on a screen of {}",
        kind.width
    );
    let sheets = chromium
        .run("return [...document.styleSheets].filter(sheet => sheet.cssRules.length).length")
        .await;
    assert_eq!(sheets, 1, "{address} has its style");
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn visitor_logs_in_and_returns_to_the_home_page() {
    let (site, chromium) = start(Kind {
        height: 920,
        ..Kind::DESKTOP
    })
    .await;
    chromium.go(&site.url).await;
    chromium.see("未登录").await;
    chromium.picture("anonymous").await;

    chromium.click("[data-login]").await;
    chromium.see("选择管理员身份").await;
    assert!(
        chromium
            .client
            .current_url()
            .await
            .unwrap()
            .as_str()
            .starts_with(site.sandbox.as_deref().unwrap())
    );
    chromium.picture("choose").await;
    chromium.click(WANG).await;

    chromium.see("你好，王老师").await;
    chromium.see("示例大学").await;
    chromium.see("已实名").await;
    assert_eq!(chromium.address().await, "/");
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn login_returns_to_exactly_the_requested_page() {
    let (site, chromium) = start(Kind {
        height: 860,
        ..Kind::DESKTOP
    })
    .await;
    chromium
        .go(&format!("{}/admin/deep/path?x=1", site.url))
        .await;
    chromium.click(WANG).await;
    chromium.see("管理后台").await;
    assert_eq!(chromium.address().await, "/admin/deep/path?x=1");
    assert_eq!(
        chromium.find("[data-asked]").await.text().await.unwrap(),
        "/admin/deep/path?x=1"
    );

    chromium.go(&format!("{}/admin", site.url)).await;
    chromium.see("可管理的学校").await;
    chromium.picture("admin").await;
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn declined_login_is_a_page_with_a_link_back() {
    let (site, chromium) = start(Kind {
        height: 560,
        ..Kind::DESKTOP
    })
    .await;
    chromium.go(&format!("{}/admin/deep", site.url)).await;
    chromium.click("[data-decline]").await;
    chromium.see("登录已取消").await;
    chromium.picture("declined").await;

    chromium.click("main a").await;
    chromium.click(WANG).await;
    chromium.find("[data-manager]").await;
    assert_eq!(chromium.address().await, "/admin/deep");
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn after_a_logout_the_browser_is_anonymous() {
    let (site, chromium) = start(Kind {
        height: 1320,
        ..Kind::DESKTOP
    })
    .await;
    log_in(&site, &chromium).await;
    chromium.picture("home").await;
    chromium.go(&format!("{}/admin", site.url)).await;
    chromium.see("本次登录").await;

    chromium.click(".top form button").await;
    chromium.see("未登录").await;
    assert_eq!(chromium.address().await, "/");
    chromium.client.back().await.unwrap();
    chromium.see("选择管理员身份").await;
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn every_page_fits_a_phone() {
    every_page_fits(Kind::PHONE, "phone").await;
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn every_page_fits_a_narrow_phone_in_dark_mode() {
    every_page_fits(
        Kind {
            width: 320,
            height: 1200,
            is_dark: true,
            ..Kind::PHONE
        },
        "dark-phone",
    )
    .await;
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn every_page_fits_a_desktop_in_dark_mode() {
    every_page_fits(
        Kind {
            is_dark: true,
            ..Kind::DESKTOP
        },
        "dark-desktop",
    )
    .await;
}

async fn every_page_fits(kind: Kind, name: &str) {
    let (site, chromium) = start(kind).await;
    chromium.go(&site.url).await;
    assert_fits(&chromium, kind).await;
    chromium.picture(&format!("{name}-anonymous")).await;
    chromium.click("[data-login]").await;
    chromium.see("选择管理员身份").await;
    assert_fits(&chromium, kind).await;
    chromium.picture(&format!("{name}-choose")).await;
    chromium.click("[data-decline]").await;
    chromium.see("登录已取消").await;
    assert_fits(&chromium, kind).await;
    chromium.picture(&format!("{name}-declined")).await;

    log_in(&site, &chromium).await;
    chromium.see("你好，王老师").await;
    assert_fits(&chromium, kind).await;
    chromium.picture(name).await;
    for (path, picture) in [
        ("/admin", "admin"),
        ("/admin/settings", "settings"),
        ("/nowhere", "nowhere"),
    ] {
        chromium.go(&format!("{}{path}", site.url)).await;
        assert_fits(&chromium, kind).await;
        chromium.picture(&format!("{name}-{picture}")).await;
    }
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn pages_are_in_english_if_the_browser_prefers_it() {
    let (site, chromium) = start(Kind {
        languages: "en-US,en",
        ..Kind::DESKTOP
    })
    .await;
    chromium.go(&site.url).await;
    chromium.see("Not logged in").await;
    chromium.click("[data-login]").await;
    chromium.click("[data-decline]").await;
    chromium.see("Login cancelled").await;
    log_in(&site, &chromium).await;
    chromium.see("Hello, 王老师").await;
    chromium.picture("english").await;
    chromium.click("[hreflang=zh-CN]").await;
    chromium.see("你好，王老师").await;
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn chosen_language_is_kept_through_the_login() {
    let (site, chromium) = start(Kind::DESKTOP).await;
    chromium.go(&site.url).await;
    chromium.click("[hreflang=en]").await;
    chromium.click("[data-login]").await;
    chromium.click(WANG).await;
    chromium.see("Hello, 王老师").await;
    chromium.click(".hero .button").await;
    chromium.see("Back office").await;
    chromium.click(".top form button").await;
    chromium.see("Not logged in").await;
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn manager_with_another_role_gets_a_forbidden_page() {
    let (site, chromium) = start(Kind::DESKTOP).await;
    chromium.go(&format!("{}/admin/settings", site.url)).await;
    chromium.click("[data-person=li]").await;
    chromium.see("没有权限").await;
    chromium.picture("forbidden").await;
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn name_with_markup_is_escaped() {
    let (site, chromium) = start(Kind::DESKTOP).await;
    chromium.go(&format!("{}/admin", site.url)).await;
    chromium.click("[data-person=chen]").await;
    let name = chromium.find(".card strong").await.text().await.unwrap();
    assert_eq!(name, "陈晨🌸 <Chen & Co>");
    assert!(
        !chromium.has("chen").await,
        "the name is parsed as an element"
    );
    chromium.picture("chen").await;
}
