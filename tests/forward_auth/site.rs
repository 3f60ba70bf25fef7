//! A school: the login service, two applications, nginx before them, and a sandbox for Weika.

use std::fs;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::Request;
use axum::routing::any;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tower_weika::clock::{ManualClock, Timestamp};
use tower_weika::guard::ManagerRequirement;
use tower_weika::identity::Manager;
use tower_weika::login::{ForwardAuthBuilder, LoginLayer};
use tower_weika::provider::WeikaManagerProvider;
use tower_weika::session::{Namespace, Session, SessionDigest, SessionId, SessionInfo};
use tower_weika::store::{
    Inserted, LoadResult, Lookup, MemoryStore, Previous, SessionStore, Stamp,
};
use tower_weika::{Error, ErrorKind};
use tower_weika_sandbox::{Browser, Sandbox};

use crate::applications::{start_echo, start_fastcgi};
use crate::client::{self, Protocol, Reply};
use crate::configuration::configuration;
use crate::nginx::Nginx;
use crate::redis_server::{free_port, until};

pub(crate) struct Site {
    pub(crate) url: String,
    pub(crate) sandbox: Sandbox,
    pub(crate) clock: ManualClock,
    port: u16,
    nginx: Nginx,
    store: FailingStore,
    service: JoinHandle<()>,
}

impl Site {
    pub(crate) async fn start() -> Self {
        Self::start_for("/forward-auth").await
    }

    /// Starts a site whose nginx asks the service at `path`.
    pub(crate) async fn start_for(path: &str) -> Self {
        let sandbox = Sandbox::start().await.expect("a sandbox");
        sandbox.auto_approve("wang");
        let port = free_port();
        let url = format!("https://localhost:{port}");
        let clock = ManualClock::new(Timestamp::from_unix_seconds(1_760_000_000));
        let store = FailingStore::default();
        let weika = WeikaManagerProvider::builder(sandbox.app_key(), sandbox.app_secret());
        let weika = weika
            .base_url(sandbox.base_url())
            .build()
            .expect("a provider");
        let login = LoginLayer::builder_with_store(weika, store.clone())
            .public_url(&url)
            .default_target("/portal/")
            .clock(clock.clock())
            .build()
            .expect("a login");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let service = tokio::spawn(async move {
            axum::serve(listener, app(login))
                .await
                .expect("serving never ends");
        });
        let (grades, portal) = (start_echo().await, start_fastcgi().await);
        let replacements: [(&str, &str); 4] = [
            ("127.0.0.1:3000", &address),
            ("127.0.0.1:8080", &grades.to_string()),
            ("unix:/run/php/php-fpm.sock", &portal.to_string()),
            (
                "http://login/forward-auth;",
                &format!("http://login{path};"),
            ),
        ];
        let nginx = Nginx::start(port, |folder| {
            fs::create_dir_all(folder.join("srv/portal")).expect("a folder for PHP");
            // `try_files` looks for it; the process that would run it is the test.
            fs::write(folder.join("srv/portal/index.php"), "").expect("a file for PHP");
            configuration(folder, port, &replacements)
        });
        Self {
            url,
            sandbox,
            clock,
            port,
            nginx,
            store,
            service,
        }
    }

    pub(crate) async fn send(
        &self,
        protocol: Protocol,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
    ) -> Reply {
        let certificate = self.nginx.folder.join("fullchain.pem");
        let server = (self.port, &*certificate);
        client::send(server, protocol, (method, target), headers, "").await
    }

    pub(crate) async fn get(&self, target: &str, headers: &[(&str, &str)]) -> Reply {
        self.send(Protocol::Http1, "GET", target, headers).await
    }

    pub(crate) async fn post(&self, target: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let certificate = self.nginx.folder.join("fullchain.pem");
        let server = (self.port, &*certificate);
        client::send(server, Protocol::Http1, ("POST", target), headers, body).await
    }

    /// Logs in and returns the session cookie.
    pub(crate) async fn log_in(&self) -> String {
        let (cookies, _) = self.log_in_at("/auth/weika/login").await;
        let mut cookies = cookies.split("; ");
        let session = cookies.find(|cookie| cookie.starts_with("__Host-weika-session="));
        session.expect("a session").to_owned()
    }

    /// Logs in at a login URL. Returns the cookies of the browser and the target.
    pub(crate) async fn log_in_at(&self, login_url: &str) -> (String, String) {
        let begun = self.get(login_url, &crate::NAVIGATE).await;
        let authorize = begun.header("location").expect("a redirect to Weika");
        let approved = Browser::new()
            .get_no_follow(authorize)
            .await
            .expect("Weika");
        let callback = approved.location().expect("a redirect back");
        let callback = callback
            .strip_prefix(&self.url)
            .expect("to this site")
            .to_owned();
        let flow = cookies(&begun);
        let headers = [("Cookie", &*flow), crate::NAVIGATE[0], crate::NAVIGATE[1]];
        let done = self.get(&callback, &headers).await;
        let target = done.header("location").expect("a redirect to the target");
        (cookies(&done), target.to_owned())
    }

    /// Lets the session store fail, or work again.
    pub(crate) fn fail_store(&self, fails: bool) {
        self.store.fails.store(fails, Ordering::Relaxed);
    }

    pub(crate) fn stop_service(&self) {
        self.service.abort();
        until("the service stops", || self.service.is_finished());
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.service.abort();
    }
}

/// Returns the cookies that a response sets, as a browser sends them.
fn cookies(reply: &Reply) -> String {
    let pairs = reply
        .all("set-cookie")
        .filter(|cookie| !cookie.contains("Max-Age=0"));
    let pairs: Vec<_> = pairs
        .filter_map(|cookie| cookie.split(';').next())
        .collect();
    pairs.join("; ")
}

/// The application of the guide, a second service with a requirement, and an echo that is not
/// behind the login.
fn app(login: LoginLayer<WeikaManagerProvider, FailingStore>) -> Router {
    let everyone = with_headers(login.forward_auth())
        .build()
        .expect("a service");
    let chiefs = with_headers(login.forward_auth());
    let chiefs = chiefs.require(ManagerRequirement::role_at("1000000001", 1));
    let chiefs = chiefs.build().expect("a service");
    Router::new()
        .layer(login)
        .route_service("/forward-auth", everyone)
        .route_service("/forward-auth/chiefs", chiefs)
        .route(
            "/auth/echo",
            any(async |request: Request| {
                let lines = request.headers().iter().map(|(name, value)| {
                    format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()))
                });
                lines.collect::<String>()
            }),
        )
}

fn with_headers<St>(
    builder: ForwardAuthBuilder<WeikaManagerProvider, St>,
) -> ForwardAuthBuilder<WeikaManagerProvider, St> {
    builder
        .header("X-User", |manager| Some(manager.user_id.to_string()))
        .header("X-User-Name", |manager| Some(manager.name.clone()))
        .header("X-User-School", |manager| {
            Some(manager.current_school()?.code.clone())
        })
}

/// A store in memory that fails on request.
#[derive(Clone, Default)]
struct FailingStore {
    sessions: MemoryStore<Manager>,
    fails: Arc<AtomicBool>,
}

impl SessionStore<Manager> for FailingStore {
    type Load = Pin<Box<dyn Future<Output = LoadResult<Manager>> + Send>>;

    fn load(&self, namespace: &Namespace, id: &SessionId) -> Lookup<Manager, Self::Load> {
        if self.fails.load(Ordering::Relaxed) {
            let failure = Error::new(ErrorKind::Store, "as planned");
            return Lookup::Pending(Box::pin(async { Err(failure) }));
        }
        match self.sessions.load(namespace, id) {
            Lookup::Ready(found) => Lookup::Ready(found),
            _ => unreachable!("a store in memory responds at once"),
        }
    }

    async fn stamp(&self, namespace: &Namespace) -> Result<Stamp, Error> {
        self.sessions.stamp(namespace).await
    }

    async fn insert(
        &self,
        session: Session<Manager>,
        previous: Option<Previous<'_>>,
        since: Stamp,
    ) -> Result<Inserted, Error> {
        self.sessions.insert(session, previous, since).await
    }

    async fn remove(&self, namespace: &Namespace, id: &SessionId) -> Result<bool, Error> {
        self.sessions.remove(namespace, id).await
    }

    async fn remove_of(
        &self,
        namespace: &Namespace,
        subject: &str,
        session: &SessionDigest,
    ) -> Result<bool, Error> {
        self.sessions.remove_of(namespace, subject, session).await
    }

    async fn remove_subject(
        &self,
        namespace: &Namespace,
        subject: &str,
        kept: Option<&SessionId>,
    ) -> Result<(), Error> {
        self.sessions.remove_subject(namespace, subject, kept).await
    }

    async fn sessions_of(
        &self,
        namespace: &Namespace,
        subject: &str,
    ) -> Result<Vec<SessionInfo>, Error> {
        self.sessions.sessions_of(namespace, subject).await
    }

    async fn remove_all(&self, namespace: &Namespace) -> Result<(), Error> {
        self.sessions.remove_all(namespace).await
    }
}
