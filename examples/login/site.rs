//! The routes and their guards.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{from_fn, map_request, map_response_with_state};
use axum::response::{Html, IntoResponse, Json, Response};
use axum::routing::{get, post};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::{Value, json};
use tokio::time::timeout;
use tower_weika::BoxError;
use tower_weika::client::binding::BindingClient;
use tower_weika::client::weika::WeikaClient;
use tower_weika::client::weika_member::IdentityTypes;
use tower_weika::guard::GuardLayer;
use tower_weika::identity::{Member, WechatUser};
use tower_weika::login::LoginLayer;
use tower_weika::official_account::SchoolAccount;
use tower_weika::provider::{
    Mapped, WechatUserProvider, WeikaManagerProvider, WeikaMemberProvider,
};
use tower_weika::request::UserAgent;
use tower_weika::response::Rejection;
use tower_weika::session::Authenticated;
use url::Url;

use crate::audit::Audit;
use crate::page::{self, Frame};
use crate::pretend::{self, Pretence};
use crate::reader::Reader;
use crate::settings::Settings;
use crate::staff::{Directory, Staff};
use crate::store::{Store, Stores};
use crate::upstream::Upstream;
use crate::visitor::{Visitor, login_required};
use crate::{account, bind, devices, health, measure, view};

/// The longest form has a mobile number and a verification code.
const LONGEST_FORM: usize = 16 * 1024;

/// The age up to which a session is accepted where settings are changed.
const RECENT: Duration = Duration::from_secs(15 * 60);

/// How long a page waits for the name of an identity type, which is optional there.
const PATIENCE: Duration = Duration::from_secs(1);

/// The state shared by the handlers.
#[derive(Clone)]
pub(crate) struct Site {
    /// For the readiness probe.
    pub(crate) weika: WeikaClient,
    /// For the page that links an account. With the application's own secret there is none.
    pub(crate) binding: Option<BindingClient>,
    /// The names of the identity types at the school.
    pub(crate) identity_types: IdentityTypes,
    /// The official account of the school.
    pub(crate) school: SchoolAccount,
    pub(crate) manager_login: LoginLayer<Mapped<WeikaManagerProvider, Staff>, Store<Staff>>,
    pub(crate) member_login: LoginLayer<WeikaMemberProvider, Store<Member>>,
    pub(crate) wechat_login: LoginLayer<WechatUserProvider, Store<WechatUser>>,
    /// For the readiness probe.
    pub(crate) stores: Stores,
    pub(crate) metrics: PrometheusHandle,
    /// The origin of this site, as browsers send it.
    pub(crate) origin: Arc<str>,
    pub(crate) frame: Arc<Frame>,
    policy: HeaderValue,
}

impl Site {
    pub(crate) fn new(
        settings: &Settings,
        address: SocketAddr,
        upstream: Upstream,
        stores: Stores,
        audit: &Audit,
        metrics: PrometheusHandle,
    ) -> Result<Self, BoxError> {
        let Upstream {
            weika,
            member,
            wechat,
            school,
            imitation,
        } = upstream;
        let client = weika.client().clone();
        let identity_types = member.identity_types().clone();
        let binding = wechat.provider.binding().cloned();
        let manager_login = settings
            .login_layer(
                Directory::default().provider(weika),
                stores.store(),
                address,
            )
            .observer(audit.observer())
            .build()?;
        let member_login = settings
            .login_layer(member, stores.store(), address)
            .observer(audit.observer())
            .build()?;
        let wechat_login = settings
            .login_layer(wechat.provider, stores.store(), address)
            .silent_login()
            .observer(audit.observer())
            .build()?;
        let frame = Frame {
            manager_login: manager_login.login_path().to_owned(),
            manager_logout: manager_login.logout_path().to_owned(),
            member_login: member_login.login_path().to_owned(),
            member_logout: member_login.logout_path().to_owned(),
            wechat_login: wechat_login.login_path().to_owned(),
            wechat_logout: wechat_login.logout_path().to_owned(),
            has_binding: binding.is_some(),
            imitation,
        };
        Ok(Self {
            weika: client,
            binding,
            identity_types,
            school,
            manager_login,
            member_login,
            wechat_login,
            stores,
            metrics,
            origin: origin(&settings.public_url(address))?.into(),
            frame: Arc::new(frame),
            policy: policy(&origin(&wechat.authorize_url)?)?,
        })
    }

    /// Whether browsers reach the site over TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }

    /// All routes, with the login layers around them.
    pub(crate) fn router(self) -> Router {
        // For the forms: `SameSite` cookies do not protect them from sibling hosts. Inside the
        // guards, so that a visitor whose session has expired is offered a login.
        let same_origin = self.manager_login.same_origin();
        // One router for each requirement: its guard covers every method of its routes, in every
        // spelling of a path.
        let for_chiefs = Router::new()
            .route("/admin/settings", get(settings))
            .route_layer(GuardLayer::<Staff>::custom(Staff::is_chief).max_age(RECENT));
        let for_managers = Router::new()
            .route("/admin", get(admin))
            .route("/admin/", get(admin))
            .route("/admin/{*rest}", get(admin))
            .route("/account", get(account::show))
            .route_layer(GuardLayer::<Staff>::logged_in());
        let for_members = Router::new()
            .route("/card", get(card))
            .route("/card/", get(card))
            .route("/card/{*rest}", get(card))
            .route_layer(GuardLayer::<Member>::logged_in());
        let campus_app = Router::new()
            .route("/app", get(app))
            .route("/app/", get(app))
            .route("/app/{*rest}", get(app));
        let for_bound_users = match self.binding {
            Some(_) => campus_app.route_layer(GuardLayer::<WechatUser>::bound(bind::PATH)),
            // No service knows a binding.
            None => campus_app.route_layer(GuardLayer::<WechatUser>::logged_in()),
        };
        // Not behind the guard above, which redirects unbound users to this page.
        let for_wechat_users = Router::new()
            .route(bind::PATH, get(bind::show).post(bind::submit))
            .route_layer(same_origin.clone())
            .route_layer(GuardLayer::<WechatUser>::logged_in());
        let for_all_users = Router::new()
            .route(devices::PATH, get(devices::show).post(devices::submit))
            .route_layer(same_origin.clone())
            .route_layer(from_fn(devices::require_login));
        let site = Router::new()
            // Silent login on this route only: scripts receive the identity from `/api/me`, and
            // visitors of the back office are not WeChat users. It follows the school's setting at
            // Kesion.
            .route("/", get(home).layer(self.wechat_login.silent_login()))
            .route("/api/me", get(me))
            .route(
                "/style.css",
                get(|| asset("text/css; charset=utf-8", include_str!("style.css"))),
            )
            .route(
                "/icon.svg",
                get(|| asset("image/svg+xml", include_str!("icon.svg"))),
            )
            .merge(for_managers)
            .merge(for_chiefs)
            .merge(for_members)
            .merge(for_bound_users)
            .merge(for_wechat_users)
            .merge(for_all_users);
        let may_pretend = self.frame.imitation.as_ref().is_some_and(|it| it.wechat);
        let site = if may_pretend {
            site.route(pretend::PATH, post(pretend::switch).layer(same_origin))
        } else {
            site
        };
        let site = site
            .fallback(not_found)
            .layer(DefaultBodyLimit::max(LONGEST_FORM))
            .layer(map_response_with_state(self.clone(), harden))
            .layer(self.wechat_login.clone())
            .layer(self.member_login.clone())
            .layer(self.manager_login.clone());
        let site = if may_pretend {
            site.layer(map_request(pretend::pretend))
        } else {
            site
        };
        // Probes are unauthenticated and have to respond even if the session store fails.
        let probes = Router::new()
            .route("/healthz", get(health::live))
            .route("/readyz", get(health::ready))
            .route("/metrics", get(measure::show))
            .layer(map_response_with_state(self.clone(), harden));
        site.merge(probes).with_state(self)
    }
}

async fn home(
    State(site): State<Site>,
    reader: Reader,
    visitor: Visitor,
    pretence: Pretence,
) -> Html<String> {
    let account = match &visitor.wechat {
        Some(user) => account::name_for(&site, user).await,
        None => None,
    };
    Html(page::home(
        &site.frame,
        &reader,
        &visitor,
        account.as_deref(),
        pretence,
    ))
}

async fn admin(
    State(site): State<Site>,
    reader: Reader,
    staff: Authenticated<Staff>,
    visitor: Visitor,
) -> Html<String> {
    Html(page::admin(&site.frame, &reader, &staff, &visitor))
}

async fn settings(State(site): State<Site>, reader: Reader, visitor: Visitor) -> Html<String> {
    Html(page::settings(&site.frame, &reader, &visitor))
}

async fn card(
    State(site): State<Site>,
    reader: Reader,
    member: Authenticated<Member>,
    visitor: Visitor,
) -> Html<String> {
    let identity_type = identity_type(&site, &member).await;
    Html(page::card(
        &site.frame,
        &reader,
        &member,
        &visitor,
        identity_type.as_deref(),
    ))
}

async fn app(
    State(site): State<Site>,
    reader: Reader,
    user: Authenticated<WechatUser>,
    visitor: Visitor,
) -> Html<String> {
    let account = account::name_for(&site, &user).await;
    Html(page::app(
        &site.frame,
        &reader,
        &user,
        &visitor,
        account.as_deref(),
    ))
}

/// Responds with JSON even to a navigation, because a rejection of a request without headers is
/// JSON. It names the login that this client supports.
async fn me(headers: HeaderMap, visitor: Visitor) -> Result<Json<Value>, Rejection> {
    if visitor.is_anonymous() {
        let browser = UserAgent::of(&headers);
        return Err(login_required(browser, &Method::GET, &HeaderMap::new()));
    }
    let staff = visitor.staff.as_deref();
    let manager = staff.map(|staff| view::manager(staff.manager()));
    let member = visitor.member.as_deref().map(view::member);
    let wechat = visitor.wechat.as_deref().map(view::wechat_user);
    Ok(Json(
        json!({ "manager": manager, "member": member, "wechat": wechat }),
    ))
}

/// Returns the school's name for the identity type of a member, if Weika reports it in time.
async fn identity_type(site: &Site, member: &Member) -> Option<String> {
    let entry = timeout(PATIENCE, site.identity_types.of(member)).await;
    entry.ok()?.ok()?.map(|entry| entry.name)
}

async fn not_found(
    State(site): State<Site>,
    reader: Reader,
    visitor: Visitor,
) -> (StatusCode, Html<String>) {
    (
        StatusCode::NOT_FOUND,
        Html(page::not_found(&site.frame, &reader, &visitor)),
    )
}

async fn asset(content_type: &'static str, text: &'static str) -> impl IntoResponse {
    (
        [
            (CONTENT_TYPE, content_type),
            (CACHE_CONTROL, "public, max-age=300"),
        ],
        text,
    )
}

/// Adds the headers that every response of this site has. The responses of the login layers set
/// their own.
async fn harden(State(site): State<Site>, mut response: Response) -> Response {
    // `same-origin`, because with `no-referrer` browsers send forms with `Origin: null`.
    // `no-store`, because nearly every page shows the identity of the visitor.
    let defaults: [(HeaderName, HeaderValue); 4] = [
        (CONTENT_SECURITY_POLICY, site.policy),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    for (name, value) in defaults {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

/// Chromium applies `form-action` to the redirects after a form too, and the form that links an
/// account ends with a login, which redirects to `wechat`.
fn policy(wechat: &str) -> Result<HeaderValue, BoxError> {
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' {wechat}; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    Ok(HeaderValue::try_from(policy)?)
}

fn origin(url: &str) -> Result<String, BoxError> {
    Ok(Url::parse(url)?.origin().ascii_serialization())
}
