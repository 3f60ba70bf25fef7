//! An instance of the site, in its own process.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use harness::process::report_address;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle};
use tower_weika::guard::GuardLayer;
use tower_weika::identity::{Identity, Manager};
use tower_weika::login::LoginLayer;
use tower_weika::provider::WeikaManagerProvider;
use tower_weika::session::{Authenticated, SessionTimeouts};
use tower_weika::store::{Redis, SessionStore};
use tower_weika_sqlite::Sqlite;

/// The origin of the site: https, so that cookies are those of production.
pub(crate) const ORIGIN: &str = "https://campus.example";

/// Short, so that abandoned sessions have expired within a run of minutes.
const TIMEOUTS: SessionTimeouts =
    SessionTimeouts::new(Duration::from_secs(60), Duration::from_secs(120));

/// A callback that is repeated at the other instance waits this long for the exchange of an instance
/// that was killed.
const EXCHANGE: Duration = Duration::from_secs(10);

/// Sessions in the local cache: fewer than there are in the run, so that it is soon full.
const LOCAL_CACHE: u64 = 1_000;

/// Reports its address, and serves until its stdin is closed.
pub(crate) fn serve(arguments: &[String]) {
    let [kind, store, sandbox, key, secret] = arguments else {
        panic!("soak site STORE ADDRESS SANDBOX KEY SECRET");
    };
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let weika = WeikaManagerProvider::builder(key, &**secret).base_url(sandbox);
        let weika = weika.build().expect("a provider");
        match &**kind {
            "redis" => {
                let redis = Redis::builder(store).local_cache_capacity(LOCAL_CACHE);
                let redis = redis.connect().await.expect("the server responds");
                listen(weika, redis.store()).await;
            }
            _ => {
                let sqlite = Sqlite::builder(store).local_cache_capacity(LOCAL_CACHE);
                let sqlite = sqlite.open().expect("the file is accessible");
                listen(weika, sqlite.store()).await;
            }
        }
    });
}

async fn listen<St: SessionStore<Manager>>(weika: WeikaManagerProvider, store: St) {
    let login = LoginLayer::builder(weika)
        .store(store)
        .public_url(ORIGIN)
        .secret([7; 32])
        .session_timeouts(TIMEOUTS)
        .exchange_timeout(EXCHANGE)
        .build()
        .expect("valid settings");
    let subject = async |manager: Authenticated<Manager>| manager.subject().to_owned();
    let guarded = get(subject).layer(GuardLayer::<Manager>::logged_in());
    let site = Router::new()
        .route("/admin", guarded)
        .layer(login)
        // Not behind the login: the baseline of latencies, and what only this process knows.
        .route("/health", get(async || "healthy"))
        .route("/tasks", get(tasks));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.expect("a free port");
    let address: SocketAddr = listener.local_addr().expect("an address");
    report_address(address, || std::process::exit(0));
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let service = TowerToHyperService::new(site.clone());
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// The tasks of the runtime that have not ended.
async fn tasks() -> String {
    Handle::current().metrics().num_alive_tasks().to_string()
}
