//! The routes and their responses.

use serde_json::{Value, json};
use tower_weika_sandbox::{Browser, Visit};

use crate::log_in;
use crate::support::Site;

async fn me(site: &Site, browser: &Browser) -> Visit {
    browser
        .fetch(&format!("{}/api/me", site.url))
        .await
        .expect("the site responds")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_responds_to_an_anonymous_visitor() {
    let site = Site::start(&[]);
    let browser = Browser::new();
    for (path, status, content_type) in [
        ("/", 200, "text/html; charset=utf-8"),
        ("/?lang=en", 200, "text/html; charset=utf-8"),
        ("/api/me", 401, "application/json"),
        ("/healthz", 200, "application/json"),
        ("/readyz", 200, "application/json"),
        ("/metrics", 200, "text/plain; version=0.0.4"),
        ("/style.css", 200, "text/css; charset=utf-8"),
        ("/icon.svg", 200, "image/svg+xml"),
        ("/nowhere", 404, "text/html; charset=utf-8"),
        ("/administrator", 404, "text/html; charset=utf-8"),
        ("/auth/weika/callback", 400, "text/html; charset=utf-8"),
        ("/auth/weika/logout", 405, "text/html; charset=utf-8"),
        (
            "/auth/weika-member/callback",
            400,
            "text/html; charset=utf-8",
        ),
        ("/auth/weika-member/logout", 405, "text/html; charset=utf-8"),
        ("/auth/wechat/callback", 400, "text/html; charset=utf-8"),
        ("/auth/wechat/logout", 405, "text/html; charset=utf-8"),
        ("/auth/wechat/login", 200, "text/html; charset=utf-8"),
        ("/app", 200, "text/html; charset=utf-8"),
        ("/bind", 200, "text/html; charset=utf-8"),
    ] {
        let visit = browser.get(&format!("{}{path}", site.url)).await.unwrap();
        assert_eq!(visit.status(), status, "{path}");
        assert_eq!(visit.header("content-type"), Some(content_type), "{path}");
        assert_eq!(
            visit.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        let policy = visit.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
            "{path}: {policy}"
        );
        let is_asset = matches!(path, "/style.css" | "/icon.svg");
        assert_eq!(
            visit.header("cache-control") == Some("no-store"),
            !is_asset,
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn managers_pages_redirect_a_browser_and_send_a_script_the_login_url() {
    let site = Site::start(&[]);
    let browser = Browser::new();
    for path in [
        "/admin",
        "/admin/",
        "/admin/deep/path?x=1",
        "/admin/settings",
        "/admin/settings?lang=en",
        "/account",
        "/devices",
    ] {
        let url = format!("{}{path}", site.url);
        let visit = browser.get_no_follow(&url).await.unwrap();
        assert_eq!(visit.status(), 303, "{path}");
        assert!(
            visit
                .location()
                .unwrap()
                .starts_with(site.sandbox.as_deref().unwrap()),
            "{path}"
        );

        let response = browser.fetch(&url).await.unwrap();
        assert_eq!(response.status(), 401, "{path}");
        assert_eq!(
            response.json(),
            Some(json!({ "error": "login_required", "login_url": "/auth/weika/login" }))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn login_returns_to_the_requested_page() {
    let site = Site::start(&[]);
    for path in [
        "/admin",
        "/admin/deep/path?x=1",
        "/admin/%E4%B8%AD%E6%96%87?q=%22%3Cb%3E",
    ] {
        let visit = log_in(&Browser::new(), &format!("{}{path}", site.url), "wang").await;
        assert_eq!(visit.url(), format!("{}{path}", site.url));
        assert_eq!(visit.status(), 200, "{path}");
        assert_eq!(
            visit.header("referrer-policy"),
            Some("same-origin"),
            "{path}"
        );
        assert_eq!(
            visit.header("cache-control"),
            Some("private, no-store"),
            "{path}"
        );
        assert!(
            visit.text().contains("王老师") && !visit.text().contains("<b>\""),
            "{path}"
        );
    }
    let wanted = format!("{}/auth/weika/login?return_to=%2F%3Flang%3Den", site.url);
    let visit = log_in(&Browser::new(), &wanted, "wang").await;
    assert_eq!(visit.url(), format!("{}/?lang=en", site.url));
    assert!(visit.text().contains("Hello, 王老师"));
}

#[tokio::test(flavor = "multi_thread")]
async fn me_has_no_null_for_a_manager_with_all_members() {
    let site = Site::start(&[]);
    let browser = Browser::new();
    log_in(&browser, &format!("{}/admin", site.url), "wang").await;
    let school = json!({ "school_code": "1000000001", "school_name": "示例大学" });
    let manager = json!({
        "user_id": "oSandboxWang0000000000000001",
        "name": "王老师",
        "cur_school": school,
        "schools": [school],
        "role_id": 1,
        "parent_id": 0,
        "real_info": { "card_number": "*******01", "name": "王小明", "identity_type": "3" },
        "media_info": { "app_id": "wx0000000000000001", "media_id": "gh_000000000001" },
    });
    let visit = me(&site, &browser).await;
    assert_eq!(visit.status(), 200);
    assert_eq!(
        visit.json(),
        Some(json!({ "manager": manager, "member": null, "wechat": null }))
    );
    assert_eq!(
        browser
            .get(&format!("{}/api/me", site.url))
            .await
            .unwrap()
            .json(),
        visit.json()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn me_has_null_for_absent_members_of_a_manager() {
    let site = Site::start(&[]);
    for (person, path, expected) in [
        ("li", "/manager/real_info", Value::Null),
        ("li", "/manager/media_info", Value::Null),
        ("li", "/manager/role_id", json!(2)),
        ("zhao", "/manager/cur_school", Value::Null),
        ("zhao", "/manager/schools", json!([])),
        ("chen", "/manager/name", json!("陈晨🌸 <Chen & Co>")),
        (
            "chen",
            "/manager/schools/2/school_code",
            json!("1000000003"),
        ),
    ] {
        let browser = Browser::new();
        log_in(&browser, &format!("{}/admin", site.url), person).await;
        let response = me(&site, &browser).await.json().unwrap();
        assert_eq!(response.pointer(path), Some(&expected), "{person}");
        assert_eq!(response["wechat"], Value::Null);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_escape_names() {
    let site = Site::start(&[]);
    let browser = Browser::new();
    for path in ["/admin", "/"] {
        let page = log_in(
            &browser.without_cookies(),
            &format!("{}/admin", site.url),
            "chen",
        )
        .await;
        assert!(
            page.text().contains("&lt;Chen &amp; Co&gt;") && !page.text().contains("<Chen"),
            "{path}"
        );
    }
    let page = browser
        .get(&format!("{}/%3Cscript%3E'\"", site.url))
        .await
        .unwrap();
    assert!(!page.text().contains("<script") && page.status() == 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_for_role_1() {
    let site = Site::start(&[]);
    let url = format!("{}/admin/settings", site.url);
    for (person, status) in [("wang", 200), ("li", 403), ("chen", 403), ("zhao", 403)] {
        assert_eq!(
            log_in(&Browser::new(), &url, person).await.status(),
            status,
            "{person}"
        );
    }
}

/// `sun` is in the role group that the site does not admit.
#[tokio::test(flavor = "multi_thread")]
async fn denied_user_sees_their_name_and_the_reason_and_is_not_logged_in() {
    let site = Site::start(&[]);
    let browser = Browser::new();
    let page = log_in(&browser, &format!("{}/admin", site.url), "sun").await;
    assert_eq!(page.status(), 403);
    for text in ["tower-weika", "孙老师：您的账号已停用", "it@campus.example"] {
        assert!(page.text().contains(text), "{text}");
    }
    assert_eq!(me(&site, &browser).await.status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn user_is_created_at_the_first_login() {
    let site = Site::start(&[]);
    let admin = format!("{}/admin", site.url);
    for (person, number) in [("wang", 1), ("li", 2), ("wang", 1)] {
        let page = log_in(&Browser::new(), &format!("{admin}?lang=en"), person).await;
        let shown = format!("<dt>User number of this site</dt><dd>{number}</dd>");
        assert!(page.text().contains(&shown), "{person}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logout_is_a_post_from_this_site() {
    let site = Site::start(&[]);
    let (url, logout) = (
        format!("{}/", site.url),
        format!("{}/auth/weika/logout", site.url),
    );
    let browser = Browser::new();
    log_in(&browser, &format!("{}/admin", site.url), "wang").await;
    let foreign = browser
        .post_from("https://evil.example/", &logout, "")
        .await
        .unwrap();
    assert_eq!(foreign.status(), 403);
    assert_eq!(browser.get(&logout).await.unwrap().status(), 405);
    assert_eq!(me(&site, &browser).await.status(), 200);

    let visit = browser.post_from(&url, &logout, "").await.unwrap();
    assert_eq!((visit.status().as_u16(), visit.url()), (200, url.as_str()));
    assert_eq!(me(&site, &browser).await.status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn home_page_is_in_the_language_of_the_visitor() {
    let site = Site::start(&[]);
    for (accepted, query, expected) in [
        ("zh-CN,zh;q=0.9", "", "未登录"),
        ("en-GB,en;q=0.9", "", "Not logged in"),
        ("fr", "", "Not logged in"),
        ("en", "?lang=zh", "未登录"),
        ("zh", "?lang=en", "Not logged in"),
        ("zh", "?lang=xx", "未登录"),
        ("zh", "?lang=en&lang=zh", "未登录"),
        ("zh", "?lang=%FF%00", "未登录"),
    ] {
        let browser = Browser::new().accept_language(accepted);
        let page = browser.get(&format!("{}/{query}", site.url)).await.unwrap();
        assert_eq!(page.status(), 200);
        assert!(page.text().contains(expected), "{accepted} {query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn form_after_the_session_expired_gets_a_page_that_links_back() {
    let site = Site::start(&[]);
    let browser = Browser::new();
    let form = format!("{}/bind", site.url);
    let visit = browser
        .post_from(&form, &form, "phone=13800000000")
        .await
        .unwrap();
    assert_eq!(visit.status(), 401);
    assert_eq!(
        visit.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(visit.text().contains("登录已过期"), "{}", visit.text());
    assert!(
        visit
            .text()
            .contains("/auth/wechat/login?return_to=%2Fbind"),
        "{}",
        visit.text()
    );

    let gateway = browser
        .post_from("https://pay.example/", &format!("{form}?paid=1"), "sum=7")
        .await
        .unwrap();
    assert_eq!(gateway.status(), 401);
    assert!(
        gateway.text().contains("href=\"/bind?paid=1\""),
        "{}",
        gateway.text()
    );
    assert!(!gateway.text().contains("过期"), "{}", gateway.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn logout_form_of_another_site_gets_a_page() {
    let site = Site::start(&[]);
    let browser = Browser::new();
    let visit = browser
        .post_from(
            "https://evil.example/",
            &format!("{}/auth/weika/logout", site.url),
            "",
        )
        .await
        .unwrap();
    assert_eq!(visit.status(), 403);
    assert_eq!(
        visit.header("content-type"),
        Some("text/html; charset=utf-8")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn forbidden_page_links_home_and_keeps_the_target() {
    let site = Site::start(&[]);
    let browser = Browser::new();
    let visit = log_in(&browser, &format!("{}/admin/settings", site.url), "li").await;
    assert_eq!(visit.status(), 403);
    let text = visit.text();
    assert!(
        text.contains("/auth/weika/login?return_to=%2Fadmin%2Fsettings")
            && text.contains("href=\"/\""),
        "{text}"
    );
}
