//! The page on which users see their devices.

use crate::browser::Browser;
use crate::kind::Kind;
use crate::support::Site;
use crate::{WANG, assert_fits, start};

/// Browsers with long names, and one that is not known.
const OTHERS: [&str; 3] = [
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/134.0 SamsungBrowser/28.0 Mobile",
    "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 Chrome/114.0 HuaweiBrowser/5.1.9.301",
    "curl/8.5.0",
];

/// Logs in as the manager `wang`, and opens the page in this language.
async fn open(site: &Site, browser: &Browser, language: &str) {
    let login = format!("{}/auth/weika/login?return_to=/devices", site.url);
    browser.go(&login).await;
    browser.click(WANG).await;
    browser.find("[data-device]").await;
    show(site, browser, language).await;
}

async fn show(site: &Site, browser: &Browser, language: &str) {
    browser
        .go(&format!("{}/devices?lang={language}", site.url))
        .await;
    browser.find("[data-device]").await;
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn user_logs_a_phone_out_at_a_desk() {
    let (desk, phone) = (
        Kind {
            height: 840,
            ..Kind::DESKTOP
        },
        Kind {
            height: 900,
            ..Kind::WECHAT
        },
    );
    let site = Site::start(&[]);
    let computer = Browser::start(desk).await;
    let mobile = Browser::start(phone).await;
    open(&site, &computer, "zh").await;
    computer.see("没有其他设备登录").await;
    open(&site, &mobile, "zh").await;
    for (browser, kind, name) in [
        (&computer, desk, "devices"),
        (&mobile, phone, "devices-phone"),
    ] {
        for (language, see, picture) in [
            ("en", "This device", format!("{name}-english")),
            ("zh", "本设备", name.to_owned()),
        ] {
            show(&site, browser, language).await;
            browser.see(see).await;
            assert_fits(browser, kind).await;
            browser.picture(&picture).await;
        }
    }

    computer.click("[data-revoke]").await;
    computer.see("该设备已退出登录").await;
    computer.see("没有其他设备登录").await;
    computer.picture("devices-revoked").await;
    assert_eq!(computer.address().await, "/devices?lang=zh");
    mobile.go(&site.url).await;
    mobile.see("未登录").await;

    open(&site, &mobile, "en").await;
    mobile.click("[data-revoke-others]").await;
    mobile.see("All other devices have been logged out").await;
    computer.go(&site.url).await;
    computer.see("未登录").await;
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn lists_of_several_logins_fit_a_narrow_phone_in_dark_mode() {
    several_logins_fit(
        Kind {
            width: 320,
            height: 1800,
            is_dark: true,
            ..Kind::WECHAT
        },
        "dark-devices-phone",
    )
    .await;
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn lists_of_several_logins_fit_a_desk_in_dark_mode() {
    several_logins_fit(
        Kind {
            height: 1100,
            is_dark: true,
            ..Kind::DESKTOP
        },
        "dark-devices",
    )
    .await;
}

async fn several_logins_fit(kind: Kind, name: &str) {
    let (site, browser) = start(kind).await;
    // The other devices need no window.
    for user_agent in OTHERS {
        let browser = tower_weika_sandbox::Browser::new().user_agent(user_agent);
        for path in ["admin", "card"] {
            let page = browser.get(&format!("{}/{path}", site.url)).await;
            let page = page.expect("the site responds");
            let approved = browser.click(&page, "data-person=\"wang\"").await;
            assert_eq!(approved.expect("the sandbox responds").status(), 200);
        }
    }
    browser.go(&format!("{}/card", site.url)).await;
    browser.click(WANG).await;
    browser.find("[data-member]").await;
    open(&site, &browser, "zh").await;
    for language in ["en", "zh"] {
        show(&site, &browser, language).await;
        browser.picture(&format!("{name}-{language}")).await;
        assert_fits(&browser, kind).await;
    }
}
