//! Members of the school: access, the page, and how their login gets along with the others.

use serde_json::json;
use tower_weika_sandbox::{Browser, Sandbox};

use crate::support::Site;
use crate::{log_in, phone, site_at};

#[tokio::test(flavor = "multi_thread")]
async fn member_reaches_exactly_the_requested_page() {
    let site = Site::start(&[]);
    for browser in [Browser::new(), phone()] {
        for path in [
            "/card",
            "/card/",
            "/card/deep?x=1",
            "/card/%E4%B8%AD?q=%22%3Cb%3E",
        ] {
            let browser = browser.without_cookies();
            let page = log_in(&browser, &format!("{}{path}", site.url), "li").await;
            assert_eq!(page.url(), format!("{}{path}", site.url));
            assert_eq!(page.status(), 200, "{path}");
            assert_eq!(page.header("cache-control"), Some("private, no-store"));
            let text = page.text();
            assert!(
                text.contains("data-member=\"1000000001\"")
                    && text.contains("&lt;Li &amp; Co&gt;")
                    && !text.contains("<b>\""),
                "{path}: {text}"
            );
            // The name of the type comes from the school's list.
            assert!(text.contains("<dd>学生</dd>"), "{path}: {text}");
            assert!(
                text.contains("********42") && !text.contains("2021000042"),
                "{path}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn anonymous_browser_is_redirected_to_the_page_of_its_kind_and_a_script_gets_the_login_url() {
    let site = Site::start(&[]);
    for (browser, page) in [(phone(), "authorize"), (Browser::new(), "pc-authorize")] {
        let url = format!("{}/card/deep?x=1", site.url);
        let sent = browser.get_no_follow(&url).await.unwrap();
        assert_eq!(sent.status(), 303);
        let start = format!("{}/connect/oauth/{page}?", site.sandbox.as_deref().unwrap());
        assert!(sent.location().unwrap().starts_with(&start), "{sent:?}");
        let response = browser.fetch(&url).await.unwrap();
        assert_eq!(response.status(), 401);
        assert_eq!(
            response.json(),
            Some(json!({ "error": "login_required", "login_url": "/auth/weika-member/login" }))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_identity_reaches_its_own_pages_only() {
    let site = Site::start(&[]);
    for (page, person, others) in [
        ("/admin", "wang", ["/card", "/app"]),
        ("/card", "wang", ["/admin", "/app"]),
        ("/app", "xiaoming", ["/admin", "/card"]),
    ] {
        let browser = phone();
        let visit = log_in(&browser, &format!("{}{page}", site.url), person).await;
        assert_eq!(visit.status(), 200, "{page}");
        for other in others {
            let response = browser.fetch(&format!("{}{other}", site.url)).await;
            assert_eq!(response.unwrap().status(), 401, "{page} {other}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn member_without_a_name_has_a_page() {
    let site = Site::start(&[]);
    let url = format!("{}/card?lang=en", site.url);
    let page = log_in(&Browser::new(), &url, "bare").await;
    assert_eq!(page.status(), 200);
    assert!(
        page.text().contains("<strong>Unnamed</strong>") && page.text().contains("******90"),
        "{}",
        page.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn page_is_complete_without_the_list_of_the_school() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.set_member_app_enabled(false);
    let site = site_at(&sandbox, &[]);
    let page = log_in(&Browser::new(), &format!("{}/card", site.url), "li").await;
    assert_eq!(page.status(), 200);
    assert!(page.text().contains("<dd>—</dd>"), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn logout_and_home_page_know_the_member() {
    let site = Site::start(&[]);
    let home = format!("{}/", site.url);
    let browser = phone();
    let page = browser.get(&format!("{home}?lang=en")).await.unwrap();
    assert!(page.text().contains("data-member-login"));
    for (path, person) in [("/admin", "wang"), ("/card", "wang")] {
        log_in(&browser, &format!("{}{path}", site.url), person).await;
    }
    let top = async |path: &str| {
        let page = browser.get(&format!("{}{path}", site.url)).await.unwrap();
        let text = page.text();
        let (top, rest) = text.split_once("</header>").unwrap();
        assert_eq!(top.matches("data-logout").count(), 1, "{path}");
        (top.to_owned(), rest.to_owned())
    };
    let (above, below) = top("/").await;
    assert!(above.contains("data-logout=\"weika\">退出管理员<"));
    assert!(below.contains("data-logout=\"weika-member\">退出校园卡<"));
    assert!(below.contains("data-manager=") && below.contains("data-member="));
    for path in ["/card", "/card/deep"] {
        assert!(top(path).await.0.contains("data-logout=\"weika-member\">"));
    }
    assert!(top("/cards").await.0.contains("data-logout=\"weika\">"));

    let logout = format!("{}/auth/weika-member/logout", site.url);
    let foreign = browser
        .post_from("https://evil.example/", &logout, "")
        .await;
    assert_eq!(foreign.unwrap().status(), 403);
    let page = browser.post_from(&home, &logout, "").await.unwrap();
    assert_eq!(page.url(), home);
    assert!(page.text().contains("data-manager=") && !page.text().contains("data-member="));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_login_returns_to_an_endpoint_of_another() {
    let site = Site::start(&[]);
    for (login, person) in [("weika", "wang"), ("weika-member", "wang")] {
        for target in [
            "/auth/weika/logout",
            "/auth/weika-member/login",
            "/auth/weika-member/callback",
            "/auth/wechat/login",
        ] {
            let url = format!("{}/auth/{login}/login?return_to={target}", site.url);
            let page = log_in(&Browser::new(), &url, person).await;
            assert_eq!(
                (page.status().as_u16(), page.path()),
                (200, "/"),
                "{target}"
            );
        }
    }
}

/// The page in WeChat sees the real user agent of the desktop.
#[tokio::test(flavor = "multi_thread")]
async fn desktop_browser_that_imitates_wechat_logs_in_as_a_member() {
    let site = Site::start(&[]);
    let (home, pretend) = (format!("{}/", site.url), format!("{}/pretend", site.url));
    let browser = Browser::new();
    browser.post_from(&home, &pretend, "on=1").await.unwrap();
    let page = browser.get(&format!("{}/card", site.url)).await.unwrap();
    let page = browser.click(&page, "data-pretend").await.unwrap();
    let page = browser.click(&page, "data-person=\"li\"").await.unwrap();
    assert_eq!(page.url(), format!("{}/card", site.url));
}
