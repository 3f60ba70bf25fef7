//! Upstream systems that are set by variables, all or some of them.

use serde_json::json;
use tower_weika_sandbox::{Browser, Sandbox};

use crate::support::Site;
use crate::{SECRET_BASE64, log_in, phone, site_at};

#[tokio::test(flavor = "multi_thread")]
async fn variables_for_all_systems_replace_the_sandbox() {
    let real = Sandbox::builder()
        .app("REAL-KEY", "real-secret")
        .start()
        .await
        .unwrap();
    let site = site_at(&real, &[("SESSION_SECRET", SECRET_BASE64)]);
    let browser = phone();
    let page = browser.get(&format!("{}/", site.url)).await.unwrap();
    assert!(!page.text().contains("data-sandbox"));
    assert_eq!(
        log_in(&browser, &format!("{}/account", site.url), "wang")
            .await
            .status(),
        200
    );
    let page = log_in(&browser, &format!("{}/app/deep", site.url), "xiaoming").await;
    assert_eq!(page.url(), format!("{}/app/deep", site.url));
    let page = log_in(&browser, &format!("{}/card/deep", site.url), "li").await;
    assert_eq!(page.url(), format!("{}/card/deep", site.url));
    let page = log_in(&phone(), &format!("{}/bind", site.url), "xiaohong").await;
    assert!(
        !page.text().contains("data-hint"),
        "no hint at a sandbox is shown"
    );
    let ready = browser.get(&format!("{}/readyz", site.url)).await.unwrap();
    assert_eq!(
        (
            ready.status().as_u16(),
            ready.json().unwrap()["token"]["status"].clone()
        ),
        (200, json!("fresh"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn kesion_names_the_account_if_no_variable_does() {
    let real = Sandbox::start().await.unwrap();
    let site = site_at(&real, &[("BINDING_APPID", "")]);
    let page = log_in(&phone(), &format!("{}/app/deep", site.url), "xiaoming").await;
    assert_eq!(page.url(), format!("{}/app/deep", site.url));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_system_is_imitated_independently() {
    let real = Sandbox::start().await.unwrap();
    for (unset, imitated) in [
        (
            &["WEIKA_APP_KEY", "WEIKA_APP_SECRET", "WEIKA_BASE_URL"][..],
            "微卡管理员登录",
        ),
        (
            &[
                "WEIKA_MEMBER_APP_KEY",
                "WEIKA_MEMBER_APP_SECRET",
                "WEIKA_MEMBER_OCODE",
                "WEIKA_MEMBER_BASE_URL",
            ],
            "微卡成员登录",
        ),
        (
            &["WECHAT_AUTHORIZE_URL", "BINDING_BASE_URL", "BINDING_APPID"],
            "微信与绑定服务",
        ),
        (&["KESION_BASE_URL", "KESION_APPTOKEN"], "科汛"),
    ] {
        let unset: Vec<_> = unset.iter().map(|name| (*name, "")).collect();
        let site: Site = site_at(&real, &unset);
        let home = Browser::new()
            .get(&format!("{}/", site.url))
            .await
            .unwrap()
            .text();
        assert!(
            home.contains(&format!("内置沙箱模拟：{imitated} <a")),
            "{imitated}: {home}"
        );
        let browser = phone();
        assert_eq!(
            log_in(&browser, &format!("{}/account", site.url), "wang")
                .await
                .status(),
            200,
            "{imitated}"
        );
        let page = log_in(&browser, &format!("{}/app/deep", site.url), "xiaoming").await;
        assert_eq!(page.url(), format!("{}/app/deep", site.url), "{imitated}");
        let page = log_in(&browser, &format!("{}/card/deep", site.url), "li").await;
        assert_eq!(page.url(), format!("{}/card/deep", site.url), "{imitated}");
    }
}
