//! Somebody who is known, and has something left to do before they may go on.

use super::*;
use crate::guard::Requirement;
use crate::response::{Reason, Rejection};

struct Bound(&'static str);

impl Requirement<Person> for Bound {
    fn is_satisfied_by(&self, person: &Person) -> bool {
        person.is_complete()
    }

    fn bind_page(&self) -> Option<Arc<str>> {
        Some(self.0.into())
    }
}

async fn inside(_: Request<Body>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(Body::from("inside")))
}

/// What `/app/…` answers, in axum's manner: the guarded service sees a shortened path.
async fn visit(site: &Site, request: Request<Body>, bind_page: &'static str) -> Answer {
    let guarded = GuardLayer::<Person>::custom(Bound(bind_page)).layer(service_fn(inside));
    let nested = tower::util::MapRequest::new(guarded, |mut request: Request<Body>| {
        *request.uri_mut() = "/shortened".parse().unwrap();
        request
    });
    answer(site.login.layer(nested).oneshot(request).await.unwrap()).await
}

async fn newcomer(site: &Site) -> Jar {
    let mut jar = Jar::default();
    site.log_in(&mut jar, "newcomer").await;
    jar
}

#[tokio::test]
async fn person_is_sent_to_the_bind_page_with_the_whole_target() {
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
async fn t9_target_that_is_none_of_ours_becomes_the_landing_page() {
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
}

#[tokio::test]
async fn bind_page_behind_its_own_guard_or_elsewhere_is_403_and_no_loop() {
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
}

#[tokio::test]
async fn stranger_has_to_log_in_first_and_a_complete_person_goes_on() {
    let site = Site::new();
    assert!(
        visit(&site, Jar::default().get("/app"), "/bind")
            .await
            .is_to_provider()
    );
    let mut jar = newcomer(&site).await;
    // What binding comes to: the login finds out.
    let again = site.answer(jar.get(&site.login.login_url("/app/x"))).await;
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
fn t9_login_url_leads_back_to_this_site_only() {
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
