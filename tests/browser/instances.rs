//! Two instances behind a balancer: they look like one site in the browser.

use crate::browser::Browser;
use crate::kind::Kind;
use crate::redis_server::Redis;
use crate::support::{Site, command};
use crate::{WANG, assert_fits};

/// Reloads the page until each instance has responded once.
async fn see_both(chromium: &Browser, url: &str, who: &str) {
    for name in ["实例 A", "实例 B"] {
        loop {
            chromium.go(url).await;
            chromium.see(who).await;
            if chromium
                .find("#instance")
                .await
                .text()
                .await
                .expect("the page names the instance")
                == name
            {
                break;
            }
        }
    }
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn login_and_logout_take_effect_at_both_instances() {
    let redis = Redis::start();
    let site = Site::run(
        &mut command("instances", &[("REDIS_URL", &redis.url())]),
        true,
    );
    let kind = Kind {
        height: 640,
        ..Kind::PHONE
    };
    let chromium = Browser::start(kind).await;
    see_both(&chromium, &site.url, "未登录").await;
    chromium.go(&format!("{}/admin", site.url)).await;
    chromium.click(WANG).await;
    chromium.see("王老师").await;
    assert_eq!(chromium.address().await, "/admin");
    see_both(&chromium, &site.url, "王老师").await;
    chromium.picture("instances").await;
    assert_fits(&chromium, kind).await;
    chromium.click("form button").await;
    chromium.see("未登录").await;
    see_both(&chromium, &site.url, "未登录").await;
}
