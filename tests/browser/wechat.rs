//! WeChat users and the official account.

use crate::browser::Browser;
use crate::kind::Kind;
use crate::support::Site;
use crate::{WANG, assert_fits, start};

const XIAOMING: &str = "[data-person=xiaoming]";
const XIAOHONG: &str = "[data-person=xiaohong]";

/// Presses a button on the sandbox's control page, and waits until it is pressed.
pub(crate) async fn switch(site: &Site, chromium: &Browser, name: &str) {
    chromium.go(&control_page(site)).await;
    chromium.click(&format!("[data-switch='{name}']")).await;
    chromium
        .find(&format!("[data-switch='{name}'][aria-pressed=true]"))
        .await;
}

fn control_page(site: &Site) -> String {
    format!(
        "{}/sandbox/control",
        site.sandbox.as_deref().expect("it has a sandbox")
    )
}

/// The code that the sandbox shows in place of an SMS, read in another tab.
async fn sms(site: &Site, chromium: &Browser, mobile: &str) -> String {
    let tab = chromium.client.window().await.expect("a tab");
    let other = chromium
        .client
        .new_window(true)
        .await
        .expect("another tab")
        .handle;
    chromium
        .client
        .switch_to_window(other)
        .await
        .expect("the new tab");
    chromium.go(&control_page(site)).await;
    let code = chromium
        .find(&format!("[data-sms='{mobile}']"))
        .await
        .text()
        .await
        .expect("text");
    chromium.client.close_window().await.expect("a tab");
    chromium
        .client
        .switch_to_window(tab)
        .await
        .expect("the first tab");
    code
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn bound_user_reaches_the_requested_page() {
    let (site, chromium) = start(Kind::WECHAT).await;
    chromium
        .go(&format!("{}/app/deep/path?x=1", site.url))
        .await;
    chromium.see("这是谁的手机").await;
    chromium.picture("whose-phone").await;
    chromium.click(XIAOMING).await;
    chromium.find("[data-wechat=bound]").await;
    assert_eq!(chromium.address().await, "/app/deep/path?x=1");
    assert_eq!(
        chromium.find("[data-asked]").await.text().await.unwrap(),
        "/app/deep/path?x=1"
    );
    chromium.see("示例大学校园服务").await;

    chromium.go(&site.url).await;
    chromium.see("你好，微信用户").await;
    chromium.see("已绑定").await;
    chromium.picture("wechat").await;
    chromium.click("[data-app]").await;
    chromium.find("[data-asked]").await;
    chromium.click("[data-logout=wechat]").await;
    chromium.see("未登录").await;
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn unbound_user_binds_and_returns_bound() {
    let (site, chromium) = start(Kind::WECHAT).await;
    chromium.go(&format!("{}/app/deep?x=1", site.url)).await;
    chromium.click(XIAOHONG).await;
    chromium.see("绑定账号").await;
    assert_eq!(
        chromium.address().await,
        "/bind?return_to=%2Fapp%2Fdeep%3Fx%3D1"
    );
    let width = chromium
        .run("return document.documentElement.scrollWidth")
        .await;
    assert!(width.as_u64() <= Some(Kind::WECHAT.width.into()));

    chromium.fill("[name=mobile]", "13800000002").await;
    chromium.click(".send").await;
    chromium.see("验证码已发送").await;
    assert_eq!(
        chromium
            .find("[name=mobile]")
            .await
            .prop("value")
            .await
            .unwrap()
            .unwrap(),
        "13800000002"
    );
    let code = sms(&site, &chromium, "13800000002").await;
    chromium.fill("[name=sms]", &code).await;
    chromium.picture("bind").await;

    let wrong = if code == "000000" { "000001" } else { "000000" };
    // The Enter key submits the binding; it does not request another SMS.
    chromium.fill("[name=sms]", &format!("{wrong}\n")).await;
    chromium.see("短信验证码不正确").await;
    chromium.fill("[name=sms]", &code).await;
    chromium.click(".submit").await;
    chromium.click(XIAOHONG).await;
    chromium.find("[data-wechat=bound]").await;
    assert_eq!(chromium.address().await, "/app/deep?x=1");
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn manager_sees_the_official_account_in_its_three_states() {
    let (site, chromium) = start(Kind {
        height: 760,
        ..Kind::DESKTOP
    })
    .await;
    let url = format!("{}/account", site.url);
    chromium.go(&url).await;
    chromium.click(WANG).await;
    chromium.find("[data-account=authorized]").await;
    chromium.see("示例大学校园服务").await;
    chromium.see("是您学校的公众号").await;
    chromium.see("可以用于微信登录").await;
    chromium.picture("account").await;

    switch(&site, &chromium, "kesion:not-opened").await;
    reload_until(&chromium, &url, "[data-account=not-opened]").await;
    chromium.picture("account-not-opened").await;

    switch(&site, &chromium, "kesion:not-authorized").await;
    chromium.go(&url).await;
    chromium.find("[data-account=not-authorized]").await;
    chromium.picture("account-not-authorized").await;
    chromium.click("[data-authorize]").await;
    chromium.click("[data-switch='kesion:authorized']").await;
    chromium.see("公众号已授权").await;
    chromium.go(&url).await;
    chromium.find("[data-account=authorized]").await;
}

/// Reloads a page until the selector matches: the site caches a positive response of Kesion
/// briefly.
async fn reload_until(chromium: &Browser, url: &str, selector: &str) {
    let until = async {
        chromium.go(url).await;
        while !chromium.has(selector).await {
            chromium.go(url).await;
        }
    };
    tokio::time::timeout(crate::support::DEADLINE, until)
        .await
        .unwrap_or_else(|_| panic!("{selector} did not appear"));
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn other_browser_shows_a_qr_code_for_wechat() {
    let (site, chromium) = start(Kind {
        height: 640,
        ..Kind::DESKTOP
    })
    .await;
    chromium.go(&site.url).await;
    chromium.click("[data-wechat-login]").await;
    chromium.see("请在微信中打开").await;
    assert!(chromium.find("svg").await.is_displayed().await.unwrap());
    chromium.go(&format!("{}/app", site.url)).await;
    chromium.see("请在微信中打开").await;
    chromium.picture("open-in-wechat").await;
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn desktop_browser_imitates_wechat_and_stops() {
    let (site, chromium) = start(Kind {
        height: 1400,
        ..Kind::DESKTOP
    })
    .await;
    chromium.go(&site.url).await;
    chromium.click("[data-login]").await;
    chromium.click(WANG).await;
    chromium.see("手边没有手机").await;
    chromium.click("[data-pretend-switch]").await;
    chromium.see("正在模拟微信").await;
    chromium.click("[data-wechat-login]").await;
    chromium.click("[data-pretend]").await;
    chromium.click(XIAOMING).await;
    chromium.find("[data-wechat=bound]").await;
    assert!(chromium.has("[data-manager]").await, "both logins at once");
    assert_eq!(chromium.address().await, "/");
    chromium.picture("both").await;

    chromium.click("main [data-logout=wechat]").await;
    chromium.find("[data-wechat-login]").await;
    assert!(
        chromium.has("[data-manager]").await,
        "the manager login is kept"
    );
    chromium.click("[data-pretend-switch]").await;
    chromium.see("手边没有手机").await;
    chromium.go(&format!("{}/app", site.url)).await;
    chromium.see("请在微信中打开").await;
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn pages_of_wechat_users_fit_a_narrow_phone_in_dark_mode() {
    pages_fit(
        Kind {
            width: 320,
            height: 1100,
            is_dark: true,
            ..Kind::WECHAT
        },
        "dark-wechat",
    )
    .await;
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn pages_of_wechat_users_fit_a_phone_in_english() {
    pages_fit(
        Kind {
            languages: "en-US,en",
            ..Kind::WECHAT
        },
        "english-wechat",
    )
    .await;
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn pages_of_wechat_users_fit_wechat_on_a_desktop() {
    pages_fit(
        Kind {
            is_wechat: true,
            ..Kind::DESKTOP
        },
        "desktop-wechat",
    )
    .await;
}

async fn pages_fit(kind: Kind, name: &str) {
    let (site, chromium) = start(kind).await;
    chromium.go(&format!("{}/account", site.url)).await;
    chromium.click(WANG).await;
    chromium.find("[data-account=authorized]").await;
    assert_fits(&chromium, kind).await;
    chromium.picture(&format!("{name}-account")).await;

    chromium.go(&format!("{}/bind", site.url)).await;
    chromium.click(XIAOHONG).await;
    chromium.find("[data-bind]").await;
    assert_fits(&chromium, kind).await;
    chromium.fill("[name=mobile]", "123").await;
    chromium.click(".send").await;
    chromium.find("[data-notice=refused]").await;
    assert_fits(&chromium, kind).await;
    chromium.picture(&format!("{name}-bind")).await;

    chromium
        .go(&format!(
            "{}/auth/wechat/login?return_to=/app/deep",
            site.url
        ))
        .await;
    chromium.click(XIAOMING).await;
    chromium.find("[data-asked]").await;
    assert_fits(&chromium, kind).await;
    chromium.picture(&format!("{name}-app")).await;
    chromium.go(&site.url).await;
    chromium.find("[data-wechat=bound]").await;
    assert_fits(&chromium, kind).await;
    chromium.picture(&format!("{name}-home")).await;
}
