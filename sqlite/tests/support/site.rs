//! A site behind a login layer, in a child process.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tower_weika::client::weika::WeikaClient;
use tower_weika::guard::GuardLayer;
use tower_weika::identity::{Identity, Manager};
use tower_weika::login::LoginLayer;
use tower_weika::provider::WeikaManagerProvider;
use tower_weika::session::Authenticated;
use tower_weika_sandbox::{Browser, Sandbox};
use tower_weika_sqlite::Sqlite;

use crate::child::{self, Child, variable};

/// The public origin of the site.
pub(crate) const ORIGIN: &str = "https://campus.example";

/// The text of the pages for an unauthenticated request.
pub(crate) const ANONYMOUS: &str = "anonymous";

/// Starts a process that serves the site over this file, with the variables. It returns when the
/// site listens.
#[track_caller]
pub(crate) fn start_site(
    role: &str,
    store: &Path,
    sandbox: &Sandbox,
    variables: &[(&str, &str)],
) -> Site {
    let base_url = sandbox.base_url();
    let mut all = vec![
        ("STORE", store.to_str().expect("text")),
        ("SANDBOX", &base_url),
        ("APP_KEY", sandbox.app_key()),
        ("APP_SECRET", sandbox.app_secret()),
    ];
    all.extend(variables);
    let process = Child::run(role, &all);
    let address = process.receive().parse().expect("an address");
    Site { process, address }
}

pub(crate) struct Site {
    pub(crate) process: Child,
    pub(crate) address: SocketAddr,
}

impl Site {
    /// Returns the browser with all its requests to this process.
    pub(crate) fn in_browser(&self, browser: &Browser) -> Browser {
        browser.clone().route(ORIGIN, self.address)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a role: other tests run it in a child process"]
async fn site() {
    serve().await;
}

#[tokio::test]
#[ignore = "a role: other tests run it in a child process"]
async fn site_with_one_thread() {
    serve().await;
}

/// Serves until SIGTERM, then ends as soon as all requests have their responses.
async fn serve() {
    if child::role().is_none() {
        return;
    }
    // Each login of these tests is of one user.
    let sqlite = Sqlite::builder(variable("STORE")).sessions_per_subject(None);
    let sqlite = match std::env::var("LOCAL_CACHE") {
        Ok(sessions) => sqlite.local_cache_capacity(sessions.parse().expect("a number")),
        Err(_) => sqlite,
    };
    let store = sqlite.open().expect("a store").store::<Manager>();
    // Generous, because the machine may be busy.
    let timeout = Duration::from_secs(60);
    let weika = WeikaClient::builder(variable("APP_KEY"), variable("APP_SECRET"))
        .base_url(variable("SANDBOX"))
        .total_timeout(timeout)
        .permit_timeout(timeout);
    let weika = weika.build().expect("a client");
    let login = LoginLayer::builder(WeikaManagerProvider::new(weika))
        .store(store)
        .public_url(ORIGIN)
        .build()
        .expect("a login layer");
    let guarded = get(who).layer(GuardLayer::<Manager>::logged_in());
    let router = Router::new()
        .route("/", get(who))
        .route("/admin", guarded)
        .layer(login)
        .route("/health", get(async || "healthy"));
    let socket = TcpSocket::new_v4().expect("a socket");
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    socket.bind(any).expect("a free port");
    let listener = socket.listen(4_096).expect("to listen");
    let address = listener.local_addr().expect("an address");
    let mut terminated = signal(SignalKind::terminate()).expect("signals");
    child::send(&address.to_string());
    let mut connections = JoinSet::new();
    let mut respond = |stream: TcpStream| {
        let service = TowerToHyperService::new(router.clone());
        // One request for each connection: hyper ends an idle one although a request is under way.
        let mut server = http1::Builder::new();
        let connection = server
            .keep_alive(false)
            .serve_connection(TokioIo::new(stream), service);
        connections.spawn(connection);
        while connections.try_join_next().is_some() {}
    };
    loop {
        tokio::select! {
            accepted = listener.accept() => respond(accepted.expect("a connection").0),
            _ = terminated.recv() => break,
        }
    }
    accept_waiting(&listener)
        .expect("connections")
        .into_iter()
        .for_each(respond);
    connections.join_all().await;
}

/// Returns the connections that the system has accepted: closing the socket would reset them.
fn accept_waiting(listener: &TcpListener) -> io::Result<Vec<TcpStream>> {
    let listener = listener.as_fd().try_clone_to_owned()?;
    let listener = std::net::TcpListener::from(listener);
    let mut waiting = Vec::new();
    while let Ok((stream, _)) = listener.accept() {
        stream.set_nonblocking(true)?;
        waiting.push(TcpStream::from_std(stream)?);
    }
    Ok(waiting)
}

async fn who(authenticated: Option<Authenticated<Manager>>) -> String {
    authenticated.map_or_else(
        || ANONYMOUS.to_owned(),
        |authenticated| authenticated.subject().to_owned(),
    )
}
