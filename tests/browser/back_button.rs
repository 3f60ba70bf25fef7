//! The back button after a logout (rule S5).
//!
//! The site is on `localhost` and the sandbox on `127.0.0.1`, so that the login leads through
//! another site, as in production: Chromium's back/forward cache depends on it.

use crate::chromium::{Chromium, Kind};
use crate::redis_server::free_port;
use crate::support::Site;
use crate::tls;

const WANG: &str = "[data-person=wang]";

/// Opens a guarded page, logs out there, and goes back. Does so twice: the second logout replaces
/// the marker of the first one.
async fn assert_back_shows_no_guarded_page(origin: &str, site: &Site, chromium: &Chromium) {
    for _ in 0..2 {
        chromium.go(&format!("{origin}/admin")).await;
        chromium.click(WANG).await;
        chromium.see("管理后台").await;
        chromium.see("王老师").await;
        // A page that is restored from the back/forward cache keeps its variables.
        chromium.run("window.isGuardedPage = true").await;

        chromium.click(".top form button").await;
        chromium.see("未登录").await;
        assert_eq!(chromium.address().await, "/");
        chromium.client.back().await.expect("a page before");

        // The page was requested again, and the guard redirected to the login.
        chromium.see("选择管理员身份").await;
        let url = chromium.client.current_url().await.expect("a page");
        assert!(
            url.as_str()
                .starts_with(site.sandbox.as_deref().expect("a sandbox")),
            "{url}"
        );
        assert_eq!(
            chromium
                .run("return window.isGuardedPage === undefined")
                .await,
            true
        );
    }
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn s5_back_after_a_logout_shows_no_guarded_page_over_http() {
    let port = free_port();
    let origin = format!("http://localhost:{port}");
    let site = Site::start(&[
        ("LISTEN", &format!("127.0.0.1:{port}")),
        ("PUBLIC_URL", &origin),
    ]);
    let chromium = Chromium::start(Kind::DESKTOP).await;
    assert_back_shows_no_guarded_page(&origin, &site, &chromium).await;
}

#[ignore = "needs Chromium; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn s5_back_after_a_logout_shows_no_guarded_page_over_tls() {
    let port = free_port();
    let origin = format!("https://localhost:{port}");
    let site = Site::start(&[("PUBLIC_URL", &origin), ("ALLOW_SANDBOX", "1")]);
    let _nginx = tls::start(port, &site.url);
    let chromium = Chromium::start(Kind {
        accepts_any_certificate: true,
        ..Kind::DESKTOP
    })
    .await;
    assert_back_shows_no_guarded_page(&origin, &site, &chromium).await;
}
