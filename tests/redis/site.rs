//! A site behind a login layer, with a provider that lets everybody in, and the browsers that visit it.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::header::{ACCEPT, COOKIE, LOCATION, RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_weika::clock::Clock;
use tower_weika::guard::GuardLayer;
use tower_weika::identity::Manager;
use tower_weika::login::LoginLayer;
use tower_weika::provider::IdentityProvider;
use tower_weika::session::Authenticated;
use tower_weika::store::SessionStore;
use tower_weika::{AuthorizationCode, Error, ErrorKind};

/// What the pages say to somebody whom nobody knows.
pub(crate) const NOBODY: &str = "nobody";

/// Its codes are the names of those who come.
#[derive(Clone)]
pub(crate) struct Reception;

impl IdentityProvider for Reception {
    type Identity = Manager;

    fn name(&self) -> &str {
        "reception"
    }

    fn code_parameter(&self) -> &str {
        "ticket"
    }

    async fn authorize_url(&self, _: &str, state: &str) -> Result<String, Error> {
        Ok(format!("https://reception.example/ticket?state={state}"))
    }

    async fn exchange(&self, code: AuthorizationCode) -> Result<Manager, Error> {
        match code.expose() {
            "junk" => Err(Error::new(ErrorKind::InvalidCode, "no such ticket").with_upstream_code(40_029)),
            name => Ok(Manager::builder(name).build()),
        }
    }
}

/// Cheap to clone; clones are the same. All pages say who is asking: `/` to everybody, `/guarded` to those who are
/// logged in.
#[derive(Clone)]
pub(crate) struct Site(Router);

/// What a browser is told.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Site {
    pub(crate) fn new(store: impl SessionStore<Manager>) -> Self {
        Self::with_clock(store, Clock::system())
    }

    pub(crate) fn with_clock(store: impl SessionStore<Manager>, clock: Clock) -> Self {
        let login = LoginLayer::builder(Reception).store(store).secret([7; 32]).clock(clock);
        let login = login.public_url("https://campus.example").build().expect("a login layer");
        let guarded = get(who).layer(GuardLayer::<Manager>::logged_in());
        Self(Router::new().route("/", get(who)).route("/guarded", guarded).layer(login))
    }

    /// What somebody with these cookies gets.
    pub(crate) async fn get(&self, target: &str, cookie: &str) -> Answer {
        let mut request = Request::get(target).header(ACCEPT, "text/html");
        if !cookie.is_empty() {
            request = request.header(COOKIE, cookie);
        }
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    /// Logs out.
    pub(crate) async fn log_out(&self, cookie: &str) -> Answer {
        let request = Request::post("/auth/reception/logout").header(COOKIE, cookie);
        let request = request.header("sec-fetch-site", "same-origin").header("origin", "https://campus.example");
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.0.clone().oneshot(request).await.expect("an answer").into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        let text = String::from_utf8_lossy(&body).into_owned();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    /// Logs somebody in, and returns the session cookie; or what went wrong.
    pub(crate) async fn log_in(&self, who: &str) -> Result<String, Answer> {
        let begun = self.get("/auth/reception/login", "").await;
        if begun.status.is_server_error() {
            return Err(begun);
        }
        let (_, state) = begun.header(&LOCATION).rsplit_once("state=").expect("a state");
        let callback = format!("/auth/reception/callback?ticket={who}&state={state}");
        let back = self.get(&callback, begun.header(&SET_COOKIE)).await;
        let cookies = back.headers.get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
        let session = cookies.filter_map(|cookie| cookie.split(';').next());
        match session.into_iter().find(|cookie| cookie.starts_with("__Host-reception-session=")) {
            Some(cookie) => Ok(cookie.to_owned()),
            None => Err(back),
        }
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn header(&self, name: &http::HeaderName) -> &str {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("no {name}: {self:?}"));
        value.to_str().expect("ASCII")
    }

    /// The store cannot say who it is, which the browser may ask again soon. It keeps its cookie and is sent nowhere.
    #[track_caller]
    pub(crate) fn assert_unavailable(&self) {
        assert_eq!(self.status, StatusCode::SERVICE_UNAVAILABLE, "{self:?}");
        assert!(self.headers.contains_key(RETRY_AFTER), "{self:?}");
        assert!(!self.headers.contains_key(SET_COOKIE) && !self.headers.contains_key(LOCATION), "{self:?}");
    }

    /// The page itself, for this person.
    #[track_caller]
    pub(crate) fn assert_page_for(&self, who: &str) {
        assert_eq!((self.status, &*self.text), (StatusCode::OK, who), "{self:?}");
        assert!(!self.headers.contains_key(SET_COOKIE), "{self:?}");
    }
}

async fn who(somebody: Option<Authenticated<Manager>>) -> String {
    somebody.map_or_else(|| NOBODY.to_owned(), |somebody| somebody.user_id().to_string())
}
