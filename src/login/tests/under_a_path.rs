//! An application under a path of its host, behind a proxy that strips the path or does not.

use super::*;
use crate::guard::{LoggedIn, Requirement};
use crate::response::Reason;
use crate::session::Session;

const URL: &str = "https://campus.example/app1";

struct Linked;

impl Requirement<Person> for Linked {
    fn is_satisfied_by(&self, _: &Session<Person>) -> bool {
        false
    }

    fn rejection_reason(&self, _: &Session<Person>) -> Reason {
        let bind_page = "/bind".into();
        Reason::Unbound { bind_page }
    }
}

/// An application behind a proxy. Browsers see it under `/app1`.
struct Application {
    site: Site,
    strips_prefix: bool,
}

impl Application {
    fn new(strips_prefix: bool) -> Self {
        Self::with(strips_prefix, Site::new())
    }

    fn with(strips_prefix: bool, mut site: Site) -> Self {
        let builder = LoginLayer::builder(site.provider.clone())
            .public_url(URL)
            .strips_prefix(strips_prefix)
            .never_return_to("/closed")
            .guard_prefix("/guarded", LoggedIn)
            .secret([9; 32])
            .clock(site.clock.clock());
        let builder = match site.provider.silent {
            true => builder.silent_login(),
            false => builder,
        };
        site.login = builder.build().unwrap();
        Self {
            site,
            strips_prefix,
        }
    }

    /// The proxy, and the application behind it.
    async fn send(&self, mut request: Request<Body>) -> TextResponse {
        if self.strips_prefix {
            let target = request.uri().path_and_query().unwrap().as_str();
            let stripped = target.strip_prefix("/app1").unwrap_or(target);
            *request.uri_mut() = stripped.parse().unwrap();
        }
        let inside = service_fn(async |request: Request<Body>| {
            let known = request.extensions().get::<Authenticated<Person>>();
            let text = known
                .map_or("anonymous", |person| person.subject())
                .to_owned();
            Ok::<_, Infallible>(Response::new(Body::from(text)))
        });
        let admin = GuardLayer::<Person>::logged_in().layer(inside);
        let forbidden = GuardLayer::<Person>::custom(|_: &Person| false).layer(inside);
        let linked = GuardLayer::<Person>::custom(Linked).layer(inside);
        let silent = self.site.login.silent_login().layer(inside);
        let root = if self.strips_prefix { "" } else { "/app1" };
        let routes = service_fn(move |request: Request<Body>| {
            let path = request
                .uri()
                .path()
                .strip_prefix(root)
                .unwrap_or_default()
                .to_owned();
            let (admin, forbidden, linked) = (admin.clone(), forbidden.clone(), linked.clone());
            let silent = silent.clone();
            async move {
                if path.starts_with("/admin") {
                    admin.oneshot(request).await
                } else if path == "/forbidden" {
                    forbidden.oneshot(request).await
                } else if path == "/linked" {
                    linked.oneshot(request).await
                } else {
                    silent.oneshot(request).await
                }
            }
        });
        collect(
            self.site
                .login
                .layer(routes)
                .oneshot(request)
                .await
                .unwrap(),
        )
        .await
    }

    async fn callback(&self, jar: &mut Jar, response: &TextResponse) -> TextResponse {
        jar.apply(response);
        let state = response.state();
        let url = format!("/app1/auth/weika/callback?wxcode=wang&state={state}");
        let response = self.send(jar.get(&url)).await;
        jar.apply(&response);
        response
    }
}

fn both() -> [Application; 2] {
    [true, false].map(Application::new)
}

#[tokio::test]
async fn whole_login_and_logout_stay_under_the_path() {
    for application in both() {
        let mut jar = Jar::default();
        let refused = application.send(jar.get("/app1/admin/课?a=%20b")).await;
        assert!(
            refused
                .location()
                .contains("redirect_uri=https://campus.example/app1/auth/weika/callback&")
        );
        let back = application.callback(&mut jar, &refused).await;
        assert_eq!(back.location(), "/app1/admin/%E8%AF%BE?a=%20b");
        assert_eq!(
            application.send(jar.get("/app1/admin/x")).await.text,
            "wang"
        );
        assert!(jar.has("__Host-app1+weika-session"), "{:?}", jar.0);

        let logout = jar.request(Method::POST, "/app1/auth/weika/logout?return_to=/app1/bye");
        let logged_out = application.send(logout).await;
        assert_eq!(logged_out.location(), "/app1/bye");
        jar.apply(&logged_out);
        assert_eq!(application.send(jar.get("/app1/")).await.text, "anonymous");
        let logout = jar.request(Method::POST, "/app1/auth/weika/logout");
        assert_eq!(application.send(logout).await.location(), "/app1/");
    }
}

#[tokio::test]
async fn every_set_cookie_keeps_the_path_of_the_host_prefix() {
    for application in both() {
        let mut jar = Jar::default();
        let begun = application.send(jar.get("/app1/auth/weika/login")).await;
        let back = application.callback(&mut jar, &begun).await;
        for response in [&begun, &back] {
            for cookie in response.parts.headers.get_all(SET_COOKIE) {
                let cookie = cookie.to_str().unwrap();
                assert!(
                    cookie.starts_with("__Host-app1+weika-") && cookie.contains("; Path=/;"),
                    "{cookie}"
                );
            }
        }
    }
}

#[tokio::test]
async fn explicit_target_keeps_the_prefix_and_one_outside_is_replaced() {
    for application in both() {
        for (return_to, expected) in [
            ("/app1/x%3Fy", "/app1/x?y"),
            ("https://campus.example/app1/x%23/y", "/app1/x#/y"),
            ("/x", "/app1/"),
            ("/app2/x", "/app1/"),
            ("/app12", "/app1/"),
            ("https://campus.example/x", "/app1/"),
            ("/app1/auth/weika/login", "/app1/"),
            ("/app1/closed", "/app1/"),
        ] {
            let mut jar = Jar::default();
            let login = format!("/app1/auth/weika/login?return_to={return_to}");
            let begun = application.send(jar.get(&login)).await;
            let back = application.callback(&mut jar, &begun).await;
            assert_eq!(back.location(), expected, "{return_to}");
        }
    }
}

#[tokio::test]
async fn links_for_scripts_and_on_pages_have_the_prefix() {
    for application in both() {
        let script = |page: &str| {
            let request = Request::post("/app1/admin/api").header("referer", page);
            request.body(Body::default()).unwrap()
        };
        for (page, login_url) in [
            (
                "https://campus.example/app1/page",
                "/app1/auth/weika/login?return_to=%2Fapp1%2Fpage",
            ),
            ("https://campus.example/app2/page", "/app1/auth/weika/login"),
            ("https://campus.example/", "/app1/auth/weika/login"),
        ] {
            let response = application.send(script(page)).await;
            assert_eq!(response.parts.status, StatusCode::UNAUTHORIZED);
            let json: serde_json::Value = serde_json::from_str(&response.text).unwrap();
            assert_eq!(json["login_url"], login_url, "{page}");
        }

        let mut jar = Jar::default();
        let begun = application.send(jar.get("/app1/auth/weika/login")).await;
        application.callback(&mut jar, &begun).await;
        let forbidden = application.send(jar.get("/app1/forbidden")).await;
        assert_eq!(forbidden.parts.status, StatusCode::FORBIDDEN);
        let links = forbidden.text.matches("href=\"/").count();
        let inside = forbidden.text.matches("href=\"/app1/").count();
        assert!(links > 0 && links == inside, "{}", forbidden.text);
        let login = "/app1/auth/weika/login?return_to=%2Fapp1%2Fforbidden";
        assert!(forbidden.text.contains(login), "{}", forbidden.text);

        let unbound = application.send(jar.get("/app1/linked?x")).await;
        assert_eq!(
            unbound.location(),
            "/app1/bind?return_to=%2Fapp1%2Flinked%3Fx"
        );
    }
}

#[tokio::test]
async fn silent_login_returns_to_the_page_under_the_path() {
    for strips_prefix in [true, false] {
        let mut site = Site::new();
        site.provider.silent = true;
        let application = Application::with(strips_prefix, site);
        let mut jar = Jar::default();
        let mut page = jar.get("/app1/page?x");
        let agent = "Mozilla/5.0 (iPhone) MicroMessenger/8.0.50";
        page.headers_mut()
            .insert("user-agent", agent.parse().unwrap());
        let begun = application.send(page).await;
        let back = application.callback(&mut jar, &begun).await;
        assert_eq!(back.location(), "/app1/page?x");
    }
}

#[test]
fn urls_of_the_layer_are_those_that_browsers_see() {
    for Application { site, .. } in both() {
        let login = site.login;
        assert_eq!(login.login_path(), "/app1/auth/weika/login");
        assert_eq!(login.logout_path(), "/app1/auth/weika/logout");
        let to_admin = "/app1/auth/weika/login?return_to=%2Fapp1%2Fadmin";
        assert_eq!(login.login_url("/admin"), to_admin);
        assert_eq!(login.login_url(&login.return_to("/app1/admin")), to_admin);
        assert_eq!(login.login_url("/"), "/app1/auth/weika/login");
        assert_eq!(login.login_url("/closed"), "/app1/auth/weika/login");
        assert_eq!(login.login_url("//evil.example"), "/app1/auth/weika/login");
        assert_eq!(login.return_to("/app1/x"), "/app1/x");
        assert_eq!(login.return_to("/x"), "/app1/");
    }
}

#[tokio::test]
async fn endpoints_are_at_the_path_with_which_requests_arrive_only() {
    for (strips_prefix, arriving, other) in [(true, "", "/app1"), (false, "/app1", "")] {
        let login = Application::new(strips_prefix).site.login;
        let status = async |path: String| {
            let request = Jar::default().get(&path);
            login.endpoints().oneshot(request).await.unwrap().status()
        };
        let expected = [
            ("login", StatusCode::SEE_OTHER),
            ("callback", StatusCode::BAD_REQUEST),
            ("logout", StatusCode::METHOD_NOT_ALLOWED),
        ];
        for (endpoint, expected) in expected {
            assert_eq!(
                status(format!("{arriving}/auth/weika/{endpoint}")).await,
                expected
            );
            let elsewhere = status(format!("{other}/auth/weika/{endpoint}")).await;
            assert_eq!(elsewhere, StatusCode::NOT_FOUND);
        }
    }
}

#[tokio::test]
async fn p2_prefix_guard_covers_every_spelling_of_the_path() {
    for application in both() {
        for guarded in [
            "/app1/guarded",
            "/app1/guarded/x?y",
            "/app1/%67uarded",
            "/app1//guarded",
            "/app1/./guarded",
            "/app1/x/..%2fguarded",
            "/app1/;/guarded",
            "/guarded",
            "/guarded/x",
        ] {
            let response = application.send(Jar::default().get(guarded)).await;
            assert_ne!(response.text, "anonymous", "{guarded}");
            assert_ne!(response.parts.status, StatusCode::OK, "{guarded}");
        }
        for open in ["/app1/", "/app1/x", "/app1/guardedx"] {
            let response = application.send(Jar::default().get(open)).await;
            assert_eq!(response.text, "anonymous", "{open}");
        }
    }
    // Spellings of the prefix itself, which the application sees if no proxy strips it.
    let application = Application::new(false);
    for guarded in [
        "/%61pp1/guarded",
        "/app%31/guarded",
        "//app1/guarded",
        "/x/../app1/guarded",
        "/app1%2fguarded",
        "/app1;/guarded",
        "/app1\\guarded",
        "/%2561pp1/guarded",
    ] {
        let response = application.send(Jar::default().get(guarded)).await;
        assert_ne!(response.parts.status, StatusCode::OK, "{guarded}");
    }
}

#[test]
fn path_of_the_public_url_is_a_plain_path() {
    let build = |url: &str| {
        let builder = LoginLayer::builder(Site::new().provider).public_url(url);
        builder.build().map_err(|error| error.errors().to_vec())
    };
    for (url, login) in [
        ("https://campus.example", "/auth/weika/login"),
        ("https://campus.example/", "/auth/weika/login"),
        ("https://campus.example/app1", "/app1/auth/weika/login"),
        ("https://campus.example/app1/", "/app1/auth/weika/login"),
        (
            "HTTPS://Campus.Example:443/a/B.c_d~e-1",
            "/a/B.c_d~e-1/auth/weika/login",
        ),
    ] {
        assert_eq!(build(url).unwrap().login_path(), login, "{url}");
    }
    let too_long = format!("https://campus.example/{}", "a".repeat(64));
    for url in [
        "https://campus.example//",
        "https://campus.example//app1",
        "https://campus.example/app1//",
        "https://campus.example/a//b",
        "https://campus.example/./app1",
        "https://campus.example/a/../app1",
        "https://campus.example/%61pp1",
        "https://campus.example/a%2fb",
        "https://campus.example/a;b",
        "https://campus.example/a b",
        "https://campus.example/a+b",
        "https://campus.example/应用",
        "https://campus.example\\app1",
        "https://campus.example/a\\b",
        "https://campus.example/app1?x",
        "https://campus.example/app1#x",
        "https://u@campus.example/app1",
        "https:/campus.example/app1",
        &too_long,
    ] {
        assert!(
            matches!(
                build(url).unwrap_err()[..],
                [ConfigErrorKind::InvalidUrl { .. }]
            ),
            "{url}"
        );
    }
}

#[test]
fn default_target_is_relative_to_the_application() {
    let build = |target: &str| {
        let builder = LoginLayer::builder(Site::new().provider).public_url(URL);
        let login = builder
            .default_target(target)
            .return_origin("https://portal.example")
            .build();
        login.map(|login| login.return_to(""))
    };
    assert_eq!(build("/home").unwrap(), "/app1/home");
    assert_eq!(build("/app1/home").unwrap(), "/app1/home");
    assert_eq!(
        build("https://portal.example/x").unwrap(),
        "https://portal.example/x"
    );
    for invalid in ["https://campus.example/other", "/auth/weika/login", "home"] {
        assert!(build(invalid).is_err(), "{invalid}");
    }
}
