//! Two applications under paths of one host, behind a real nginx: the proxy strips the path of the
//! first one, and not that of the second one.
//!
//! Needs `nginx`, `openssl` and `curl`: `tests/run` installs them and runs these tests, which
//! `cargo test` skips.

mod configuration;
mod curl;
#[path = "../support/nginx.rs"]
mod nginx;
#[path = "../support/programs.rs"]
mod programs;
#[expect(dead_code, reason = "only for its port and its deadline")]
#[path = "../support/redis_server/mod.rs"]
mod redis_server;

use axum::Router;
use axum::extract::{OriginalUri, Request};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tower_weika::guard::{GuardLayer, LoggedIn, Requirement};
use tower_weika::identity::Manager;
use tower_weika::login::LoginLayer;
use tower_weika::provider::WeikaManagerProvider;
use tower_weika::response::Reason;
use tower_weika::session::{Authenticated, Session};
use tower_weika_sandbox::{Endpoint, Sandbox};

use crate::configuration::configuration;
use crate::curl::Curl;
use crate::nginx::Nginx;
use crate::redis_server::free_port;

const ANONYMOUS: &str = "anonymous";

/// The name of the manager whom the sandbox approves.
const NAME: &str = "王老师";

/// A requirement that sends everyone to the page that links an account.
struct Linked;

impl Requirement<Manager> for Linked {
    fn is_satisfied_by(&self, _: &Session<Manager>) -> bool {
        false
    }

    fn rejection_reason(&self, _: &Session<Manager>) -> Reason {
        let bind_page = "/bind".into();
        Reason::Unbound { bind_page }
    }
}

async fn who(manager: Option<Authenticated<Manager>>) -> String {
    manager.map_or_else(|| ANONYMOUS.to_owned(), |manager| manager.name.clone())
}

fn routes() -> Router {
    let admin = Router::new()
        .route("/admin/{*rest}", get(who))
        .route_layer(GuardLayer::<Manager>::logged_in());
    let forbidden = Router::new()
        .route("/forbidden", get(who))
        .route_layer(GuardLayer::<Manager>::custom(|_: &Manager| false));
    let linked = Router::new()
        .route("/linked", get(who))
        .route_layer(GuardLayer::<Manager>::custom(Linked));
    Router::new()
        .route("/", get(who))
        .route("/bind", get(async |uri: OriginalUri| uri.to_string()))
        .merge(admin)
        .merge(forbidden)
        .merge(linked)
        // Open, but for the prefix that the layer guards.
        .fallback(async |request: Request| request.uri().to_string())
}

/// Two applications and the nginx in front of them.
struct Host {
    origin: String,
    sandbox: Sandbox,
    servers: Vec<JoinHandle<()>>,
    _nginx: Nginx,
}

impl Host {
    async fn start(is_tls: bool) -> Self {
        let sandbox = Sandbox::builder().auto_approve("wang").start().await;
        let sandbox = sandbox.expect("a sandbox");
        let port = free_port();
        let scheme = if is_tls { "https" } else { "http" };
        let origin = format!("{scheme}://localhost:{port}");
        let (mut servers, mut ports) = (Vec::new(), [0, 0]);
        for (index, strips_prefix) in [true, false].into_iter().enumerate() {
            let path = ["/app1", "/app2"][index];
            let login = login(&sandbox, &format!("{origin}{path}"), strips_prefix, is_tls);
            let application = match strips_prefix {
                true => routes().layer(login),
                false => Router::new()
                    .nest(&format!("{path}/"), routes())
                    .layer(login),
            };
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            ports[index] = listener.local_addr().expect("an address").port();
            servers.push(tokio::spawn(async move {
                axum::serve(listener, application)
                    .await
                    .expect("serving never ends");
            }));
        }
        Self {
            _nginx: Nginx::start(port, |folder| configuration(folder, port, is_tls, ports)),
            origin,
            sandbox,
            servers,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        for server in &self.servers {
            server.abort();
        }
    }
}

fn login(
    sandbox: &Sandbox,
    public_url: &str,
    strips_prefix: bool,
    is_tls: bool,
) -> LoginLayer<WeikaManagerProvider> {
    let weika = WeikaManagerProvider::builder(sandbox.app_key(), sandbox.app_secret())
        .base_url(sandbox.base_url())
        .build()
        .expect("a provider");
    let builder = LoginLayer::builder(weika)
        .public_url(public_url)
        .strips_prefix(strips_prefix)
        .guard_prefix("/private", LoggedIn)
        .secret([7; 32]);
    let builder = match is_tls {
        true => builder,
        false => builder.loopback_development(),
    };
    builder.build().expect("a login layer")
}

/// The addresses of the links on a page.
fn links(page: &str) -> Vec<&str> {
    let parts = page.split("href=\"").skip(1);
    parts.filter_map(|part| part.split('"').next()).collect()
}

/// A whole login and its logout at the application under `path`.
async fn assert_works(host: &Host, curl: &Curl, path: &str) {
    // A guarded page, with everything that a target may have.
    let page = host.url(&format!("{path}/admin/%E8%AF%BE?a=%20b&c=/d"));
    let reply = curl.open(&page).await;
    assert_eq!((reply.status, &*reply.text, &reply.url), (200, NAME, &page));

    // The page of a guard that rejects, and the page that links an account.
    let reply = curl
        .open_once(&host.url(&format!("{path}/forbidden")))
        .await;
    assert_eq!(reply.status, 403);
    let links = links(&reply.text);
    let again = format!(
        "{path}/auth/weika/login?return_to=%2F{}%2Fforbidden",
        &path[1..]
    );
    assert!(links.contains(&&*again), "{links:?}");
    assert!(
        links
            .iter()
            .all(|link| link.starts_with(&format!("{path}/"))),
        "{links:?}"
    );
    let bind = curl.open(&host.url(&format!("{path}/linked?x"))).await;
    let return_to = format!("return_to=%2F{}%2Flinked%3Fx", &path[1..]);
    assert_eq!(bind.url, host.url(&format!("{path}/bind?{return_to}")));
    assert!(
        bind.text.ends_with(&format!("/bind?{return_to}")),
        "{bind:?}"
    );

    let home = curl.open(&host.url(path)).await;
    assert_eq!(
        (&*home.text, home.url),
        (NAME, host.url(&format!("{path}/")))
    );
    let logout = host.url(&format!("{path}/auth/weika/logout"));
    let refused = curl.post(&logout, "https://evil.example").await;
    assert_eq!(refused.status, 403);
    let reply = curl.post(&logout, &host.origin).await;
    assert_eq!((reply.status, reply.location), (303, format!("{path}/")));
    let home = curl.open(&host.url(&format!("{path}/"))).await;
    assert_eq!(home.text, ANONYMOUS);

    // A script learns where to log in, and its page is the target.
    let page = host.url(&format!("{path}/admin/page?y"));
    let reply = curl
        .fetch(&host.url(&format!("{path}/admin/api")), &page)
        .await;
    assert_eq!(reply.status, 401);
    let json: serde_json::Value = serde_json::from_str(&reply.text).expect("JSON");
    let login_url = json["login_url"].as_str().expect("an address");
    let reply = curl.open(&host.url(login_url)).await;
    assert_eq!((&*reply.text, reply.url), (NAME, page));
    curl.post(&logout, &host.origin).await;

    // Explicit targets keep the prefix, and those outside of it are replaced.
    for (target, expected) in [
        (format!("{path}/admin/x"), format!("{path}/admin/x")),
        (
            host.url(&format!("{path}/admin/x")),
            format!("{path}/admin/x"),
        ),
        ("/admin/x".to_owned(), format!("{path}/")),
        ("/other/x".to_owned(), format!("{path}/")),
        (host.url("/other/x"), format!("{path}/")),
    ] {
        let login = host.url(&format!("{path}/auth/weika/login?return_to={target}"));
        assert_eq!(curl.open(&login).await.url, host.url(&expected), "{target}");
    }
    curl.post(&logout, &host.origin).await;

    // Guarded prefixes are those of the application.
    for guarded in [
        "/private",
        "/private/x",
        "/%70rivate",
        "/x/..%2fprivate",
        "//private",
    ] {
        let reply = curl.open_once(&host.url(&format!("{path}{guarded}"))).await;
        assert_ne!(reply.status, 200, "{guarded}");
    }
    let open = curl
        .open_once(&host.url(&format!("{path}/privately")))
        .await;
    assert_eq!(open.status, 200);
}

/// Both applications in one browser: neither takes the session of the other.
async fn assert_independent(host: &Host, curl: &Curl) {
    let at = |path: &str| host.url(path);
    for path in ["/app1/admin/x", "/app2/admin/x"] {
        assert_eq!(curl.open(&at(path)).await.text, NAME);
    }
    let calls = host.sandbox.call_log().count(Endpoint::ManagerInfo);
    for path in ["/app1/", "/app2/", "/app1/admin/x", "/app2/admin/x"] {
        assert_eq!(curl.open(&at(path)).await.text, NAME, "{path}");
    }
    let again = host.sandbox.call_log().count(Endpoint::ManagerInfo);
    assert_eq!(calls, again, "both sessions are there");
    let sessions = curl.cookies();
    let sessions = sessions.iter().filter(|name| name.ends_with("-session"));
    assert_eq!(sessions.count(), 2);
    curl.post(&at("/app1/auth/weika/logout"), &host.origin)
        .await;
    assert_eq!(curl.open(&at("/app1/")).await.text, ANONYMOUS);
    assert_eq!(curl.open(&at("/app2/")).await.text, NAME);
}

async fn assert_host_works(is_tls: bool) {
    let host = Host::start(is_tls).await;
    for path in ["/app1", "/app2"] {
        let curl = Curl::new(&format!("{is_tls}{}", path.replace('/', "-")));
        assert_works(&host, &curl, path).await;
        let prefix = if is_tls { "__Host-" } else { "dev-" };
        let prefix = format!("{prefix}{}+weika-", &path[1..]);
        let cookies = curl.cookies();
        assert!(
            cookies.iter().all(|name| name.starts_with(&prefix)),
            "{cookies:?}"
        );
    }
    assert_independent(&host, &Curl::new(&format!("{is_tls}-both"))).await;
}

#[ignore = "needs nginx; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn applications_under_paths_work_behind_nginx_over_tls_stripped_and_not() {
    assert_host_works(true).await;
}

#[ignore = "needs nginx; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn applications_under_paths_work_behind_nginx_over_http_stripped_and_not() {
    assert_host_works(false).await;
}
