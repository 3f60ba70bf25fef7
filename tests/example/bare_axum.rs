//! The example `axum`.

use tower_weika_sandbox::Browser;

use crate::log_in;
use crate::support::{Site, command};

#[tokio::test(flavor = "multi_thread")]
async fn bare_axum_logs_managers_in_and_out() {
    let site = Site::run(&mut command("axum", &[]), true);
    let browser = Browser::new();
    let home = browser.get(&site.url).await.unwrap();
    assert!(
        home.text().contains("登录") && !home.text().contains("退出登录"),
        "{}",
        home.text()
    );
    let admin = format!("{}/admin", site.url);
    assert_eq!(browser.fetch(&admin).await.unwrap().status(), 401);

    let page = log_in(&browser, &admin, "wang").await;
    assert_eq!(
        (page.url(), page.text()),
        (admin.as_str(), "管理后台：王老师".into())
    );
    let page = log_in(&Browser::new(), &admin, "chen").await;
    assert_eq!(page.text(), "管理后台：陈晨🌸 &lt;Chen &amp; Co&gt;");

    let home = browser.get(&site.url).await.unwrap();
    assert!(home.text().contains("你好，王老师"), "{}", home.text());
    browser
        .post_from(&site.url, &format!("{}/auth/weika/logout", site.url), "")
        .await
        .unwrap();
    assert_eq!(browser.fetch(&admin).await.unwrap().status(), 401);
}
