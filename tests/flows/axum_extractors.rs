//! The login layer around axum: extractors, nested routers, two login layers at once.

use std::fmt;

use axum::Router;
use axum::extract::OriginalUri;
use axum::routing::get;
use http::StatusCode;
use tower_weika::client::weika::WeikaClient;
use tower_weika::guard::GuardLayer;
use tower_weika::identity::{Identity, Manager};
use tower_weika::login::LoginLayer;
use tower_weika::provider::{
    AuthorizeRequest, ExchangeContext, IdentityProvider, Verified, WeikaManagerProvider,
};
use tower_weika::session::Authenticated;
use tower_weika::{AuthorizationCode, Error};
use tower_weika_sandbox::{Browser, Sandbox};

use super::site::{ORIGIN, Server};

const WANG: &str = "oSandboxWang0000000000000001";
const LI: &str = "oSandboxLi000000000000000002";

/// A second provider, with another identity type.
#[derive(Clone)]
struct Desk(WeikaClient);

#[derive(Debug)]
struct Clerk(Manager);

impl Identity for Clerk {
    fn subject(&self) -> &str {
        self.0.subject()
    }
}

impl fmt::Display for Clerk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "clerk {}", self.subject())
    }
}

impl IdentityProvider for Desk {
    type Identity = Clerk;

    fn name(&self) -> &str {
        "desk"
    }

    fn application(&self) -> &str {
        "test-application"
    }

    fn code_parameter(&self) -> &str {
        "wxcode"
    }

    async fn authorize_url(&self, request: AuthorizeRequest<'_>) -> Result<String, Error> {
        Ok(self.0.authorize_url(request.redirect_uri, request.state))
    }

    async fn exchange(
        &self,
        code: AuthorizationCode,
        _: ExchangeContext<'_>,
    ) -> Result<Verified<Clerk>, Error> {
        self.0
            .manager(code)
            .await
            .map(|manager| Verified::new(Clerk(manager)))
    }
}

/// Two login layers, for a test to put around its routes.
struct Parts {
    sandbox: Sandbox,
    managers: LoginLayer<WeikaManagerProvider>,
    clerks: LoginLayer<Desk>,
}

impl Parts {
    async fn new() -> Self {
        let sandbox = Sandbox::builder()
            .auto_approve("wang")
            .start()
            .await
            .expect("a sandbox");
        let client = WeikaClient::builder(sandbox.app_key(), sandbox.app_secret())
            .base_url(sandbox.base_url());
        let client = client.build().expect("a client");
        // The same secret on purpose: the separation of the two logins must not depend on it.
        let managers = LoginLayer::builder(WeikaManagerProvider::new(client.clone()));
        let managers = managers
            .public_url(ORIGIN)
            .secret([7; 32])
            .build()
            .expect("a login layer");
        let clerks = LoginLayer::builder(Desk(client))
            .public_url(ORIGIN)
            .secret([7; 32])
            .build();
        Self {
            sandbox,
            managers,
            clerks: clerks.expect("a login layer"),
        }
    }
}

fn browser(server: &Server) -> Browser {
    Browser::new().route(ORIGIN, server.address)
}

fn page(path: &str) -> String {
    format!("{ORIGIN}{path}")
}

async fn admin(manager: Authenticated<Manager>) -> String {
    manager.user_id.to_string()
}

async fn home(manager: Option<Authenticated<Manager>>) -> String {
    manager.map_or_else(
        || "anonymous".to_owned(),
        |manager| manager.user_id.to_string(),
    )
}

#[tokio::test]
async fn extractor_redirects_to_the_login_and_the_optional_one_accepts_anonymous_requests() {
    let parts = Parts::new().await;
    let app = Router::new()
        .route("/", get(home))
        .route("/admin", get(admin))
        .layer(parts.managers.clone());
    let server = Server::start(app);
    let browser = browser(&server);
    assert_eq!(browser.get(&page("/")).await.unwrap().text(), "anonymous");
    assert_eq!(
        browser.fetch(&page("/admin")).await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    let visit = browser.get(&page("/admin")).await.unwrap();
    assert_eq!(
        (visit.url(), visit.text().as_str()),
        (page("/admin").as_str(), WANG)
    );
    assert_eq!(browser.get(&page("/")).await.unwrap().text(), WANG);
}

#[tokio::test]
async fn missing_layer_is_an_error_that_names_the_remedy() {
    let app = Router::new()
        .route("/", get(home))
        .route("/admin", get(admin));
    let server = Server::start(app);
    let browser = browser(&server);
    let visit = browser.get(&page("/admin")).await.unwrap();
    assert_eq!(visit.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let json = visit.json().unwrap();
    assert_eq!(json["error"], "missing_layer");
    let message = json["message"].as_str().unwrap();
    assert!(
        message.contains("LoginLayer") && message.contains("Manager"),
        "{message}"
    );
    assert_eq!(browser.get(&page("/")).await.unwrap().text(), "anonymous");
}

#[tokio::test]
async fn layer_of_another_identity_type_is_an_error_like_a_missing_layer() {
    let parts = Parts::new().await;
    let server = Server::start(
        Router::new()
            .route("/admin", get(admin))
            .layer(parts.clerks.clone()),
    );
    let visit = browser(&server).get(&page("/admin")).await.unwrap();
    assert_eq!(
        (visit.status(), visit.hops().len()),
        (StatusCode::INTERNAL_SERVER_ERROR, 1)
    );
}

#[tokio::test]
async fn t9_return_target_of_a_nested_router_is_the_original_path() {
    let parts = Parts::new().await;
    let inner = Router::new().route(
        "/b",
        get(async |uri: OriginalUri, _: Authenticated<Manager>| uri.to_string()),
    );
    let guarded = Router::new()
        .route("/c", get(async |uri: OriginalUri| uri.to_string()))
        .route_layer(GuardLayer::<Manager>::logged_in());
    let app = Router::new()
        .nest("/a", Router::new().nest("/deep", inner).merge(guarded))
        .layer(parts.managers.clone());
    let server = Server::start(app);
    for path in ["/a/deep/b?q=1", "/a/c?q=2"] {
        let visit = browser(&server).get(&page(path)).await.unwrap();
        assert_eq!(
            (visit.url(), visit.text().as_str()),
            (page(path).as_str(), path),
            "{visit:?}"
        );
    }
}

#[tokio::test]
async fn school_guard_admits_only_managers_whose_current_school_it_is() {
    let parts = Parts::new().await;
    let school = get(admin).layer(GuardLayer::<Manager>::school("1000000001"));
    let server = Server::start(
        Router::new()
            .route("/school", school)
            .layer(parts.managers.clone()),
    );
    for (person, status) in [("wang", 200), ("li", 403), ("chen", 403), ("zhao", 403)] {
        parts.sandbox.auto_approve(person);
        assert_eq!(
            browser(&server)
                .get(&page("/school"))
                .await
                .unwrap()
                .status(),
            status,
            "{person}"
        );
    }
}

#[tokio::test]
async fn two_nested_routers_share_one_outer_login_layer() {
    let parts = Parts::new().await;
    let staff = Router::new().route("/who", get(admin));
    let open = Router::new().route("/who", get(home));
    let app = Router::new()
        .nest("/staff", staff)
        .nest("/open", open)
        .layer(parts.managers.clone());
    let server = Server::start(app);
    let browser = browser(&server);
    assert_eq!(
        browser.get(&page("/open/who")).await.unwrap().text(),
        "anonymous"
    );
    assert_eq!(browser.get(&page("/staff/who")).await.unwrap().text(), WANG);
    assert_eq!(browser.get(&page("/open/who")).await.unwrap().text(), WANG);
    assert_eq!(parts.sandbox.call_log().codes_exchanged(), 1);
}

#[tokio::test]
async fn t9_inner_authenticate_layer_leaves_the_redirect_to_the_outer_login_layer() {
    let parts = Parts::new().await;
    let nested = Router::new()
        .route("/who", get(admin))
        .layer(parts.managers.authenticate());
    let server = Server::start(
        Router::new()
            .nest("/staff", nested)
            .layer(parts.managers.clone()),
    );
    let visit = browser(&server).get(&page("/staff/who")).await.unwrap();
    assert_eq!(
        (visit.url(), visit.text().as_str()),
        (page("/staff/who").as_str(), WANG)
    );
}

#[tokio::test]
async fn authenticate_layer_alone_responds_401_and_accepts_sessions_of_the_login_layer() {
    let parts = Parts::new().await;
    let login = Server::start(
        Router::new()
            .route("/", get(home))
            .layer(parts.managers.clone()),
    );
    let api = Server::start(
        Router::new()
            .route("/who", get(admin))
            .layer(parts.managers.authenticate()),
    );
    let browser = browser(&login).route("https://api.example", api.address);
    assert_eq!(
        browser
            .get("https://api.example/who")
            .await
            .unwrap()
            .status(),
        StatusCode::UNAUTHORIZED
    );
    browser.get(&page("/auth/weika/login")).await.unwrap();
    let cookies = browser.cookies();
    let session = cookies
        .iter()
        .find(|cookie| cookie.name.ends_with("-session"))
        .unwrap();
    browser
        .plant_cookie(
            "https://api.example",
            &format!("{}={}; Path=/; Secure", session.name, session.value),
        )
        .unwrap();
    assert_eq!(
        browser.get("https://api.example/who").await.unwrap().text(),
        WANG
    );
}

async fn both(
    manager: Option<Authenticated<Manager>>,
    clerk: Option<Authenticated<Clerk>>,
) -> String {
    let manager = manager.map_or_else(
        || "anonymous".to_owned(),
        |manager| manager.user_id.to_string(),
    );
    let clerk = clerk.map_or_else(
        || "no clerk".to_owned(),
        |clerk| clerk.identity().to_string(),
    );
    format!("{manager}, {clerk}")
}

fn stacked(parts: &Parts) -> Server {
    let app = Router::new()
        .route("/", get(both))
        .route(
            "/admin",
            get(both).layer(GuardLayer::<Manager>::logged_in()),
        )
        .route("/desk", get(both).layer(GuardLayer::<Clerk>::logged_in()))
        .layer(parts.managers.clone())
        .layer(parts.clerks.clone());
    Server::start(app)
}

#[tokio::test]
async fn two_stacked_logins_are_independent() {
    let parts = Parts::new().await;
    let server = stacked(&parts);
    let browser = browser(&server);
    let visit = browser.get(&page("/admin")).await.unwrap();
    assert_eq!(visit.text(), format!("{WANG}, no clerk"));
    parts.sandbox.auto_approve("li");
    let visit = browser.get(&page("/desk")).await.unwrap();
    assert_eq!(
        (visit.url(), visit.text()),
        (page("/desk").as_str(), format!("{WANG}, clerk {LI}"))
    );
    let sessions = browser
        .cookies()
        .into_iter()
        .filter(|cookie| cookie.name.ends_with("-session"));
    assert_eq!(sessions.count(), 2);

    browser.post(&page("/auth/weika/logout"), "").await.unwrap();
    assert_eq!(
        browser.get(&page("/")).await.unwrap().text(),
        format!("anonymous, clerk {LI}")
    );
    parts.clerks.revoke_sessions_of(LI).await.unwrap();
    assert_eq!(
        browser.get(&page("/")).await.unwrap().text(),
        "anonymous, no clerk"
    );
}

#[tokio::test]
async fn state_and_cookies_of_one_login_are_rejected_by_the_other() {
    let parts = Parts::new().await;
    let server = stacked(&parts);
    let browser = browser(&server);
    let begun = browser
        .get_no_follow(&page("/auth/weika/login?return_to=/admin"))
        .await
        .unwrap();
    let (_, state) = begun.location().unwrap().rsplit_once("&state=").unwrap();
    // The flow cookie is also sent under the name that the other login uses.
    let flow = browser.cookies().remove(0);
    let renamed = flow.name.replace("weika", "desk");
    browser
        .plant_cookie(ORIGIN, &format!("{renamed}={}; Path=/; Secure", flow.value))
        .unwrap();
    let code = parts.sandbox.issue_wxcode("wang").unwrap();
    let crossed = browser
        .get(&page(&format!(
            "/auth/desk/callback?wxcode={code}&state={state}"
        )))
        .await
        .unwrap();
    assert_eq!(
        (crossed.status(), crossed.hops().len()),
        (StatusCode::BAD_REQUEST, 1)
    );
    assert_eq!(parts.sandbox.call_log().codes_exchanged(), 0);

    let visit = browser
        .get(&page(&format!(
            "/auth/weika/callback?wxcode={code}&state={state}"
        )))
        .await
        .unwrap();
    assert_eq!(visit.text(), format!("{WANG}, no clerk"));
    // The session cookie is also sent under the name that the other login uses.
    let session = browser
        .cookies()
        .into_iter()
        .find(|it| it.name == "__Host-weika-session")
        .unwrap();
    browser
        .plant_cookie(
            ORIGIN,
            &format!("__Host-desk-session={}; Path=/; Secure", session.value),
        )
        .unwrap();
    assert_eq!(
        browser.get(&page("/")).await.unwrap().text(),
        format!("{WANG}, no clerk")
    );
}
