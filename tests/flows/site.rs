//! A site behind a login, on a real socket, with a sandbox in place of Weika.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{OriginalUri, Request};
use axum::middleware::{Next, from_fn};
use axum::routing::get;
use tokio::net::TcpSocket;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tower_weika::client::weika::{WeikaClient, WeikaClientBuilder};
use tower_weika::clock::{ManualClock, Timestamp};
use tower_weika::guard::GuardLayer;
use tower_weika::identity::Manager;
use tower_weika::login::LoginLayer;
use tower_weika::provider::WeikaManagerProvider;
use tower_weika::sandbox::{Browser, Sandbox, SandboxBuilder};
use tower_weika::session::Authenticated;

/// The site as browsers see it: https, so that cookies are those of production.
pub(crate) const ORIGIN: &str = "https://campus.example";

/// What the pages say to somebody whom nobody knows.
pub(crate) const NOBODY: &str = "nobody";

/// A server on loopback. Ends when it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    arrived: Arc<watch::Sender<u64>>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) fn start(router: Router) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
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
        let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("serving never ends") });
        Self { address, arrived, task }
    }

    /// Waits until that many callbacks have arrived, answered or not.
    pub(crate) async fn callbacks_arrived(&self, callbacks: u64) {
        soon(self.arrived.subscribe().wait_for(|arrived| *arrived >= callbacks)).await.expect("the server counts");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A site, its upstream, and the one clock that both of them and all browsers go by.
pub(crate) struct Site {
    pub(crate) sandbox: Sandbox,
    pub(crate) client: WeikaClient,
    pub(crate) login: LoginLayer<WeikaManagerProvider>,
    pub(crate) clock: ManualClock,
    pub(crate) server: Server,
}

impl Site {
    /// With the people of the sandbox's examples, of whom `wang` comes without being asked.
    pub(crate) async fn start() -> Self {
        Self::with(|sandbox| sandbox, |client| client).await
    }

    /// With other settings of the sandbox and the client.
    pub(crate) async fn with(
        sandbox: impl FnOnce(SandboxBuilder) -> SandboxBuilder,
        client: impl FnOnce(WeikaClientBuilder) -> WeikaClientBuilder,
    ) -> Self {
        let clock = ManualClock::new(Timestamp::from_unix_seconds(1_760_000_000));
        let sandbox = sandbox(Sandbox::builder().clock(clock.clock()).auto_approve("wang"));
        let sandbox = sandbox.start().await.expect("a sandbox");
        // Generous, because the machine may be busy; what has to time out sets its own.
        let builder = WeikaClient::builder(sandbox.app_key(), sandbox.app_secret())
            .base_url(sandbox.base_url())
            .clock(clock.clock())
            .total_timeout(Duration::from_secs(30));
        Self::over(sandbox, client(builder).build().expect("a client"), clock)
    }

    /// Of parts that are there already.
    pub(crate) fn over(sandbox: Sandbox, client: WeikaClient, clock: ManualClock) -> Self {
        let login = LoginLayer::builder(WeikaManagerProvider::new(client.clone()))
            .public_url(ORIGIN)
            .secret([7; 32])
            .clock(clock.clock())
            .build()
            .expect("a login layer");
        let server = Server::start(routes().layer(login.clone()));
        Self { sandbox, client, login, clock, server }
    }

    /// A browser without cookies.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new().route(ORIGIN, self.server.address).clock(self.clock.clock())
    }

    /// Begins a login, and returns its state.
    pub(crate) async fn begin(&self, browser: &Browser, return_to: &str) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("return_to", return_to).finish();
        let visit = browser.get_no_follow(&format!("{ORIGIN}/auth/weika/login?{query}")).await.expect("an answer");
        let location = visit.location().expect("a redirect to Weika");
        let (_, state) = location.rsplit_once("&state=").expect("a state");
        state.to_owned()
    }

    /// Where Weika sends the browser of this person after it.
    pub(crate) fn callback(&self, person: &str, state: &str) -> String {
        let code = self.sandbox.issue_wxcode(person).expect("a person of the sandbox");
        format!("{ORIGIN}/auth/weika/callback?wxcode={code}&state={state}")
    }

    /// Logs a browser in.
    pub(crate) async fn log_in(&self, browser: &Browser, person: &str) {
        let state = self.begin(browser, "/").await;
        let home = browser.get(&self.callback(person, &state)).await.expect("an answer");
        assert!(home.text().starts_with("oSandbox"), "{home:?}");
    }

    /// Who the site thinks is asking.
    pub(crate) async fn who(&self, browser: &Browser) -> String {
        browser.get(&format!("{ORIGIN}/")).await.expect("an answer").text()
    }
}

/// A public page, guarded ones, and one that only the first example school may see; all say who is asking.
fn routes() -> Router {
    let guarded = Router::new()
        .route("/admin", get(who))
        .route("/admin/{*rest}", get(who))
        .layer(GuardLayer::<Manager>::logged_in());
    let school = Router::new().route("/school", get(who)).layer(GuardLayer::school("1000000001"));
    Router::new()
        .route("/", get(who))
        .route("/path", get(async |uri: OriginalUri| uri.to_string()))
        .merge(guarded)
        .merge(school)
}

async fn who(manager: Option<Authenticated<Manager>>) -> String {
    manager.map_or_else(|| NOBODY.to_owned(), |manager| manager.user_id().to_string())
}

/// Waits for what must happen, but not for ever.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("it takes too long")
}
