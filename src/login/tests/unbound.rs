//! Authenticated users without a linked account, and the bind page.

use super::*;
use crate::guard::Requirement;
use crate::response::{Reason, Rejection};
use crate::session::Session;

struct Bound(&'static str);

impl Requirement<Person> for Bound {
    fn is_satisfied_by(&self, session: &Session<Person>) -> bool {
        session.identity().is_complete()
    }

    fn rejection_reason(&self, _session: &Session<Person>) -> Reason {
        Reason::Unbound {
            bind_page: self.0.into(),
        }
    }
}

async fn inside(_: Request<Body>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(Body::from("inside")))
}

/// Returns the response of `/app/…` behind a nested router, as in axum: the guarded service sees a
/// path without the prefix.
async fn visit(site: &Site, request: Request<Body>, bind_page: &'static str) -> TextResponse {
    let guarded = GuardLayer::<Person>::custom(Bound(bind_page)).layer(service_fn(inside));
    let nested = tower::util::MapRequest::new(guarded, |mut request: Request<Body>| {
        *request.uri_mut() = "/shortened".parse().unwrap();
        request
    });
    collect(site.login.layer(nested).oneshot(request).await.unwrap()).await
}

async fn newcomer(site: &Site) -> Jar {
    let mut jar = Jar::default();
    site.log_in(&mut jar, "newcomer").await;
    jar
}

#[tokio::test]
async fn unbound_user_is_redirected_to_the_bind_page_with_the_full_target() {
    let site = Site::new();
    let jar = newcomer(&site).await;
    let refused = visit(&site, jar.get("/app/课?a=%20b"), "/bind").await;
    assert_eq!(
        refused.location(),
        "/bind?return_to=%2Fapp%2F%25E8%25AF%25BE%3Fa%3D%2520b"
    );
    assert_eq!(refused.parts.headers["cache-control"], "no-store");
    assert!(matches!(
        refused
            .parts
            .extensions
            .get::<Rejection>()
            .unwrap()
            .reason(),
        Reason::Unbound { .. }
    ));
    let refused = visit(&site, jar.get("/app"), "/bind?step=1").await;
    assert_eq!(refused.location(), "/bind?step=1&return_to=%2Fapp");
}

#[tokio::test]
async fn t9_target_outside_the_application_is_replaced_by_the_default_target() {
    let site = Site::new();
    let jar = newcomer(&site).await;
    for target in ["/a//b", "/auth/weika%2Flogin", "/a/%2e%2e/b"] {
        assert_eq!(
            visit(&site, jar.get(target), "/bind").await.location(),
            "/bind?return_to=%2F",
            "{target}"
        );
    }
}

#[tokio::test]
async fn script_gets_403_and_the_address_of_the_bind_page() {
    let site = Site::new();
    let jar = newcomer(&site).await;
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let refused = visit(&site, jar.request(method, "/app"), "/bind").await;
        assert_eq!(refused.parts.status, StatusCode::FORBIDDEN);
        let json: serde_json::Value = serde_json::from_str(&refused.text).unwrap();
        assert_eq!(
            json,
            serde_json::json!({ "error": "unbound", "bind_url": "/bind" })
        );
    }
    let mut request = jar.request(Method::POST, "/app/api");
    let page = "https://campus.example/app/x".parse().unwrap();
    request.headers_mut().insert("referer", page);
    let refused = visit(&site, request, "/bind").await;
    let json: serde_json::Value = serde_json::from_str(&refused.text).unwrap();
    assert_eq!(json["bind_url"], "/bind?return_to=%2Fapp%2Fx");
}

#[tokio::test]
async fn form_in_a_frame_gets_a_page_and_no_redirect() {
    let site = Site::new();
    let jar = newcomer(&site).await;
    for (method, status) in [
        (Method::GET, StatusCode::SEE_OTHER),
        (Method::POST, StatusCode::FORBIDDEN),
    ] {
        let mut request = jar.request(method, "/app");
        for (name, value) in [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")] {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let refused = visit(&site, request, "/bind").await;
        assert_eq!(refused.parts.status, status);
    }
}

#[tokio::test]
async fn bind_page_behind_its_own_guard_or_on_another_origin_is_403_without_a_loop() {
    let captured = crate::trace::tests::Captured::new();
    let site = Site::new();
    let jar = newcomer(&site).await;
    for (target, bind_page) in [
        ("/bind", "/bind"),
        ("/bind?x=1", "/bind?y=2"),
        ("/bind/", "/bind"),
        ("/%62ind", "/bind"),
        ("/app", "https://evil.example/"),
        ("/app", "//evil.example"),
        ("/app", "bind"),
        ("/app", "/bind#there"),
        ("/app", "/auth/weika/login"),
    ] {
        let refused = visit(&site, jar.get(target), bind_page).await;
        assert_eq!(refused.parts.status, StatusCode::FORBIDDEN, "{bind_page}");
        assert!(refused.text.contains("尚未绑定账号"), "{bind_page}");
    }
    let text = captured.text();
    assert!(text.contains("the page that links an account") && text.contains("page=/bind"));
}

#[tokio::test]
async fn anonymous_visitor_is_sent_to_the_login_and_bound_user_passes() {
    let site = Site::new();
    assert!(
        visit(&site, Jar::default().get("/app"), "/bind")
            .await
            .is_to_provider()
    );
    let mut jar = newcomer(&site).await;
    // The next login reads the result of the binding.
    let again = site.send(jar.get(&site.login.login_url("/app/x"))).await;
    jar.apply(&again);
    assert_eq!(
        site.callback(&mut jar, "wang", &again.state())
            .await
            .location(),
        "/app/x"
    );
    assert_eq!(
        visit(&site, jar.get("/app/x"), "/bind").await.text,
        "inside"
    );
}

#[test]
fn t9_login_url_returns_to_the_application_only() {
    let login = Site::new().login;
    assert_eq!(
        login.login_url("/app/x?y=1#z"),
        "/auth/weika/login?return_to=%2Fapp%2Fx%3Fy%3D1%23z"
    );
    for other in [
        "",
        "https://evil.example/",
        "//evil.example",
        "/auth/weika/logout",
        "/",
    ] {
        assert_eq!(login.login_url(other), "/auth/weika/login", "{other}");
        assert_eq!(login.return_to(other), "/", "{other}");
    }
    assert_eq!(login.return_to("/课?x#y"), "/%E8%AF%BE?x#y");
}
