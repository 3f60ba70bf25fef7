//! A site behind a login layer, on a real socket, with a sandbox in place of the upstream systems.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::{OriginalUri, Request};
use axum::middleware::{Next, from_fn};
use axum::routing::get;
use tokio::net::TcpSocket;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tower_weika::client::weika::WeikaClient;
use tower_weika::clock::{ManualClock, Timestamp};
use tower_weika::guard::GuardLayer;
use tower_weika::identity::Identity;
use tower_weika::login::{LoginEvent, LoginLayer, LoginLayerBuilder};
use tower_weika::provider::IdentityProvider;
use tower_weika::session::Authenticated;
use tower_weika::store::MemoryStore;
use tower_weika_sandbox::{Approval, Browser, Cookie, Sandbox, SandboxBuilder, Visit};

use super::way::{Way, Weika};

/// The public origin of the site: https, so that the cookies are those of production.
pub(crate) const ORIGIN: &str = "https://campus.example";

/// The text of the pages for an unauthenticated request.
pub(crate) const ANONYMOUS: &str = "anonymous";

/// A server on loopback. Stops when it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    arrived: Arc<watch::Sender<u64>>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) fn start(router: Router) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket
            .bind(SocketAddr::from(([127, 0, 0, 1], 0)))
            .expect("a free port");
        let listener = socket.listen(4_096).expect("to listen");
        let address = listener.local_addr().expect("an address");
        let arrived = Arc::new(watch::Sender::new(0));
        let count = Arc::clone(&arrived);
        let router = router.layer(from_fn(move |request: Request, next: Next| {
            if request.uri().path().ends_with("/callback") {
                count.send_modify(|callbacks| *callbacks += 1);
            }
            next.run(request)
        }));
        let task = tokio::spawn(async move {
            axum::serve(listener, router)
                .await
                .expect("serving never ends")
        });
        Self {
            address,
            arrived,
            task,
        }
    }

    /// Waits until that many callbacks have arrived, whether or not they have a response yet.
    pub(crate) async fn callbacks_arrived(&self, callbacks: u64) {
        soon(
            self.arrived
                .subscribe()
                .wait_for(|arrived| *arrived >= callbacks),
        )
        .await
        .expect("the server counts");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The clock in the form that the sandbox and its browsers accept.
pub(crate) fn time_of(clock: &ManualClock) -> impl Fn() -> SystemTime + Send + Sync + 'static {
    let clock = clock.clock();
    move || SystemTime::UNIX_EPOCH + Duration::from_millis(clock.now().unix_millis())
}

type Builder<W> = LoginLayerBuilder<
    <W as Way>::Provider,
    MemoryStore<<<W as Way>::Provider as IdentityProvider>::Identity>,
>;

/// A site, its upstream, and the one clock that both of them and all browsers use.
pub(crate) struct Site<W: Way> {
    pub(crate) sandbox: Sandbox,
    pub(crate) provider: W::Provider,
    pub(crate) login: LoginLayer<W::Provider>,
    pub(crate) clock: ManualClock,
    pub(crate) server: Server,
}

impl<W: Way> Site<W> {
    /// With the users of the login method `W`; `wang` is approved automatically.
    pub(crate) async fn start() -> Self {
        // Generous, because the machine may be busy; tests of timeouts set a shorter one.
        Self::start_with_timeout(Duration::from_secs(30)).await
    }

    /// With this timeout for a call to the upstream.
    pub(crate) async fn start_with_timeout(timeout: Duration) -> Self {
        Self::start_with(W::sandbox, timeout).await
    }

    /// With any number of sessions for each subject.
    pub(crate) async fn start_without_session_limit() -> Self {
        let clock = ManualClock::new(Timestamp::from_unix_seconds(1_760_000_000));
        let sandbox = W::sandbox(Sandbox::builder().clock(time_of(&clock)))
            .start()
            .await
            .expect("a sandbox");
        let provider = W::provider(&sandbox, clock.clock(), Duration::from_secs(30));
        let store = MemoryStore::<<W::Provider as IdentityProvider>::Identity>::builder()
            .sessions_per_subject(None);
        Self::over_store(sandbox, provider, clock, store.build())
    }

    async fn start_with(
        sandbox: impl FnOnce(SandboxBuilder) -> SandboxBuilder,
        timeout: Duration,
    ) -> Self {
        let clock = ManualClock::new(Timestamp::from_unix_seconds(1_760_000_000));
        let sandbox = sandbox(Sandbox::builder().clock(time_of(&clock)))
            .start()
            .await
            .expect("a sandbox");
        let provider = W::provider(&sandbox, clock.clock(), timeout);
        Self::over(sandbox, provider, clock)
    }

    /// Built from existing parts.
    pub(crate) fn over(sandbox: Sandbox, provider: W::Provider, clock: ManualClock) -> Self {
        Self::over_store(sandbox, provider, clock, MemoryStore::new())
    }

    /// Built from existing parts, with sessions in this store.
    pub(crate) fn over_store(
        sandbox: Sandbox,
        provider: W::Provider,
        clock: ManualClock,
        store: MemoryStore<<W::Provider as IdentityProvider>::Identity>,
    ) -> Self {
        Self::with_settings(sandbox, provider, clock, |login| login.store(store))
    }

    /// With an observer.
    pub(crate) async fn start_observed(
        observer: impl Fn(&LoginEvent<'_>) + Send + Sync + 'static,
    ) -> Self {
        let clock = ManualClock::new(Timestamp::from_unix_seconds(1_760_000_000));
        let sandbox = W::sandbox(Sandbox::builder().clock(time_of(&clock)));
        let sandbox = sandbox.start().await.expect("a sandbox");
        let provider = W::provider(&sandbox, clock.clock(), Duration::from_secs(30));
        Self::with_settings(sandbox, provider, clock, |login| login.observer(observer))
    }

    /// Built from existing parts, with these settings of the login layer.
    fn with_settings(
        sandbox: Sandbox,
        provider: W::Provider,
        clock: ManualClock,
        settings: impl FnOnce(Builder<W>) -> Builder<W>,
    ) -> Self {
        let login = LoginLayer::builder(provider.clone())
            .silent_login()
            .public_url(ORIGIN)
            .secret([7; 32])
            .clock(clock.clock());
        let login = settings(login).build().expect("a login layer");
        let server = Server::start(routes::<W>().layer(login.clone()));
        Self {
            sandbox,
            provider,
            login,
            clock,
            server,
        }
    }

    /// A browser without cookies.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new()
            .route(ORIGIN, self.server.address)
            .clock(time_of(&self.clock))
            .user_agent(W::AGENT)
    }

    /// An endpoint of the login layer.
    pub(crate) fn endpoint(&self, name: &str) -> String {
        format!("{ORIGIN}/auth/{}/{name}", W::NAME)
    }

    /// Begins a login, and returns its state.
    pub(crate) async fn begin(&self, browser: &Browser, return_to: &str) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("return_to", return_to)
            .finish();
        let visit = browser
            .get_no_follow(&format!("{}?{query}", self.endpoint("login")))
            .await
            .expect("a response");
        let location = visit.location().expect("a redirect to the provider");
        assert!(is_to_provider::<W>(location), "{location}");
        let (_, state) = location.rsplit_once("&state=").expect("a state");
        state.trim_end_matches("#wechat_redirect").to_owned()
    }

    /// The callback URL to which the provider redirects this user's browser.
    pub(crate) fn callback(&self, person: &str, state: &str) -> String {
        let code = W::issue_code(&self.sandbox, person).expect("a user of the sandbox");
        format!(
            "{}?{}={code}&state={state}",
            self.endpoint("callback"),
            W::CODE
        )
    }

    /// Logs a browser in.
    pub(crate) async fn log_in(&self, browser: &Browser, person: &str) {
        let state = self.begin(browser, "/").await;
        let page = browser
            .get(&self.callback(person, &state))
            .await
            .expect("a response");
        assert_eq!(page.text(), self.subject(person), "{page:?}");
    }

    /// The subject that the site finds for this browser, or [`ANONYMOUS`].
    pub(crate) async fn who(&self, browser: &Browser) -> String {
        browser
            .get(&format!("{ORIGIN}/"))
            .await
            .expect("a response")
            .text()
    }

    /// The subject of this user.
    pub(crate) fn subject(&self, person: &str) -> String {
        W::subject(&self.sandbox, person)
    }

    /// Approves logins of this user automatically from now on.
    pub(crate) fn auto_approve(&self, person: &str) {
        W::set_approval(&self.sandbox, Approval::Approve(person.to_owned()));
    }

    /// The number of exchanges: how often a code was sent.
    pub(crate) fn exchanges(&self) -> u64 {
        self.sandbox.call_log().count(W::EXCHANGE)
    }

    /// The session cookie of a browser that is logged in.
    #[track_caller]
    pub(crate) fn session_cookie(&self, browser: &Browser) -> Cookie {
        let name = format!("__Host-{}-session", W::NAME);
        browser
            .cookies()
            .into_iter()
            .find(|cookie| cookie.name == name)
            .expect("a session")
    }
}

impl Site<Weika> {
    /// With other settings for the sandbox.
    pub(crate) async fn with(sandbox: impl FnOnce(SandboxBuilder) -> SandboxBuilder) -> Self {
        Self::start_with(
            |builder| sandbox(Weika::sandbox(builder)),
            Duration::from_secs(30),
        )
        .await
    }

    pub(crate) fn client(&self) -> &WeikaClient {
        self.provider.client()
    }
}

/// The final URL of a visit. WeChat's fragment is kept on a redirect whose URL has none (Fetch
/// §4.4).
pub(crate) fn address(visit: &Visit) -> &str {
    visit.url().trim_end_matches("#wechat_redirect")
}

/// Whether a location is the provider's authorize page.
pub(crate) fn is_to_provider<W: Way>(location: &str) -> bool {
    location.contains(&format!("{}?", W::AUTHORIZE.path()))
}

/// A public page, and guarded ones; all show the subject of the request.
fn routes<W: Way>() -> Router {
    let who = get(who::<<W::Provider as IdentityProvider>::Identity>);
    let guarded = Router::new()
        .route("/admin", who.clone())
        .route("/admin/{*rest}", who.clone())
        .layer(GuardLayer::<<W::Provider as IdentityProvider>::Identity>::logged_in());
    Router::new()
        .route("/", who)
        .route("/path", get(async |uri: OriginalUri| uri.to_string()))
        .merge(guarded)
}

async fn who<I: Identity>(authenticated: Option<Authenticated<I>>) -> String {
    authenticated.map_or_else(
        || ANONYMOUS.to_owned(),
        |authenticated| authenticated.subject().to_owned(),
    )
}

/// Awaits a future that must complete, with a deadline.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(60), future)
        .await
        .expect("it takes too long")
}
