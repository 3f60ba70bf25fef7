//! One of the servers that `server.py` compares: many live sessions, and a page with the name of
//! the user.

use std::fs;

use axum::Router;
use axum::routing::get;
use harness::candidate::cookies;
use harness::compare::unmetered;
use harness::process::report_address;
use harness::redis::Server;
use harness::{LIVE, Person, Site, runtime};
use http::{HeaderValue, StatusCode, Uri};
use peers::candidates::axum_login::{self, AuthSession};
use peers::candidates::{Setting, tower_sessions};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tower_weika::identity::Identity;
use tower_weika::session::Authenticated;
use tower_weika::store::{Redis, SessionStore};

/// The text of the page.
type Page = Result<String, StatusCode>;

/// A server that is ready, and the `Cookie` headers of its users: first that of `person-0`.
type Ready = (Router, Vec<HeaderValue>);

/// `server KIND USERS FILE` writes the users' cookies to the file, one per line, reports its
/// address, and serves until its stdin is closed.
fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [kind, users, file] = &arguments[..] else {
        panic!("see server.py")
    };
    let (users, runtime) = (users.parse().expect("a number"), runtime());
    let redis = (kind == "tower-weika, local cache of Redis").then(Server::start);
    let (router, cookies) = match (&**kind, &redis) {
        ("bare", _) => bare(users),
        ("tower-weika", _) => weika(&Site::with_sessions(users)),
        (_, Some(server)) => local_cache(server, users, &runtime),
        ("tower-sessions", _) => {
            let (layer, cookies, _) = tower_sessions::layer(Setting {
                sessions: users,
                meter: unmetered,
            });
            let page = async |session: tower_sessions::Session, uri: Uri| {
                page(tower_sessions::subject(&session).await.as_deref(), &uri)
            };
            (
                Router::new().route("/me", get(page)).layer(layer),
                headers(cookies),
            )
        }
        ("axum-login", _) => {
            let (layer, cookies, _) = axum_login::layer(Setting {
                sessions: users,
                meter: unmetered,
            });
            let page = async |session: AuthSession, uri: Uri| -> Page {
                page(session.user.as_ref().map(|user| &*user.subject), &uri)
            };
            (
                Router::new().route("/me", get(page)).layer(layer),
                headers(cookies),
            )
        }
        _ => panic!("{kind:?} is not a kind of server"),
    };
    let lines = cookies
        .iter()
        .map(|cookies| format!("{}\n", cookies.to_str().expect("text")));
    fs::write(file, lines.collect::<String>()).expect("a file for the cookies");

    let (ended, end) = oneshot::channel();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        // Fails if the server has stopped already.
        report_address(listener.local_addr().expect("an address"), move || {
            _ = ended.send(())
        });
        tokio::select! {
            served = axum::serve(listener, router) => served.expect("serving never ends"),
            _ = end => {}
        }
    });
}

/// Without a layer; trusts the query.
fn bare(users: usize) -> Ready {
    let router = Router::new().route("/me", get(async |uri: Uri| page(uri.query(), &uri)));
    (
        router,
        headers((0..users).map(|number| format!("__Host-bench-session={number:022}"))),
    )
}

fn local_cache(server: &Server, users: usize, runtime: &Runtime) -> Ready {
    let capacity = u64::try_from(2 * users).expect("small");
    let redis = runtime.block_on(
        Redis::builder(server.url())
            .local_cache_capacity(capacity)
            .connect(),
    );
    let store = redis.expect("the server responds").store::<Person>();
    weika(&Site::over(&store, "bench", LIVE, users, runtime))
}

fn weika<St: SessionStore<Person>>(site: &Site<St>) -> Ready {
    let page = async |person: Authenticated<Person>, uri: Uri| page(Some(person.subject()), &uri);
    (
        Router::new()
            .route("/me", get(page))
            .layer(site.login.clone()),
        site.live.to_vec(),
    )
}

fn headers(all: impl Iterator<Item = String>) -> Vec<HeaderValue> {
    all.map(|cookie| cookies(&cookie)).collect()
}

/// Returns the user, who must be the one named in the query. Any other response is an error status,
/// so that the load generator notices.
fn page(subject: Option<&str>, uri: &Uri) -> Page {
    match subject {
        Some(subject) if uri.query() == Some(subject) => Ok(subject.to_owned()),
        _ => Err(StatusCode::FORBIDDEN),
    }
}
