//! Pages in the narrowest window of each engine.

use crate::browser::Browser;
use crate::engine::Engine;
use crate::generated_pages::{generated_pages, serve};
use crate::kind::{Kind, phone, wechat};
use crate::stage::{Stage, XIAOHONG, XIAOMING};
use crate::{WANG, assert_fits};

/// The width of the window that was asked for, or the narrowest one of the engine.
async fn narrowest(browser: &Browser, kind: Kind) -> Kind {
    let narrowest = match kind.engine {
        Engine::Wpe => 800,
        Engine::Firefox => 500,
        Engine::Chromium | Engine::WebKitGtk => kind.width,
    };
    // A scroll bar may take some of it.
    let width = browser
        .run("return document.documentElement.clientWidth")
        .await;
    assert!(width.as_u64() <= Some(narrowest.into()), "{width}");
    Kind {
        width: narrowest,
        ..kind
    }
}

pub(crate) async fn pages_fit_the_narrowest_window(engine: Engine) {
    let stage = Stage::over_http(phone(engine)).await;
    let browser = &stage.browser;
    stage.open("/").await;
    let kind = narrowest(browser, phone(engine)).await;
    assert_fits(browser, kind).await;
    browser.click("[data-login]").await;
    stage.see_login().await;
    assert_fits(browser, kind).await;
    browser.click("[data-decline]").await;
    browser.see("Login cancelled").await;
    assert_fits(browser, kind).await;
    browser.click("main a").await;
    stage.log_in(WANG, "[data-manager]").await;
    for path in [
        "/",
        "/admin",
        "/admin/settings",
        "/account",
        "/devices",
        "/nowhere",
        "/app",
    ] {
        stage.open(path).await;
        assert_fits(browser, kind).await;
    }
    stage.open("/card").await;
    browser.click(WANG).await;
    browser.find("[data-member]").await;
    assert_fits(browser, kind).await;
}

pub(crate) async fn pages_of_wechat_users_fit_the_narrowest_window(engine: Engine) {
    let stage = Stage::over_http(wechat(engine)).await;
    let browser = &stage.browser;
    stage.open("/app").await;
    browser.find(XIAOHONG).await;
    let kind = narrowest(browser, wechat(engine)).await;
    assert_fits(browser, kind).await;
    browser.click(XIAOHONG).await;
    browser.find("[data-bind]").await;
    assert_fits(browser, kind).await;
    browser.fill("[name=mobile]", "123").await;
    browser.click(".send").await;
    browser.find("[data-notice=refused]").await;
    assert_fits(browser, kind).await;
    stage
        .open("/auth/wechat/login?return_to=/app/timetable/today")
        .await;
    browser.click(XIAOMING).await;
    browser.find("[data-wechat=bound]").await;
    for path in ["/", "/app", "/devices"] {
        stage.open(path).await;
        browser.find("main").await;
        assert_fits(browser, kind).await;
    }
}

pub(crate) async fn generated_pages_fit_the_narrowest_window(engine: Engine) {
    let browser = Browser::start(phone(engine)).await;
    let mut width = None;
    for languages in ["en", "zh"] {
        for (url, _) in serve(generated_pages(languages).await).await {
            browser.go(&url).await;
            browser.find("main h1").await;
            let kind = match width {
                Some(kind) => kind,
                None => *width.insert(narrowest(&browser, phone(engine)).await),
            };
            assert_fits(&browser, kind).await;
        }
    }
}
