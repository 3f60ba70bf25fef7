//! Responses of the login layer by the kind of the request (rules R1 to R6).

use http::header::{CONTENT_TYPE, REFERER};

use super::*;
use crate::response::Pages;

/// A request to a guarded target with these headers and nothing else.
fn request(method: Method, target: &str, headers: &[(&'static str, &str)]) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(target)
        .body(Body::default())
        .unwrap();
    for (name, value) in headers {
        request.headers_mut().append(*name, value.parse().unwrap());
    }
    request
}

const FORM: [(&str, &str); 3] = [
    ("accept", "text/html"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
];

fn form<'h>(headers: &[(&'static str, &'h str)]) -> Vec<(&'static str, &'h str)> {
    FORM.into_iter().chain(headers.iter().copied()).collect()
}

#[track_caller]
fn assert_page(response: &TextResponse, status: u16) {
    assert_eq!(response.parts.status, status, "{response:?}");
    assert_eq!(
        response.parts.headers[CONTENT_TYPE],
        "text/html; charset=utf-8"
    );
    assert_eq!(response.parts.headers["cache-control"], "no-store");
    assert!(!response.parts.headers.contains_key(SET_COOKIE));
}

#[track_caller]
fn json(response: &TextResponse) -> serde_json::Value {
    assert_eq!(response.parts.headers[CONTENT_TYPE], "application/json");
    assert!(
        !response.parts.headers.contains_key(SET_COOKIE)
            && !response.parts.headers.contains_key(LOCATION)
    );
    serde_json::from_str(&response.text).unwrap()
}

#[tokio::test]
async fn r1_navigation_is_redirected_with_get_and_head_only() {
    let site = Site::new();
    for method in [Method::GET, Method::HEAD] {
        assert!(
            site.send(request(method, "/admin", &FORM))
                .await
                .is_to_provider()
        );
    }
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        assert_page(&site.send(request(method, "/admin", &FORM)).await, 401);
    }
    let download = [
        ("accept", "text/html"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "empty"),
    ];
    assert_eq!(
        json(&site.send(request(Method::GET, "/admin", &download)).await)["error"],
        "login_required"
    );
}

#[tokio::test]
async fn r2_frame_gets_a_frameable_page_with_a_top_level_link() {
    let site = Site::new();
    for dest in ["iframe", "frame", "embed", "object", "fencedframe"] {
        let headers = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", dest)];
        let response = site
            .send(request(Method::GET, "/admin/x?y=z", &headers))
            .await;
        assert_page(&response, 401);
        let link = "<a href=\"/auth/weika/login?return_to=%2Fadmin%2Fx%3Fy%3Dz\" target=\"_top\">";
        assert!(response.text.contains(link), "{}", response.text);
        assert_eq!(
            response.text.matches("<a ").count(),
            1,
            "the page contains the link only"
        );
        let policy = response.parts.headers["content-security-policy"]
            .to_str()
            .unwrap();
        assert!(policy.ends_with("frame-ancestors *"), "{policy}");
    }
    // No other page may be framed.
    let other = site.send(request(Method::POST, "/admin", &FORM)).await;
    assert!(
        other.parts.headers["content-security-policy"]
            .to_str()
            .unwrap()
            .ends_with("frame-ancestors 'none'")
    );
}

#[tokio::test]
async fn r2_login_endpoint_in_a_frame_is_a_page_with_a_top_level_link() {
    let headers = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
    let response = Site::new()
        .send(request(
            Method::GET,
            "/auth/weika/login?return_to=/a",
            &headers,
        ))
        .await;
    assert_page(&response, 401);
    assert!(
        response
            .text
            .contains("href=\"/auth/weika/login?return_to=%2Fa\" target=\"_top\""),
        "{}",
        response.text
    );
}

#[tokio::test]
async fn r3_login_endpoint_does_not_redirect_scripts_to_another_origin() {
    let site = Site::new();
    for headers in [
        &[
            ("hx-request", "true"),
            ("hx-boosted", "true"),
            ("accept", "text/html"),
        ][..],
        &[
            ("hx-request", "true"),
            ("sec-fetch-mode", "cors"),
            ("sec-fetch-dest", "empty"),
        ],
        &[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")],
        &[
            ("accept", "text/html"),
            ("x-requested-with", "XMLHttpRequest"),
        ],
    ] {
        let response = site
            .send(request(
                Method::GET,
                "/auth/weika/login?return_to=/a",
                headers,
            ))
            .await;
        assert_eq!(response.parts.status, StatusCode::UNAUTHORIZED);
        assert_eq!(
            json(&response)["login_url"],
            "/auth/weika/login?return_to=%2Fa"
        );
        assert_eq!(
            response.parts.headers.contains_key("hx-redirect"),
            headers[0].0 == "hx-request"
        );
    }
    // A client without identifying headers is redirected, as a link checker expects.
    assert!(
        site.send(request(Method::GET, "/auth/weika/login", &[]))
            .await
            .is_to_provider()
    );
}

#[tokio::test]
async fn r3_login_url_of_a_script_carries_the_page_that_sent_it() {
    let site = Site::new();
    for (headers, expected) in [
        (
            &[("referer", "https://campus.example/admin/list?page=2")][..],
            "?return_to=%2Fadmin%2Flist%3Fpage%3D2",
        ),
        (
            &[
                ("hx-current-url", "https://campus.example/a#b"),
                ("referer", "https://campus.example/a"),
            ],
            "?return_to=%2Fa%23b",
        ),
        (
            &[
                ("hx-current-url", "https://evil.example/"),
                ("referer", "https://campus.example/a"),
            ],
            "?return_to=%2Fa",
        ),
        (&[("referer", "https://campus.example/")], ""),
        (&[("referer", "https://evil.example/a")], ""),
        (&[("referer", "https://campus.example.evil.example/a")], ""),
        (&[("referer", "https://campus.example//evil.example")], ""),
        (
            &[("referer", "https://campus.example/auth/weika/login")],
            "",
        ),
        (&[("referer", "/a")], ""),
        (&[], ""),
    ] {
        let response = site.send(request(Method::GET, "/admin/api", headers)).await;
        assert_eq!(response.parts.status, StatusCode::UNAUTHORIZED);
        assert_eq!(
            json(&response)["login_url"],
            format!("/auth/weika/login{expected}"),
            "{headers:?}"
        );
        assert!(!response.parts.headers.contains_key("hx-redirect"));
    }
}

#[tokio::test]
async fn r3_htmx_gets_the_login_url_in_a_redirect_header() {
    let site = Site::new();
    let headers = [
        ("hx-request", "true"),
        ("accept", "*/*"),
        ("hx-current-url", "https://campus.example/admin"),
    ];
    let response = site
        .send(request(Method::POST, "/admin/api", &headers))
        .await;
    assert_eq!(
        json(&response)["login_url"],
        "/auth/weika/login?return_to=%2Fadmin"
    );
    assert_eq!(
        response.parts.headers["hx-redirect"],
        "/auth/weika/login?return_to=%2Fadmin"
    );
}

#[tokio::test]
async fn r4_upgrade_offers_are_ignored_and_a_websocket_counts_as_a_script() {
    let site = Site::new();
    let h2c = [
        ("accept", "text/html"),
        ("connection", "Upgrade, HTTP2-Settings"),
        ("upgrade", "h2c"),
    ];
    assert!(
        site.send(request(Method::GET, "/admin", &h2c))
            .await
            .is_to_provider()
    );
    let websocket = [
        ("accept", "text/html"),
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
    ];
    assert_eq!(
        site.send(request(Method::GET, "/admin", &websocket))
            .await
            .parts
            .status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn r5_form_after_expiry_gets_a_page_that_leads_back_to_the_form() {
    let site = Site::new();
    for (referer, target) in [
        (
            "https://campus.example/admin/report?id=7",
            "?return_to=%2Fadmin%2Freport%3Fid%3D7",
        ),
        ("https://evil.example/form", ""),
        ("https://campus.example/auth/weika/login", ""),
    ] {
        let headers = form(&[("sec-fetch-site", "same-origin"), ("referer", referer)]);
        let response = site
            .send(request(Method::POST, "/admin/reports", &headers))
            .await;
        assert_page(&response, 401);
        assert!(response.text.contains("登录已过期"), "{}", response.text);
        assert!(
            response
                .text
                .contains(&format!("href=\"/auth/weika/login{target}\"")),
            "{}",
            response.text
        );
    }
    // A browser without fetch metadata.
    let old = [
        ("accept", "text/html"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let response = site
        .send(request(Method::POST, "/admin/reports", &old))
        .await;
    assert_page(&response, 401);
    assert!(response.text.contains("登录已过期"));
}

#[tokio::test]
async fn r5_cross_site_form_gets_a_continue_page_without_an_expiry_notice() {
    let site = Site::new();
    let gateways = [
        form(&[
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://pay.example"),
        ]),
        vec![
            ("accept", "text/html"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("origin", "https://pay.example"),
        ],
    ];
    for headers in gateways {
        let response = site
            .send(request(
                Method::POST,
                "/admin/paid?order=42&x=%22",
                &headers,
            ))
            .await;
        assert_page(&response, 401);
        assert!(
            response
                .text
                .contains("href=\"/admin/paid?order=42&amp;x=%22\""),
            "{}",
            response.text
        );
        assert!(!response.text.contains("过期") && !response.text.contains("/auth/weika/login"));
    }
    // A sibling host is the same site: the browser would have sent the cookie.
    let sibling = form(&[
        ("sec-fetch-site", "same-site"),
        ("origin", "https://other.campus.example"),
    ]);
    assert!(
        site.send(request(Method::POST, "/admin", &sibling))
            .await
            .text
            .contains("过期")
    );
    // A target that is not a valid return target.
    let response = site
        .send(request(
            Method::POST,
            "/admin//evil",
            &form(&[("sec-fetch-site", "cross-site")]),
        ))
        .await;
    assert!(response.text.contains("href=\"/\""), "{}", response.text);
}

#[tokio::test]
async fn every_rejection_of_a_form_is_a_page() {
    let site = Site::new();
    for (method, target, status) in [
        (Method::POST, "/auth/weika/login", 405),
        (Method::POST, "/auth/weika/callback", 405),
        (Method::PUT, "/auth/weika/logout", 405),
    ] {
        assert_page(&site.send(request(method, target, &FORM)).await, status);
    }
    let foreign = form(&[
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ]);
    assert_page(
        &site
            .send(request(Method::POST, "/auth/weika/logout", &foreign))
            .await,
        403,
    );
    let script = [("sec-fetch-mode", "cors"), ("sec-fetch-site", "cross-site")];
    assert_eq!(
        json(
            &site
                .send(request(Method::POST, "/auth/weika/logout", &script))
                .await
        )["error"],
        "cross_site"
    );
}

#[tokio::test]
async fn r6_speculative_request_begins_no_login_at_any_endpoint() {
    let (site, mut jar) = (Site::new(), Jar::default());
    let state = site.begin(&mut jar, "/admin").await;
    let callback = site.callback_url("wang", &state);
    for purpose in [
        ("sec-purpose", "prefetch"),
        ("purpose", "prefetch"),
        ("x-moz", "prefetch"),
    ] {
        for target in ["/admin/x", "/auth/weika/login?return_to=/a", &callback] {
            let mut ahead = jar.get(target);
            ahead
                .headers_mut()
                .insert(purpose.0, purpose.1.parse().unwrap());
            let response = site.send(ahead).await;
            assert_eq!(
                response.parts.status,
                StatusCode::SERVICE_UNAVAILABLE,
                "{target}"
            );
            assert_eq!(response.parts.headers["cache-control"], "no-store");
            assert_eq!(json(&response)["error"], "speculative_request");
        }
    }
    assert_eq!(site.exchanges(), 0);
    assert_eq!(
        site.callback(&mut jar, "wang", &state).await.location(),
        "/admin",
        "the navigation itself begins the login"
    );
}

#[tokio::test]
async fn forbidden_page_links_the_login_with_the_target_and_the_default_target() {
    let (site, mut jar) = (Site::new(), Jar::default());
    site.log_in(&mut jar, "wang").await;
    let never = GuardLayer::<Person>::custom(|_: &Person| false);
    let inside =
        service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Body::default())));
    let app = site.login.layer(never.layer(inside));
    let refused = collect(app.clone().oneshot(jar.get("/admin/x?y=z")).await.unwrap()).await;
    assert_page(&refused, 403);
    let retry = "<a href=\"/auth/weika/login?return_to=%2Fadmin%2Fx%3Fy%3Dz\">";
    assert!(
        refused.text.contains(retry) && refused.text.contains("href=\"/\""),
        "{}",
        refused.text
    );
    // The page for a form links to the page that contains it.
    let mut sent = jar.request(Method::POST, "/admin/save");
    sent.headers_mut().insert(
        CONTENT_TYPE,
        "multipart/form-data; boundary=x".parse().unwrap(),
    );
    sent.headers_mut().insert(
        REFERER,
        "https://campus.example/admin/edit".parse().unwrap(),
    );
    let refused = collect(app.oneshot(sent).await.unwrap()).await;
    assert_page(&refused, 403);
    assert!(
        refused
            .text
            .contains("/auth/weika/login?return_to=%2Fadmin%2Fedit"),
        "{}",
        refused.text
    );
}

#[tokio::test]
async fn home_of_the_pages_is_linked_from_every_page_beside_the_login_with_the_target() {
    for (home, expected) in [
        ("/news?a=b&c", "href=\"/news?a=b&amp;c\""),
        ("https://campus.example/news", "href=\"/news\""),
        ("https://www.example", "href=\"https://www.example/\""),
    ] {
        let provider = Site::new().provider;
        let builder = LoginLayer::builder(provider).public_url("https://campus.example");
        let pages = Pages::default().home(home).site_name("图书馆");
        let login = builder.pages(pages).build().unwrap();
        let never = GuardLayer::<Person>::custom(|_: &Person| false);
        let inside = service_fn(async |_: Request<Body>| {
            Ok::<_, Infallible>(Response::new(Body::default()))
        });
        let app = login.layer(never.layer(inside));
        let mut jar = Jar::default();
        let get = async |jar: &Jar, target: &str| {
            collect(app.clone().oneshot(jar.get(target)).await.unwrap()).await
        };
        let invalid = get(&jar, "/auth/weika/callback").await;
        let begun = get(&jar, "/auth/weika/login?return_to=/a").await;
        jar.apply(&begun);
        let callback = format!("/auth/weika/callback?wxcode=wang&state={}", begun.state());
        let logged_in = get(&jar, &callback).await;
        jar.apply(&logged_in);
        let forbidden = get(&jar, "/admin?x").await;
        assert_page(&forbidden, 403);
        let retry = "href=\"/auth/weika/login?return_to=%2Fadmin%3Fx\"";
        assert!(forbidden.text.contains(retry), "{}", forbidden.text);
        for page in [invalid, forbidden] {
            assert!(page.text.contains(expected), "{}", page.text);
            assert!(page.text.contains(" · 图书馆</title>"), "{}", page.text);
        }
    }
}

#[test]
fn invalid_accent_and_home_of_the_pages_are_configuration_errors() {
    let errors = |pages: Pages| {
        let builder = LoginLayer::builder(Site::new().provider);
        let built = builder
            .public_url("https://campus.example")
            .pages(pages)
            .build();
        built.map_or_else(|error| error.to_string(), |_| String::new())
    };
    for home in [
        "news",
        "",
        "//evil.example",
        "http://a.example",
        "javascript:alert(1)",
    ] {
        let pages = [Pages::default(), Pages::custom(|_| Response::default())];
        for pages in pages {
            let error = errors(pages.home(home));
            let expected = format!(
                "invalid configuration: the home of the pages {home:?} is not a path of this site or an https URL"
            );
            assert_eq!(error, expected);
        }
    }
    let error = errors(Pages::default().home("https://user:hunter2@a.example"));
    assert!(
        error.contains("[redacted]") && !error.contains("hunter2"),
        "{error}"
    );
    for home in ["https://user@a.example", "https://:hunter2@a.example"] {
        let error = errors(Pages::default().home(home));
        assert!(error.contains("the home of the pages"), "{error}");
    }
    let error = errors(Pages::default().accent("red"));
    let expected = "the accent of the pages \"red\" must be a colour like #06804a or #0a5";
    assert_eq!(error, format!("invalid configuration: {expected}"));
    assert_eq!(errors(Pages::default().home("/news").accent("#06804A")), "");
}

#[tokio::test]
async fn page_about_lost_cookies_names_both_causes_and_logs_a_warning() {
    #[cfg(feature = "tracing")]
    let captured = crate::trace::tests::Captured::new();
    let site = Site::new();
    let first = site.send(Jar::default().get("/admin")).await;
    let second = site
        .callback(&mut Jar::default(), "wang", &first.state())
        .await;
    let mut back = request(
        Method::GET,
        &site.callback_url("wang", &second.state()),
        &[("accept", "text/html")],
    );
    back.headers_mut()
        .insert("accept-language", "en".parse().unwrap());
    let page = site.send(back).await;
    assert!(
        page.text.contains("allow cookies") && page.text.contains("administrator"),
        "{}",
        page.text
    );
    #[cfg(feature = "tracing")]
    assert!(
        captured.text().contains("WARN") && captured.text().contains("a proxy drops `Set-Cookie`")
    );
}

#[tokio::test]
async fn redirect_back_carries_an_empty_fragment_only_if_configured() {
    let provider = Site::new().provider;
    let builder = || {
        LoginLayer::builder(provider.clone())
            .public_url("https://campus.example")
            .secret([9; 32])
    };
    for (login, plain, hash) in [
        (builder().build().unwrap(), "/app", "/app#/orders/42"),
        (
            builder().clear_fragment().build().unwrap(),
            "/app#",
            "/app#/orders/42",
        ),
    ] {
        let site = Site {
            provider: provider.clone(),
            clock: Site::new().clock,
            login,
        };
        for (return_to, expected) in [("/app", plain), ("/app%23/orders/42", hash)] {
            let mut jar = Jar::default();
            let state = site.begin(&mut jar, return_to).await;
            assert_eq!(
                site.callback(&mut jar, "wang", &state).await.location(),
                expected
            );
            assert_eq!(
                site.callback(&mut jar, "wang", &state).await.location(),
                expected,
                "repeated"
            );
        }
    }
}
