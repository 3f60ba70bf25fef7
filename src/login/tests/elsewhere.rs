//! Logins that WeChat's browser alone supports, in other browsers.

use http::header::USER_AGENT;

use super::*;

const PHONE: &str = "Mozilla/5.0 (iPhone) MicroMessenger/8.0.59(0x18003b28) NetType/WIFI";

fn site() -> Site {
    Site::with(Provider {
        for_wechat: true,
        ..Site::new().provider
    })
}

fn with_agent(mut request: Request<Body>, agent: &'static str) -> Request<Body> {
    request
        .headers_mut()
        .insert(USER_AGENT, agent.parse().unwrap());
    request
}

#[tokio::test]
async fn guarded_page_in_an_unsupported_browser_leads_to_a_page_with_a_qr_code() {
    let (site, jar) = (site(), Jar::default());
    for agent in [
        "Mozilla/5.0 Chrome/140.0.0.0",
        "wxwork/4.0.19 MicroMessenger/7.0.1",
    ] {
        let refused = site.send(with_agent(jar.get("/admin/x?y=1"), agent)).await;
        assert_eq!(
            refused.location(),
            "/auth/weika/login?return_to=%2Fadmin%2Fx%3Fy%3D1"
        );
        assert!(!refused.parts.headers.contains_key(SET_COOKIE));

        let page = site
            .send(with_agent(jar.get(refused.location()), agent))
            .await;
        assert_eq!(page.parts.status, StatusCode::OK);
        assert!(
            page.text.contains("请在微信中打开") && page.text.contains("<svg"),
            "{}",
            page.text
        );
        assert!(
            page.text
                .contains("https://campus.example/auth/weika/login?return_to=%2Fadmin%2Fx%3Fy%3D1")
        );
        assert!(!page.parts.headers.contains_key(SET_COOKIE));
        assert_eq!(page.parts.headers["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn script_in_an_unsupported_browser_gets_json_with_the_address() {
    let mut request = Jar::default().get("/auth/weika/login?return_to=/a");
    request
        .headers_mut()
        .insert(ACCEPT, "application/json".parse().unwrap());
    let response = site().send(request).await;
    assert_eq!(response.parts.status, StatusCode::FORBIDDEN);
    let json: serde_json::Value = serde_json::from_str(&response.text).unwrap();
    let address = "https://campus.example/auth/weika/login?return_to=%2Fa";
    assert_eq!(
        json,
        serde_json::json!({ "error": "open_in_wechat", "address": address })
    );
}

#[tokio::test]
async fn target_too_long_for_a_qr_code_is_replaced_by_the_default_target() {
    let target = format!("/auth/weika/login?return_to=/{}", "%E8%AF%BE".repeat(220));
    let page = site().send(Jar::default().get(&target)).await;
    assert!(
        page.text.contains("<svg")
            && page
                .text
                .contains(">https://campus.example/auth/weika/login<")
    );
}

#[tokio::test]
async fn login_begins_directly_in_wechat() {
    let (site, jar) = (site(), Jar::default());
    for target in ["/admin", "/auth/weika/login"] {
        assert!(
            site.send(with_agent(jar.get(target), PHONE))
                .await
                .is_to_provider(),
            "{target}"
        );
    }
}

#[tokio::test]
async fn p3_user_agent_neither_grants_nor_denies_access() {
    let (site, mut jar) = (site(), Jar::default());
    let begun = site.send(with_agent(jar.get("/admin"), PHONE)).await;
    jar.apply(&begun);
    // From here on without `User-Agent`: the callback and the session do not depend on it.
    site.callback(&mut jar, "wang", &begun.state()).await;
    assert_eq!(site.send(jar.get("/admin")).await.text, "wang");
    let refused = site
        .send(with_agent(Jar::default().get("/admin"), PHONE))
        .await;
    assert!(refused.is_to_provider());
    let refused = site
        .send(with_agent(
            Jar::default().request(Method::POST, "/admin"),
            PHONE,
        ))
        .await;
    assert_eq!(refused.parts.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn qr_code_address_is_built_from_the_public_url_and_reaches_custom_pages() {
    let pages = crate::response::Pages::custom(|page| {
        let code = page.qr_code().unwrap_or_default();
        Response::new(format!(
            "{} {}",
            page.address().unwrap_or_default(),
            code.starts_with("<svg")
        ))
    });
    let provider = Provider {
        for_wechat: true,
        ..Site::new().provider
    };
    let login = LoginLayer::builder(provider)
        .public_url("https://campus.example")
        .pages(pages)
        .build()
        .unwrap();
    let inner =
        service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Body::default())));
    let mut request = Jar::default().get("/auth/weika/login?return_to=/a?b=c");
    request
        .headers_mut()
        .insert(HOST, "evil.example".parse().unwrap());
    let page = collect(login.layer(inner).oneshot(request).await.unwrap()).await;
    assert_eq!(
        page.text,
        "https://campus.example/auth/weika/login?return_to=%2Fa%3Fb%3Dc true"
    );
}
