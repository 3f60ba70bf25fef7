//! Members of the school, at a desk and in WeChat.

use crate::browser::Browser;
use crate::kind::Kind;
use crate::support::Site;
use crate::{WANG, assert_fits, start};

/// Opens the campus card, logs in as `wang`, and returns to the home page.
async fn walk(site: &Site, chromium: &Browser, kind: Kind, query: &str, name: &str) {
    chromium.go(&format!("{}/card{query}", site.url)).await;
    chromium.picture(&format!("{name}-choose")).await;
    chromium.click(WANG).await;
    chromium.find("[data-member]").await;
    assert_eq!(chromium.address().await, format!("/card{query}"));
    assert_fits(chromium, kind).await;
    chromium.picture(&format!("{name}-card")).await;
    chromium.go(&format!("{}/{query}", site.url)).await;
    chromium.find("[data-member]").await;
    assert_fits(chromium, kind).await;
    chromium.picture(&format!("{name}-home")).await;
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn member_logs_in_with_a_qr_code_at_a_desk() {
    let kind = Kind {
        height: 1250,
        ..Kind::DESKTOP
    };
    let (site, chromium) = start(kind).await;
    walk(&site, &chromium, kind, "?lang=en", "member-desk").await;
    chromium.see("Hello, 王小明").await;
    chromium.click("[data-login]").await;
    chromium.click(WANG).await;
    chromium.find("[data-manager]").await;
    chromium.picture("member-and-manager").await;
    chromium.click("[data-logout=weika-member]").await;
    chromium.see("Log in with a campus card").await;
    assert!(chromium.has("[data-manager]").await);
    assert!(!chromium.has("[data-member]").await);
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn member_logs_in_without_a_qr_code_in_wechat() {
    let kind = Kind {
        height: 1500,
        ..Kind::WECHAT
    };
    let (site, chromium) = start(kind).await;
    chromium.go(&format!("{}/card", site.url)).await;
    assert!(!chromium.has("[data-qr]").await);
    walk(&site, &chromium, kind, "", "member-phone").await;
    chromium.see("你好，王小明").await;
    chromium.see("*******01").await;
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn visitor_with_all_three_logins_has_a_page_that_fits_a_phone() {
    let kind = Kind {
        width: 360,
        height: 2100,
        ..Kind::WECHAT
    };
    let (site, chromium) = start(kind).await;
    walk(&site, &chromium, kind, "?lang=en", "member-narrow").await;
    for (login, person) in [("weika", "wang"), ("wechat", "xiaoming")] {
        let url = format!("{}/auth/{login}/login?return_to=/%3Flang=en", site.url);
        chromium.go(&url).await;
        chromium.click(&format!("[data-person={person}]")).await;
    }
    chromium.find("[data-wechat=bound]").await;
    assert!(chromium.has("[data-manager]").await && chromium.has("[data-member]").await);
    assert_fits(&chromium, kind).await;
    chromium.picture("three-logins").await;
}
