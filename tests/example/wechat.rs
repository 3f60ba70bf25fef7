//! WeChat users: access, redirects and logout.

use serde_json::json;
use tower_weika_sandbox::{Browser, Visit};

use crate::support::Site;
use crate::{log_in, phone, switch};

#[tokio::test(flavor = "multi_thread")]
async fn bound_user_reaches_exactly_the_requested_page() {
    let site = Site::start(&[]);
    for path in [
        "/app",
        "/app/",
        "/app/deep?x=1",
        "/app/%E4%B8%AD?q=%22%3Cb%3E",
    ] {
        let page = log_in(&phone(), &format!("{}{path}", site.url), "xiaoming").await;
        assert_eq!(page.url(), format!("{}{path}", site.url));
        assert_eq!(page.status(), 200, "{path}");
        assert_eq!(
            page.header("cache-control"),
            Some("private, no-store"),
            "{path}"
        );
        let text = page.text();
        assert!(
            text.contains("data-wechat=\"bound\"") && text.contains("示例大学校园服务"),
            "{path}"
        );
        assert!(
            text.contains("…000001") && !text.contains("oFollowerXiaoming00000000001"),
            "{path}"
        );
        assert!(!text.contains("<b>\""), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unbound_user_is_redirected_to_the_bind_page_and_a_script_gets_403() {
    let site = Site::start(&[]);
    let browser = phone();
    let page = log_in(&browser, &format!("{}/app/deep?x=1", site.url), "xiaohong").await;
    assert_eq!((page.status().as_u16(), page.path()), (200, "/bind"));
    assert_eq!(page.query("return_to").as_deref(), Some("/app/deep?x=1"));
    for path in ["/app", "/app/", "/app/deep?x=1"] {
        let url = format!("{}{path}", site.url);
        let sent = browser.get_no_follow(&url).await.unwrap();
        assert_eq!(sent.status(), 303, "{path}");
        assert!(
            sent.location()
                .unwrap()
                .starts_with("/bind?return_to=%2Fapp"),
            "{path}"
        );
        let response = browser.fetch(&url).await.unwrap();
        assert_eq!(response.status(), 403, "{path}");
        assert_eq!(
            response.json().unwrap()["error"],
            json!("unbound"),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn anonymous_browser_is_redirected_to_the_login_of_the_page_and_a_script_gets_its_url() {
    let site = Site::start(&[]);
    for (path, login) in [
        ("/app", "/auth/wechat/login"),
        ("/bind", "/auth/wechat/login"),
        ("/account", "/auth/weika/login"),
    ] {
        let url = format!("{}{path}", site.url);
        let sent = phone().get_no_follow(&url).await.unwrap();
        assert_eq!(sent.status(), 303, "{path}");
        assert!(
            sent.location()
                .unwrap()
                .starts_with(site.sandbox.as_deref().unwrap()),
            "{path}"
        );
        let response = phone().fetch(&url).await.unwrap();
        assert_eq!(response.status(), 401, "{path}");
        assert_eq!(
            response.json(),
            Some(json!({ "error": "login_required", "login_url": login })),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_browsers_get_a_page_with_the_address_for_wechat() {
    let site = Site::start(&[]);
    for path in ["/app/deep", "/bind", "/auth/wechat/login"] {
        let page = Browser::new()
            .get(&format!("{}{path}", site.url))
            .await
            .unwrap();
        let text = page.text();
        assert_eq!(page.status(), 200, "{path}");
        assert!(
            text.contains("请在微信中打开") && text.contains("<svg"),
            "{path}: {text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logout_from_one_login_keeps_the_other() {
    let site = Site::start(&[]);
    let url = format!("{}/", site.url);
    for (logged_out, kept) in [("weika", "wechat"), ("wechat", "weika")] {
        let browser = phone();
        log_in(&browser, &format!("{}/admin", site.url), "wang").await;
        let home = log_in(
            &browser,
            &format!("{}/auth/wechat/login", site.url),
            "xiaoming",
        )
        .await;
        assert!(
            home.text().contains("data-manager=") && home.text().contains("data-wechat=\"bound\"")
        );

        let logout = format!("{}/auth/{logged_out}/logout", site.url);
        let foreign = browser
            .post_from("https://evil.example/", &logout, "")
            .await
            .unwrap();
        assert_eq!(foreign.status(), 403);
        let home = browser.post_from(&url, &logout, "").await.unwrap();
        assert_eq!(home.url(), url);
        let me = browser
            .fetch(&format!("{}/api/me", site.url))
            .await
            .unwrap()
            .json()
            .unwrap();
        let identity = |login| {
            if login == "weika" {
                &me["manager"]
            } else {
                &me["wechat"]
            }
        };
        assert!(
            identity(logged_out).is_null() && !identity(kept).is_null(),
            "{me}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn manager_is_no_wechat_user_and_a_wechat_user_no_manager() {
    let site = Site::start(&[]);
    let browser = phone();
    log_in(&browser, &format!("{}/admin", site.url), "wang").await;
    assert_eq!(
        browser
            .fetch(&format!("{}/app", site.url))
            .await
            .unwrap()
            .status(),
        401
    );
    let browser = phone();
    log_in(&browser, &format!("{}/app", site.url), "xiaoming").await;
    assert_eq!(
        browser
            .fetch(&format!("{}/admin", site.url))
            .await
            .unwrap()
            .status(),
        401
    );
    assert_eq!(
        browser
            .fetch(&format!("{}/account", site.url))
            .await
            .unwrap()
            .status(),
        401
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_account_the_wechat_login_is_502_and_managers_log_in() {
    let site = Site::start(&[]);
    switch(&site, "kesion:not-opened").await;
    for path in ["/app", "/bind", "/auth/wechat/login"] {
        let page = phone().get(&format!("{}{path}", site.url)).await.unwrap();
        assert_eq!(page.status(), 502, "{path}");
        assert!(page.text().contains("登录尚未设置好"), "{path}");
    }
    assert_eq!(
        phone()
            .get(&format!("{}/", site.url))
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(
        log_in(&phone(), &format!("{}/admin", site.url), "wang")
            .await
            .status(),
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_button_at_the_top_logs_out_of_the_login_of_the_page() {
    let site = Site::start(&[]);
    let browser = phone();
    log_in(&browser, &format!("{}/admin", site.url), "wang").await;
    log_in(
        &browser,
        &format!("{}/auth/wechat/login", site.url),
        "xiaoming",
    )
    .await;
    let top = |page: &Visit| {
        page.text()
            .split_once("</header>")
            .expect("a page")
            .0
            .to_owned()
    };
    for (path, login, label) in [
        ("/", "weika", "退出管理员"),
        ("/admin", "weika", "退出管理员"),
        ("/application", "weika", "退出管理员"),
        ("/app", "wechat", "退出微信"),
        ("/app/deep", "wechat", "退出微信"),
        ("/app?lang=en", "wechat", "Log out WeChat"),
        ("/?lang=en", "weika", "Log out manager"),
    ] {
        let top = top(&browser.get(&format!("{}{path}", site.url)).await.unwrap());
        assert!(
            top.contains(&format!("data-logout=\"{login}\">{label}<")),
            "{path}: {top}"
        );
        assert_eq!(top.matches("data-logout").count(), 1, "{path}");
    }
    let browser = phone();
    log_in(&browser, &format!("{}/admin", site.url), "wang").await;
    let page = log_in(&browser, &format!("{}/bind", site.url), "xiaohong").await;
    assert!(page.path() == "/bind" && top(&page).contains("data-logout=\"wechat\">退出微信<"));
}

#[tokio::test(flavor = "multi_thread")]
async fn narrow_pages_have_a_name_for_home_and_their_links_in_the_footer() {
    let site = Site::start(&[]);
    let page = Browser::new()
        .get(&format!("{}/", site.url))
        .await
        .unwrap()
        .text();
    assert!(page.contains("href=\"/\" aria-label=\"tower-weika\""));
    let (_, footer) = page.split_once("<footer>").unwrap();
    assert!(
        footer.contains("href=\"/admin\"") && footer.contains("href=\"/app\""),
        "{footer}"
    );
}
