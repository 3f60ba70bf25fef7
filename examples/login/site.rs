//! The routes, and who may see them.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::map_response;
use axum::response::{Html, IntoResponse, Json, Response};
use axum::routing::get;
use serde_json::{Value, json};
use tower_weika::answer::Rejection;
use tower_weika::client::weika::WeikaClient;
use tower_weika::extract::Authenticated;
use tower_weika::guard::GuardLayer;
use tower_weika::identity::Manager;
use tower_weika::login::LoginLayer;
use tower_weika::provider::WeikaManagerProvider;

use crate::page::{self, Frame};
use crate::reader::Reader;
use crate::{health, view};

type Login = LoginLayer<WeikaManagerProvider>;

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Site {
    /// For the readiness probe.
    pub(crate) weika: WeikaClient,
    frame: Arc<Frame>,
}

impl Site {
    pub(crate) fn new(login: &Login, weika: WeikaClient, sandbox_url: Option<String>) -> Self {
        let frame = Frame {
            login_path: login.login_path().to_owned(),
            logout_path: login.logout_path().to_owned(),
            sandbox_url,
        };
        Self { weika, frame: Arc::new(frame) }
    }

    /// All routes, with the login layer around them.
    pub(crate) fn router(self, login: Login) -> Router {
        // A guard around each route, so that no spelling of a path gets around it.
        let settings = get(settings).layer(GuardLayer::<Manager>::role(1));
        let for_managers = Router::new()
            .route("/admin", get(admin))
            .route("/admin/", get(admin))
            .route("/admin/{*rest}", get(admin))
            .route("/admin/settings", settings)
            .route_layer(GuardLayer::<Manager>::logged_in());
        Router::new()
            .route("/", get(home))
            .route("/api/me", get(me))
            .route("/healthz", get(health::live))
            .route("/readyz", get(health::ready))
            .route("/style.css", get(|| asset("text/css; charset=utf-8", include_str!("style.css"))))
            .route("/icon.svg", get(|| asset("image/svg+xml", include_str!("icon.svg"))))
            .merge(for_managers)
            .fallback(not_found)
            .layer(map_response(harden))
            .layer(login)
            .with_state(self)
    }
}

async fn home(State(site): State<Site>, reader: Reader, manager: Option<Authenticated<Manager>>) -> Html<String> {
    Html(page::home(&site.frame, &reader, manager.as_ref()))
}

async fn admin(State(site): State<Site>, reader: Reader, manager: Authenticated<Manager>) -> Html<String> {
    Html(page::admin(&site.frame, &reader, &manager))
}

async fn settings(State(site): State<Site>, reader: Reader, manager: Authenticated<Manager>) -> Html<String> {
    Html(page::settings(&site.frame, &reader, &manager))
}

/// Always JSON, also for somebody who navigates here: a rejection of a request without headers is.
async fn me(manager: Option<Authenticated<Manager>>) -> Result<Json<Value>, Rejection> {
    let Some(manager) = manager else {
        return Err(Rejection::login_required::<Manager>(&Method::GET, &HeaderMap::new()));
    };
    Ok(Json(json!({ "manager": view::manager(&manager), "wechat": null })))
}

async fn not_found(
    State(site): State<Site>,
    reader: Reader,
    manager: Option<Authenticated<Manager>>,
) -> (StatusCode, Html<String>) {
    (StatusCode::NOT_FOUND, Html(page::not_found(&site.frame, &reader, manager.as_ref())))
}

async fn asset(content_type: &'static str, text: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, content_type), (CACHE_CONTROL, "public, max-age=300")], text)
}

/// Adds what every answer of this site carries. Those of the login layer have their own.
async fn harden(mut response: Response) -> Response {
    // `same-origin`, because with `no-referrer` the logout form would come from the origin `null`.
    // `no-store`, because nearly every page shows who is asking.
    let defaults: [(HeaderName, &'static str); 4] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in defaults {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";
