//! Applications whose routes leave the endpoints out, in axum and in salvo: the callback is lost,
//! the log says so once, and endpoints that are routed by name work.

use axum::Router;
use axum::extract::Request as AxumRequest;
use axum::routing::get;

use super::*;
use crate::trace::tests::Captured;

type Login = LoginLayer<Provider>;

/// The begin of the log line about callbacks that do not arrive.
const NO_CALLBACK: &str = "login: no callback has arrived yet";
/// The begin of the log line about `nest`.
const NEST: &str = "login: the layer is inside a router that shortens paths";

async fn who(request: AxumRequest) -> String {
    let known = request.extensions().get::<Authenticated<Person>>();
    known
        .map_or("anonymous", |person| person.subject())
        .to_owned()
}

/// A public page and a guarded one.
fn pages() -> Router {
    let admin = Router::new()
        .route("/admin", get(who))
        .route_layer(GuardLayer::<Person>::logged_in());
    Router::new().route("/", get(who)).merge(admin)
}

async fn single_page() -> &'static str {
    "single page"
}

/// The endpoints, routed by name.
fn endpoints(login: &Login) -> Router {
    Router::new().route_service("/auth/weika/{*rest}", login.endpoints())
}

fn route_layer(login: &Login) -> Router {
    pages().route_layer(login.clone())
}

fn merged_into_a_fallback(login: &Login) -> Router {
    Router::new()
        .fallback(single_page)
        .merge(pages().layer(login.clone()))
}

fn fallback_after_the_layer(login: &Login) -> Router {
    pages().layer(login.clone()).fallback(single_page)
}

fn merged_with_others(login: &Login) -> Router {
    pages()
        .layer(login.clone())
        .merge(Router::new().route("/healthz", get(async || "ok")))
}

fn nested(login: &Login) -> Router {
    Router::new().nest("/campus", pages().layer(login.clone()))
}

/// Returns the response of an application to a navigation.
async fn send(app: &Router, request: Request<Body>) -> TextResponse {
    collect(app.clone().oneshot(request).await.unwrap()).await
}

/// Begins a login at a guarded page.
async fn begin(app: &Router, admin: &str, jar: &mut Jar) -> String {
    let response = send(app, jar.get(admin)).await;
    assert!(response.is_to_provider(), "{response:?}");
    jar.apply(&response);
    response.state()
}

fn occurrences(captured: &Captured, line: &str) -> usize {
    captured.text().matches(line).count()
}

/// Asserts that logins begin, that their callbacks get `response`, and that the log names this once,
/// after the logins have expired.
async fn assert_lost(app: fn(&Login) -> Router, admin: &str, response: (StatusCode, &str)) {
    let captured = Captured::new();
    let site = Site::new();
    let app = app(&site.login);
    for _ in 0..3 {
        let mut jar = Jar::default();
        let state = begin(&app, admin, &mut jar).await;
        let lost = send(&app, jar.get(&site.callback_url("wang", &state))).await;
        assert_eq!((lost.parts.status, &*lost.text), response);
    }
    site.clock.advance(Duration::from_secs(599));
    begin(&app, admin, &mut Jar::default()).await;
    assert_eq!(occurrences(&captured, NO_CALLBACK), 0);
    site.clock.advance(Duration::from_secs(1));
    for _ in 0..3 {
        begin(&app, admin, &mut Jar::default()).await;
        site.clock.advance(Duration::from_secs(3_600));
    }
    assert_eq!(occurrences(&captured, NO_CALLBACK), 1);
    let text = captured.text();
    let line = text
        .lines()
        .find(|line| line.contains(NO_CALLBACK))
        .unwrap();
    for part in ["WARN", "/auth/weika/callback", "begun=4", "endpoints()"] {
        assert!(line.contains(part), "{part}: {line}");
    }
}

/// Asserts that a login at a guarded page succeeds and returns there, without a line in the log.
async fn assert_cured(app: fn(&Login) -> Router, admin: &str) {
    let captured = Captured::new();
    let site = Site::new();
    let app = endpoints(&site.login).merge(app(&site.login));
    // Users who abandon their logins are no mistake of the application.
    for _ in 0..5 {
        begin(&app, admin, &mut Jar::default()).await;
    }
    let mut jar = Jar::default();
    let state = begin(&app, admin, &mut jar).await;
    let back = send(&app, jar.get(&site.callback_url("wang", &state))).await;
    assert_eq!(back.location(), admin);
    jar.apply(&back);
    assert_eq!(send(&app, jar.get(admin)).await.text, "wang");
    for _ in 0..5 {
        begin(&app, admin, &mut Jar::default()).await;
        site.clock.advance(Duration::from_secs(700));
    }
    let logout = jar.request(Method::POST, "/auth/weika/logout");
    assert_eq!(send(&app, logout).await.location(), "/");
    for line in [NO_CALLBACK, NEST] {
        assert_eq!(occurrences(&captured, line), 0);
    }
}

#[tokio::test]
async fn route_layer_loses_the_callback_and_routed_endpoints_do_not() {
    assert_lost(route_layer, "/admin", (StatusCode::NOT_FOUND, "")).await;
    assert_cured(route_layer, "/admin").await;
}

#[tokio::test]
async fn fallback_that_the_layer_is_merged_into_takes_the_callback_and_not_routed_endpoints() {
    let single_page = (StatusCode::OK, "single page");
    assert_lost(merged_into_a_fallback, "/admin", single_page).await;
    assert_cured(merged_into_a_fallback, "/admin").await;
}

#[tokio::test]
async fn fallback_after_the_layer_takes_the_callback_and_not_routed_endpoints() {
    let single_page = (StatusCode::OK, "single page");
    assert_lost(fallback_after_the_layer, "/admin", single_page).await;
    assert_cured(fallback_after_the_layer, "/admin").await;
}

#[tokio::test]
async fn router_that_is_merged_into_the_layer_loses_the_callback_and_routed_endpoints_do_not() {
    assert_lost(merged_with_others, "/admin", (StatusCode::NOT_FOUND, "")).await;
    assert_cured(merged_with_others, "/admin").await;
}

#[tokio::test]
async fn layer_in_a_nested_router_loses_the_callback_and_routed_endpoints_do_not() {
    assert_lost(nested, "/campus/admin", (StatusCode::NOT_FOUND, "")).await;
    assert_cured(nested, "/campus/admin").await;
}

#[tokio::test]
async fn nested_layer_is_an_error_at_the_first_login_and_once() {
    for first in ["/campus/admin", "/campus/auth/weika/login"] {
        let captured = Captured::new();
        let login = Site::new().login;
        // With another fallback inside, so that the layer sees its login endpoint there.
        let routes = pages().fallback(async || StatusCode::NOT_FOUND);
        let app = Router::new().nest("/campus", routes.layer(login));
        for target in ["/campus/", first, "/campus/admin"] {
            send(&app, Jar::default().get(target)).await;
        }
        assert_eq!(occurrences(&captured, NEST), 1, "{first}");
        let text = captured.text();
        let line = text.lines().find(|line| line.contains(NEST)).unwrap();
        for part in ["ERROR", first, "endpoints()"] {
            assert!(line.contains(part), "{part}: {line}");
        }
    }
}

#[tokio::test]
async fn router_that_removes_the_path_of_the_public_url_is_no_mistake() {
    let captured = Captured::new();
    let mut site = Site::new();
    site.login = LoginLayer::builder(site.provider.clone())
        .public_url("https://campus.example/campus")
        .clock(site.clock.clock())
        .build()
        .unwrap();
    // Without a request for the endpoints of `merge`, axum would use the outer fallback.
    let routes = pages().fallback(async || StatusCode::NOT_FOUND);
    let app = Router::new().nest("/campus", routes.layer(site.login.clone()));
    let mut jar = Jar::default();
    let state = begin(&app, "/campus/admin", &mut jar).await;
    let callback = format!("/campus{}", site.callback_url("wang", &state));
    let back = send(&app, jar.get(&callback)).await;
    assert_eq!(back.location(), "/campus/admin");
    assert_eq!(occurrences(&captured, NEST), 0);
}

#[tokio::test]
async fn guards_in_a_nested_router_are_no_mistake_and_their_pages_know_the_target() {
    let captured = Captured::new();
    let site = Site::new();
    let forbidden = Router::new()
        .route("/forbidden", get(who))
        .route_layer(GuardLayer::<Person>::custom(|_: &Person| false));
    let app = Router::new()
        .nest("/campus", pages().merge(forbidden))
        .layer(site.login.clone());
    begin(&app, "/campus/admin", &mut Jar::default()).await;
    assert_eq!(occurrences(&captured, NEST), 0);

    let mut jar = Jar::default();
    site.log_in(&mut jar, "wang").await;
    let rejected = send(&app, jar.get("/campus/forbidden?x")).await;
    assert_eq!(rejected.parts.status, StatusCode::FORBIDDEN);
    let again = "/auth/weika/login?return_to=%2Fcampus%2Fforbidden%3Fx";
    assert!(rejected.text.contains(again), "{}", rejected.text);
}

#[tokio::test]
async fn endpoints_that_are_nested_find_their_full_path() {
    let login = Site::new().login;
    let app = Router::new().nest_service("/auth/weika", login.endpoints());
    assert!(
        send(&app, Jar::default().get("/auth/weika/login"))
            .await
            .is_to_provider()
    );
    let other = send(&app, Jar::default().get("/auth/weika/other")).await;
    assert_eq!(other.parts.status, StatusCode::NOT_FOUND);
    assert_eq!(other.parts.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn endpoints_need_no_router_and_no_layer() {
    let (site, mut jar) = (Site::new(), Jar::default());
    let endpoints = site.login.endpoints();
    let begun = collect(
        endpoints
            .clone()
            .oneshot(jar.get("/auth/weika/login"))
            .await
            .unwrap(),
    )
    .await;
    jar.apply(&begun);
    let callback = jar.get(&site.callback_url("wang", &begun.state()));
    let back = collect(endpoints.clone().oneshot(callback).await.unwrap()).await;
    jar.apply(&back);
    // The layer accepts the session: both share everything.
    assert_eq!(site.who(&jar).await, "wang");
    let elsewhere = endpoints.oneshot(jar.get("/admin")).await.unwrap();
    assert_eq!(elsewhere.status(), StatusCode::NOT_FOUND);
}

mod salvo {
    use hyper::service::Service as _;
    use salvo_core::conn::SocketAddr;
    use salvo_core::http::ReqBody;
    use salvo_core::{
        Depot, FlowCtrl, Handler, Request as SalvoRequest, Response as SalvoResponse, Router,
        Service as SalvoService, async_trait,
    };
    use salvo_extra::TowerLayerCompat;
    use salvo_extra::tower_compat::TowerServiceCompat;

    use super::*;

    struct Admin;

    #[async_trait]
    impl Handler for Admin {
        async fn handle(
            &self,
            request: &mut SalvoRequest,
            _: &mut Depot,
            response: &mut SalvoResponse,
            _: &mut FlowCtrl,
        ) {
            let known = request.extensions().get::<Authenticated<Person>>();
            response.render(
                known
                    .map_or("anonymous", |person| person.subject())
                    .to_owned(),
            );
        }
    }

    fn pages(login: &Login) -> Router {
        let admin = Router::with_path("admin")
            .hoop(TowerLayerCompat::compat::<ReqBody>(
                GuardLayer::<Person>::logged_in(),
            ))
            .goal(Admin);
        Router::new()
            .hoop(TowerLayerCompat::compat::<ReqBody>(login.clone()))
            .push(admin)
    }

    async fn send(router: &SalvoService, request: Request<Body>) -> TextResponse {
        let handler = router.hyper_handler(
            SocketAddr::Unknown,
            SocketAddr::Unknown,
            http::uri::Scheme::HTTP,
            None,
            None,
        );
        let request = request.map(|_| ReqBody::None);
        collect(handler.call(request).await.unwrap()).await
    }

    async fn begin(service: &SalvoService, jar: &mut Jar) -> String {
        let response = send(service, jar.get("/admin")).await;
        assert!(response.is_to_provider(), "{response:?}");
        jar.apply(&response);
        response.state()
    }

    #[tokio::test]
    async fn without_a_route_the_callback_is_lost() {
        let captured = Captured::new();
        let site = Site::new();
        let service = SalvoService::new(pages(&site.login));
        for _ in 0..3 {
            let mut jar = Jar::default();
            let state = begin(&service, &mut jar).await;
            let lost = send(&service, jar.get(&site.callback_url("wang", &state))).await;
            assert_eq!(lost.parts.status, StatusCode::NOT_FOUND);
        }
        assert_eq!(occurrences(&captured, NO_CALLBACK), 0);
        for _ in 0..3 {
            site.clock.advance(Duration::from_secs(600));
            begin(&service, &mut Jar::default()).await;
        }
        assert_eq!(occurrences(&captured, NO_CALLBACK), 1);
    }

    #[tokio::test]
    async fn routed_endpoints_log_in_and_out() {
        let captured = Captured::new();
        let site = Site::new();
        let endpoints = site.login.endpoints();
        let endpoints = TowerServiceCompat::<ReqBody, _, _, _>::compat(endpoints);
        let endpoints = Router::with_path("auth/weika/{**rest}").goal(endpoints);
        let service = SalvoService::new(Router::new().push(endpoints).push(pages(&site.login)));
        let mut jar = Jar::default();
        let state = begin(&service, &mut jar).await;
        let back = send(&service, jar.get(&site.callback_url("wang", &state))).await;
        assert_eq!(back.location(), "/admin");
        jar.apply(&back);
        assert_eq!(send(&service, jar.get("/admin")).await.text, "wang");
        for _ in 0..5 {
            site.clock.advance(Duration::from_secs(600));
            begin(&service, &mut Jar::default()).await;
        }
        assert_eq!(occurrences(&captured, NO_CALLBACK), 0);
        let logout = jar.request(Method::POST, "/auth/weika/logout");
        let logged_out = send(&service, logout).await;
        assert_eq!(logged_out.location(), "/");
    }
}
