//! Forward auth behind a real nginx, with the configuration of the guide, over TLS. Only ports,
//! folders and host name are others.
//!
//! Needs `nginx` and `openssl`: `tests/run` installs them and runs these tests, which `cargo test`
//! skips.

mod applications;
mod client;
mod configuration;
#[path = "../support/nginx.rs"]
mod nginx;
#[path = "../support/programs.rs"]
mod programs;
#[expect(dead_code, reason = "only its helpers are used here")]
#[path = "../support/redis_server/mod.rs"]
mod redis_server;
mod site;

use std::time::Duration;

use client::{Protocol, Reply};
use http::StatusCode;
use site::Site;

const NAVIGATE: [(&str, &str); 2] = [
    ("Sec-Fetch-Mode", "navigate"),
    ("Sec-Fetch-Dest", "document"),
];
/// All spellings of a header that an application could read as `X-User`, and a name that it could
/// read as the user's.
const SPELLINGS: [&str; 9] = [
    "X-User",
    "x-user",
    "X-USER",
    "X_User",
    "X_USER",
    "x_user_name",
    "X.User",
    "X-User-Name",
    "X-User-School",
];
const FORGED: &str = "evil";

/// Returns the lines of the echo that begin with this name in any spelling.
fn lines<'r>(reply: &'r Reply, name: &str) -> Vec<&'r str> {
    let normal = |text: &str| text.to_ascii_lowercase().replace(['_', '.'], "-");
    let name = normal(name);
    let lines = reply.body.lines();
    lines
        .filter(|line| {
            let field = line.split([':', '=']).next().unwrap_or_default();
            normal(field).trim_start_matches("http-") == name
        })
        .collect()
}

#[ignore = "needs nginx; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn navigation_is_redirected_to_the_login_and_returns_to_the_requested_page() {
    let site = Site::start().await;
    let target = "/grades/%E8%AF%BE?term=1&a=%20b";
    let refused = site.get(target, &NAVIGATE).await;
    assert_eq!(refused.status, StatusCode::SEE_OTHER);
    assert_eq!(
        refused.header("location"),
        Some("/auth/weika/login?return_to=%2Fgrades%2F%25E8%25AF%25BE%3Fterm%3D1%26a%3D%2520b")
    );
    assert_eq!(refused.header("cache-control"), Some("no-store"));
    assert_eq!(refused.header("set-cookie"), None);

    let (session, location) = site.log_in_at(refused.header("location").unwrap()).await;
    assert_eq!(location, target);
    let page = site.get(target, &[("Cookie", &session)]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.body.starts_with(&format!("GET {target} HTTP/1.1")),
        "{page:?}"
    );
    assert_eq!(
        lines(&page, "x-user"),
        ["X-User: oSandboxWang0000000000000001"]
    );
    assert_eq!(
        lines(&page, "x-user-name"),
        ["X-User-Name: %E7%8E%8B%E8%80%81%E5%B8%88"]
    );
    assert_eq!(lines(&page, "x-user-school"), ["X-User-School: 1000000001"]);
    assert_eq!(page.header("cache-control"), Some("private, no-store"));
    assert_eq!(page.header("x-user"), None, "not shown to the client");
    let cacheable = site.get("/grades/cacheable", &[("Cookie", &session)]).await;
    assert_eq!(cacheable.header("cache-control"), Some("max-age=60"));
}

#[ignore = "needs nginx; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn client_cannot_send_an_identity_in_any_spelling() {
    let site = Site::start().await;
    let session = site.log_in().await;
    for protocol in [Protocol::Http1, Protocol::Http2] {
        for path in ["/grades/", "/portal/index.php"] {
            let mut all = vec![("Cookie", &*session)];
            for name in SPELLINGS {
                all.push((name, FORGED));
                for headers in [
                    vec![("Cookie", &*session), (name, FORGED)],
                    vec![(name, FORGED), ("Cookie", &session), (name, FORGED)],
                ] {
                    assert_is_wang(&site.send(protocol, "GET", path, &headers).await);
                }
                let anonymous = site.send(protocol, "GET", path, &[(name, FORGED)]).await;
                assert_eq!(anonymous.status, StatusCode::UNAUTHORIZED, "{name}");
                assert!(!format!("{anonymous:?}").contains(FORGED));
            }
            all.extend(all.clone());
            assert_is_wang(
                &site
                    .send(protocol, "GET", path, &all[..all.len() / 2])
                    .await,
            );
            let twice: Vec<_> = all
                .into_iter()
                .skip(1)
                .filter(|(name, _)| *name != "Cookie")
                .collect();
            let twice = [&[("Cookie", &*session)][..], &twice].concat();
            assert_is_wang(&site.send(protocol, "POST", path, &twice).await);
        }
    }
}

#[track_caller]
fn assert_is_wang(reply: &Reply) {
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    assert!(!reply.body.contains(FORGED), "{reply:?}");
    let values = ["x-user", "x-user-name", "x-user-school"].map(|name| {
        let lines = lines(reply, name);
        assert_eq!(lines.len(), 1, "{name} {reply:?}");
        let (_, value) = lines[0].split_once([':', '=']).expect("a value");
        value.trim()
    });
    assert_eq!(
        values,
        [
            "oSandboxWang0000000000000001",
            "%E7%8E%8B%E8%80%81%E5%B8%88",
            "1000000001"
        ]
    );
}

#[ignore = "needs nginx; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn property_that_the_user_does_not_have_is_not_what_the_client_sends() {
    let site = Site::start().await;
    site.sandbox.auto_approve("zhao");
    let session = site.log_in().await;
    let headers = [
        ("X-User-School", FORGED),
        ("Cookie", &*session),
        ("X_User_School", FORGED),
    ];
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let java = site.send(protocol, "GET", "/grades/", &headers).await;
        assert_eq!(java.status, StatusCode::OK);
        assert_eq!(
            lines(&java, "x-user"),
            ["X-User: oSandboxZhao0000000000000004"]
        );
        assert_eq!(lines(&java, "x-user-school"), [""; 0]);
        let php = site
            .send(protocol, "GET", "/portal/index.php", &headers)
            .await;
        assert_eq!(lines(&php, "x-user-school"), ["HTTP_X_USER_SCHOOL="]);
        assert!(!java.body.contains(FORGED) && !php.body.contains(FORGED));
    }
}

#[ignore = "needs nginx; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn location_without_the_login_sends_no_identity_to_its_upstream() {
    let site = Site::start().await;
    let session = site.log_in().await;
    let headers = [
        ("X-User", FORGED),
        ("Cookie", &*session),
        ("X_User", FORGED),
    ];
    let echo = site.get("/auth/echo", &headers).await;
    assert_eq!(echo.status, StatusCode::OK);
    assert!(
        echo.body.contains("cookie: ") && !echo.body.contains(FORGED),
        "{echo:?}"
    );
    assert_eq!(lines(&echo, "x-user"), [""; 0]);
}

#[ignore = "needs nginx; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn scripts_forms_and_frames_get_401_with_the_login_url_and_no_redirect() {
    let site = Site::start().await;
    let page = format!("{}/grades/form?a=b", site.url);
    let referer = ("Referer", &*page);
    let of_page = "/auth/weika/login?return_to=%2Fgrades%2Fform%3Fa%3Db";
    for protocol in [Protocol::Http1, Protocol::Http2] {
        for (method, headers, login_url) in [
            ("GET", vec![("Sec-Fetch-Mode", "cors"), referer], of_page),
            ("GET", vec![referer], of_page),
            ("POST", vec![NAVIGATE[0], NAVIGATE[1], referer], of_page),
            ("DELETE", vec![("Sec-Fetch-Mode", "cors"), referer], of_page),
            (
                "GET",
                vec![NAVIGATE[0], ("Sec-Fetch-Dest", "iframe"), referer],
                "/auth/weika/login?return_to=%2Fgrades%2F",
            ),
            (
                "POST",
                vec![("Content-Type", "application/grpc")],
                "/auth/weika/login",
            ),
            (
                "GET",
                vec![("Referer", "https://evil.example/")],
                "/auth/weika/login",
            ),
        ] {
            let reply = site.send(protocol, method, "/grades/", &headers).await;
            assert_eq!(
                reply.status,
                StatusCode::UNAUTHORIZED,
                "{method} {headers:?}"
            );
            assert_eq!(reply.header("location"), None);
            assert_eq!(reply.header("x-login-url"), Some(login_url));
            assert_eq!(
                reply.header("content-type"),
                Some("text/html; charset=utf-8")
            );
            assert!(
                reply.body.contains(&format!("href=\"{login_url}\"")),
                "{reply:?}"
            );
        }
    }
}

#[ignore = "needs nginx; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn body_of_a_post_reaches_the_application_and_not_the_service() {
    let site = Site::start().await;
    let session = site.log_in().await;
    let headers = [("Cookie", &*session), ("Content-Type", "text/plain")];
    let body = "7".repeat(100_000);
    let reply = site.post("/grades/", &headers, &body).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert!(reply.body.starts_with("POST /grades/ ") && reply.body.ends_with(&body));
    let refused = site.post("/grades/", &[], &body).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
}

#[ignore = "needs nginx; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn expired_and_revoked_sessions_are_sent_to_the_login() {
    let site = Site::start().await;
    let status = async |session: &str| {
        let headers = [("Cookie", session), NAVIGATE[0], NAVIGATE[1]];
        site.get("/grades/", &headers).await.status
    };
    let (first, second) = (site.log_in().await, site.log_in().await);
    assert_eq!(status(&first).await, StatusCode::OK);

    let headers = [("Cookie", &*first), ("Sec-Fetch-Site", "same-origin")];
    let logout = site.post("/auth/weika/logout", &headers, "").await;
    assert_eq!(logout.status, StatusCode::SEE_OTHER);
    assert_eq!(status(&first).await, StatusCode::SEE_OTHER);

    // Requests of the application are uses of the session.
    for _ in 0..3 {
        site.clock.advance(Duration::from_secs(29 * 60));
        assert_eq!(status(&second).await, StatusCode::OK);
    }
    site.clock.advance(Duration::from_secs(30 * 60));
    assert_eq!(status(&second).await, StatusCode::SEE_OTHER);
}

#[ignore = "needs nginx; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn failed_store_and_absent_service_are_503_and_never_a_login() {
    let site = Site::start().await;
    let session = site.log_in().await;
    let headers = [("Cookie", &*session), NAVIGATE[0], NAVIGATE[1]];
    site.fail_store(true);
    let failed = site.get("/grades/", &headers).await;
    assert_eq!(failed.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(failed.header("retry-after"), Some("5"));
    assert_eq!(failed.header("location"), None);
    assert!(failed.body.contains("登录暂时不可用"));
    site.fail_store(false);
    assert_eq!(site.get("/grades/", &headers).await.status, StatusCode::OK);

    // An error of an application is not one of the service.
    let error = site.get("/grades/status/500", &headers).await;
    assert_eq!(error.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(error.body.starts_with("GET /grades/status/500"));
    let error = site.get("/grades/status/401", &headers).await;
    assert_eq!(error.status, StatusCode::UNAUTHORIZED);
    assert!(error.body.starts_with("GET /grades/status/401"));

    site.stop_service();
    let absent = site.get("/grades/", &headers).await;
    assert_eq!(absent.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!format!("{failed:?}{absent:?}").contains("oSandboxWang0000000000000001"));
}

#[ignore = "needs nginx; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn user_without_the_role_gets_403() {
    let site = Site::start_for("/forward-auth/chiefs").await;
    for (person, status) in [("wang", StatusCode::OK), ("li", StatusCode::FORBIDDEN)] {
        site.sandbox.auto_approve(person);
        let session = site.log_in().await;
        let reply = site
            .get(
                "/grades/",
                &[("Cookie", &session), NAVIGATE[0], NAVIGATE[1]],
            )
            .await;
        assert_eq!(reply.status, status, "{person}");
        assert_eq!(
            reply.body.contains("GET /grades/"),
            status == StatusCode::OK
        );
    }
}

#[ignore = "needs nginx; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn internal_locations_are_not_reachable_and_the_client_does_not_choose_the_target() {
    let site = Site::start().await;
    let session = site.log_in().await;
    let direct = site.get("/_forward_auth", &[("Cookie", &session)]).await;
    assert_eq!(direct.status, StatusCode::NOT_FOUND);
    let root = site.get("/", &[]).await;
    assert_eq!(root.header("location"), Some("/portal/"));
    assert_eq!(direct.header("x-user"), None);

    let forged = [
        NAVIGATE[0],
        NAVIGATE[1],
        ("X-Original-URI", "/portal/forged"),
        ("X_Original_URI", "/portal/forged"),
        ("X-Original-Method", "POST"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Login-Url", "https://evil.example/"),
        ("X-Login-Redirect", "yes"),
    ];
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let refused = site.send(protocol, "GET", "/grades/x", &forged).await;
        assert_eq!(refused.status, StatusCode::SEE_OTHER);
        assert_eq!(
            refused.header("location"),
            Some("/auth/weika/login?return_to=%2Fgrades%2Fx")
        );
    }
}

#[ignore = "needs nginx; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn long_and_unusual_targets_are_kept_or_replaced_by_the_default_target() {
    let site = Site::start().await;
    let longest = format!("/grades/{}", "%E8%AF%BE".repeat(226));
    let encoded: String = url::form_urlencoded::byte_serialize(longest.as_bytes()).collect();
    let default_target = "/auth/weika/login";
    // 6 kB of login URL: more than the default buffer of nginx.
    let longest_encoded = format!("/grades/?{}", "=".repeat(2_039));
    let longest_login_url = format!(
        "{default_target}?return_to=%2Fgrades%2F%3F{}",
        "%3D".repeat(2_039)
    );
    for (target, login_url) in [
        (&*longest_encoded, longest_login_url),
        (&*longest, format!("{default_target}?return_to={encoded}")),
        (&*format!("{longest}{longest}"), default_target.to_owned()),
        ("/grades/../grades/%2e%2e/x", default_target.to_owned()),
        ("//evil.example/", default_target.to_owned()),
        ("/grades//x", default_target.to_owned()),
        (
            "https://evil.example/grades/",
            format!("{default_target}?return_to=%2Fgrades%2F"),
        ),
    ] {
        let refused = site.get(target, &NAVIGATE).await;
        assert_eq!(refused.status, StatusCode::SEE_OTHER, "{target}");
        assert_eq!(refused.header("location"), Some(&*login_url), "{target}");
    }
}

#[ignore = "needs nginx; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn cookie_that_the_browser_does_not_return_ends_on_a_page_and_not_in_a_loop() {
    let site = Site::start().await;
    let (cookies, _) = site.log_in_at("/auth/weika/login").await;
    let without_session: Vec<_> = cookies
        .split("; ")
        .filter(|cookie| !cookie.starts_with("__Host-weika-session="))
        .collect();
    let cookies = without_session.join("; ");
    let reply = site
        .get(
            "/grades/",
            &[("Cookie", &cookies), NAVIGATE[0], NAVIGATE[1]],
        )
        .await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    assert_eq!(reply.header("location"), None);
    assert!(
        reply
            .body
            .contains("href=\"/auth/weika/login?return_to=%2Fgrades%2F\"")
    );
}

/// The configuration in both languages of the guide.
#[test]
fn both_languages_of_the_guide_have_the_same_configuration() {
    let [english, chinese] = [
        configuration::configuration_of_the_guide(include_str!(
            "../../docs/guide/en/src/forward-auth.md"
        )),
        configuration::configuration_of_the_guide(include_str!(
            "../../docs/guide/zh/src/forward-auth.md"
        )),
    ];
    assert_eq!(english, chinese);
}
