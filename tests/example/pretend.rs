//! The switch with which a desktop browser imitates WeChat.

use tower_weika_sandbox::{Browser, Sandbox};

use crate::support::Site;
use crate::{log_in, phone, site_at, switch};

#[tokio::test(flavor = "multi_thread")]
async fn desktop_browser_can_imitate_wechat() {
    let site = Site::start(&[]);
    let (home, pretend) = (format!("{}/", site.url), format!("{}/pretend", site.url));
    let browser = Browser::new();
    assert!(
        browser
            .get(&home)
            .await
            .unwrap()
            .text()
            .contains("模拟微信浏览器")
    );
    let foreign = browser
        .post_from("https://evil.example/", &pretend, "on=1")
        .await
        .unwrap();
    assert_eq!(foreign.status(), 403);

    let page = browser.post_from(&home, &pretend, "on=1").await.unwrap();
    assert!(page.url() == home && page.text().contains("停止模拟"));
    // The sandbox's WeChat is another site, and sees the real user agent.
    let page = browser
        .get(&format!("{}/app/deep?x=1", site.url))
        .await
        .unwrap();
    let page = browser.click(&page, "data-pretend").await.unwrap();
    let page = browser
        .click(&page, "data-person=\"xiaoming\"")
        .await
        .unwrap();
    assert_eq!(
        (page.status().as_u16(), page.url()),
        (200, format!("{}/app/deep?x=1", site.url).as_str())
    );

    let page = browser.post_from(&home, &pretend, "").await.unwrap();
    assert!(page.url() == home && page.text().contains("模拟微信浏览器"));
    let page = browser
        .without_cookies()
        .get(&format!("{}/app", site.url))
        .await
        .unwrap();
    assert!(page.text().contains("请在微信中打开"));
}

#[tokio::test(flavor = "multi_thread")]
async fn wechat_gets_no_switch() {
    let site = Site::start(&[]);
    switch(&site, "person:xiaoming").await;
    let page = phone().get(&format!("{}/", site.url)).await.unwrap();
    assert!(!page.text().contains("data-pretend-switch"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_browser_can_imitate_wechat_at_the_real_wechat() {
    let sandbox = Sandbox::start().await.unwrap();
    let site = site_at(&sandbox, &[]);
    let home = format!("{}/", site.url);
    let browser = Browser::new();
    assert!(
        !browser
            .get(&home)
            .await
            .unwrap()
            .text()
            .contains("data-pretend-switch")
    );
    assert_eq!(
        browser
            .post_from(&home, &format!("{}/pretend", site.url), "on=1")
            .await
            .unwrap()
            .status(),
        404
    );
    browser.plant_cookie(&home, "pretend-wechat=1").unwrap();
    let page = browser.get(&format!("{}/app", site.url)).await.unwrap();
    assert!(page.text().contains("请在微信中打开"));
    log_in(&phone(), &format!("{}/app", site.url), "xiaoming").await;
}
