//! WeChat users with the application's own secret, instead of the binding service.

use serde_json::json;
use tower_weika_sandbox::{Endpoint, Sandbox, WechatPerson};

use crate::support::Site;
use crate::{log_in, phone, site_at};

/// A site that uses a sandbox of the test for everything, and WeChat with the secret.
pub(crate) fn site(sandbox: &Sandbox) -> Site {
    site_at(
        sandbox,
        &[
            ("BINDING_BASE_URL", ""),
            ("BINDING_APPID", ""),
            ("WECHAT_APPID", sandbox.app_id()),
            ("WECHAT_SECRET", sandbox.wechat_secret()),
            ("WECHAT_API_BASE_URL", &sandbox.base_url()),
        ],
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wechat_user_reaches_the_app_and_me_says_that_no_binding_is_known() {
    let sandbox = Sandbox::start().await.unwrap();
    let site = site(&sandbox);
    assert_eq!(site.sandbox, None);
    // `xiaohong` has no linked account at the binding service.
    let browser = phone();
    let url = format!("{}/app/deep?x=1", site.url);
    let page = log_in(&browser, &url, "xiaohong").await;
    assert_eq!((page.status().as_u16(), page.url()), (200, url.as_str()));
    assert!(
        page.text().contains("data-wechat=\"unchecked\"")
            && page.text().contains("已登录的微信用户")
            && !page.text().contains("已绑定账号"),
        "{}",
        page.text()
    );
    let me = browser.fetch(&format!("{}/api/me", site.url)).await;
    let expected = json!({
        "open_id": "oFollowerXiaohong00000000001",
        "app_id": sandbox.app_id(),
        "bound": null,
        "expires_in": null,
    });
    assert_eq!(
        me.unwrap().json(),
        Some(json!({ "manager": null, "member": null, "wechat": expected }))
    );
    let call_log = sandbox.call_log();
    assert_eq!(call_log.count(Endpoint::WechatSnsToken), 1);
    assert_eq!(call_log.count(Endpoint::OpenId), 0);
    let log = site.stderr.lock().unwrap();
    assert!(!log.contains(sandbox.wechat_secret()), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bind_page_says_that_there_is_nothing_to_bind() {
    let sandbox = Sandbox::start().await.unwrap();
    let site = site(&sandbox);
    let browser = phone();
    let url = format!("{}/bind?return_to=/app/deep", site.url);
    let page = log_in(&browser, &url, "xiaohong").await;
    assert_eq!((page.status().as_u16(), page.path()), (200, "/bind"));
    let text = page.text();
    assert!(text.contains("data-nothing-to-bind") && !text.contains("data-bind"));
    let onward = page.link("class=\"button\"").unwrap();
    assert_eq!(onward, format!("{}/app/deep", site.url));
    let form = browser
        .post_from(&url, &url, "mobile=13800000002&sms=123456&action=bind")
        .await
        .unwrap();
    assert_eq!((form.status().as_u16(), form.path()), (200, "/app/deep"));
    let home = browser.get(&format!("{}/", site.url)).await.unwrap();
    let app = home.link("data-app").unwrap();
    assert_eq!(app, format!("{}/app", site.url));
}

#[tokio::test(flavor = "multi_thread")]
async fn user_of_a_snapshot_reads_what_to_do_and_gets_no_session() {
    let sandbox = Sandbox::builder()
        .wechat_person(WechatPerson::new("snapshot", "snapshot").snapshot())
        .start()
        .await
        .unwrap();
    let site = site(&sandbox);
    let browser = phone();
    let page = log_in(&browser, &format!("{}/app", site.url), "snapshot").await;
    assert_eq!(page.status(), 403);
    assert!(page.text().contains("使用完整服务"), "{}", page.text());
    let me = browser.fetch(&format!("{}/api/me", site.url)).await;
    assert_eq!(me.unwrap().status(), 401);
}
