//! The example `hyper`.

use tower_weika_sandbox::Browser;

use crate::log_in;
use crate::support::{Site, command};

#[tokio::test(flavor = "multi_thread")]
async fn bare_hyper_logs_managers_in_too() {
    let site = Site::run(&mut command("hyper", &[]), true);
    let browser = Browser::new();
    let home = browser.get(&site.url).await.unwrap();
    assert!(home.text().contains("未登录"));
    for path in ["/admin", "/admin/deep", "/admin%2fdeep", "//admin"] {
        assert_eq!(
            browser
                .fetch(&format!("{}{path}", site.url))
                .await
                .unwrap()
                .status(),
            401,
            "{path}"
        );
    }
    let page = log_in(&browser, &format!("{}/admin/deep?x=1", site.url), "wang").await;
    assert_eq!(page.url(), format!("{}/admin/deep?x=1", site.url));
    assert_eq!(page.text(), "管理后台：王老师");
}
