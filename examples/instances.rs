//! Two instances of a site behind a load balancer, with one Redis: `cargo run --example instances`.
//!
//! Every connection goes to the next instance, and every page shows which one responded: log in at
//! one, and the other knows the session; log out there. `REDIS_URL` names a server; without it the
//! example starts a `redis-server`. The upstream system is the embedded sandbox.

use std::env;
use std::future::pending;
use std::io::{self, Write};
use std::iter::successors;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use axum::middleware::map_response;
use axum::response::{Html, Response};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::sleep;
use tower_weika::BoxError;
use tower_weika::guard::GuardLayer;
use tower_weika::identity::Manager;
use tower_weika::login::LoginLayer;
use tower_weika::provider::WeikaManagerProvider;
use tower_weika::session::Authenticated;
use tower_weika::store::{Redis, RedisStore};
use tower_weika_sandbox::Sandbox;

/// How long a client may take to send the head of a request.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);

const NAMES: [&str; 2] = ["A", "B"];

#[tokio::main]
async fn main() -> ExitCode {
    let Err(error) = run().await else {
        return ExitCode::SUCCESS;
    };
    eprint!("fatal: {error}");
    let causes = successors(error.source(), |error| error.source());
    causes.for_each(|cause| eprint!(": {cause}"));
    eprintln!();
    ExitCode::FAILURE
}

async fn run() -> Result<(), BoxError> {
    // From here on a signal stops this function, so that the Redis process is stopped too.
    let end = termination()?;
    tokio::select! {
        ended = serve() => ended,
        () = end => Ok(()),
    }
}

async fn serve() -> Result<(), BoxError> {
    let mut redis = Server::find()?;
    let sandbox = Sandbox::start().await?;
    let listen = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let balancer = TcpListener::bind(listen).await?;
    let public_url = format!("http://{}", balancer.local_addr()?);
    // Instances in several processes read the same secret from their environment.
    let secret = random_secret()?;
    let mut instances = Vec::new();
    for name in NAMES {
        // Instances share only what goes through Redis: each has its connection and its token
        // cache.
        let store = redis.connect().await?.store();
        let weika = WeikaManagerProvider::builder(sandbox.app_key(), sandbox.app_secret())
            .base_url(sandbox.base_url());
        let site = site(name, weika.build()?, store, secret, &public_url)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        instances.push(listener.local_addr()?);
        tokio::spawn(serve_instance(listener, site));
    }
    let mut stdout = io::stdout().lock();
    let _closed = writeln!(
        stdout,
        "listening on {public_url}\nsandbox on {}",
        sandbox.base_url()
    );
    drop(stdout);

    for instance in instances.into_iter().cycle() {
        let (browser, _) = balancer.accept().await?;
        tokio::spawn(forward(browser, instance));
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the crate's source of randomness is private"
)]
fn random_secret() -> Result<[u8; 32], BoxError> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret)?;
    Ok(secret)
}

/// Accepts the connections of one instance. `axum::serve` would wait for the rest of a request
/// forever.
async fn serve_instance(listener: TcpListener, site: Router) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Too many open files, most likely.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let site = TowerToHyperService::new(site.clone());
        tokio::spawn(async move {
            let mut server = http1::Builder::new();
            server
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_READ_TIMEOUT);
            let _broken_off = server.serve_connection(TokioIo::new(stream), site).await;
        });
    }
}

/// One instance, built like a single one except for the store.
fn site(
    name: &'static str,
    weika: WeikaManagerProvider,
    store: RedisStore<Manager>,
    secret: [u8; 32],
    public_url: &str,
) -> Result<Router, BoxError> {
    let login = LoginLayer::builder(weika)
        .store(store)
        .secret(secret)
        .public_url(public_url)
        .loopback_development()
        .build()?;
    let admin =
        get(async move |manager: Authenticated<Manager>| page(name, "/admin", Some(&manager)));
    Ok(Router::new()
        .route("/", get(home))
        .route("/admin", admin.layer(GuardLayer::<Manager>::logged_in()))
        .layer(login)
        // One request per connection, so that the balancer sends the next request to the other
        // instance.
        .layer(map_response(async |mut response: Response| {
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
            response
        }))
        .with_state(name))
}

async fn home(
    State(name): State<&'static str>,
    manager: Option<Authenticated<Manager>>,
) -> Html<String> {
    page(name, "/", manager.as_deref())
}

fn page(instance: &str, path: &str, manager: Option<&Manager>) -> Html<String> {
    let who = match manager {
        None => {
            r#"<p>未登录 · not logged in</p><p><a href="/auth/weika/login">登录 · log in</a></p>"#
                .to_owned()
        }
        Some(manager) => format!(
            r#"<p>你好，<b>{}</b></p><form method="post" action="/auth/weika/logout"><button>退出 · log out</button></form>"#,
            escaped(&manager.name)
        ),
    };
    Html(format!(
        r#"<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>实例 {instance}</title><style>{STYLE}</style><main class="instance-{instance}"><p><code>{path}</code></p>
<h1 id="instance">实例 {instance}</h1>{who}<nav aria-label="页面 · pages"><a href="/">首页 · home</a><a href="/admin">管理后台 · back office</a></nav>
</main></html>"#
    ))
}

/// The colour shows which instance responded.
const STYLE: &str = "body{margin:0;padding:3rem 1rem;background:#f3f6f4;font:1.05rem/1.6 system-ui,sans-serif}\
    main{max-width:24rem;margin:auto;padding:2rem;background:#fff;border-radius:1.1rem;border-top:.5rem solid var(--colour)}\
    h1{margin:0;font-size:2.6rem;color:var(--colour)}p{margin:.6rem 0}code{color:#66756c}\
    .instance-A{--colour:#06804a}.instance-B{--colour:#a3430f}nav{display:grid;gap:.4rem;margin-top:1.5rem}a{color:#06804a}\
    button{padding:.5rem 1.2rem;border:0;border-radius:.6rem;background:#16241c;color:#fff;font:inherit}";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Copies the request to the instance and the response to the browser. The instance decides when
/// the connection ends: if it disconnects a client that sent half a request, so does the balancer.
async fn forward(mut browser: TcpStream, instance: SocketAddr) {
    let Ok(mut instance) = TcpStream::connect(instance).await else {
        return;
    };
    let (mut from_browser, mut to_browser) = browser.split();
    let (mut from_instance, mut to_instance) = instance.split();
    let request = async {
        let _broken_off = copy(&mut from_browser, &mut to_instance).await;
        let _broken_off = to_instance.shutdown().await;
        pending::<()>().await;
    };
    let response = async {
        let _broken_off = copy(&mut from_instance, &mut to_browser).await;
        let _broken_off = to_browser.shutdown().await;
    };
    tokio::select! {
        () = request => {}
        () = response => {}
    }
}

/// The address of Redis, and its process if this example has started it. Dropping this stops the
/// process.
struct Server {
    url: String,
    process: Option<(Child, Folder)>,
}

impl Server {
    fn find() -> Result<Self, BoxError> {
        if let Some(url) = env::var("REDIS_URL").ok().filter(|url| !url.is_empty()) {
            return Ok(Self { url, process: None });
        }
        let folder =
            Folder(env::temp_dir().join(format!("tower-weika-instances-{}", std::process::id())));
        std::fs::create_dir(&folder.0)?;
        let socket = folder.0.join("redis.sock");
        let mut command = Command::new("redis-server");
        command
            .args(["--port", "0", "--save", "", "--unixsocket"])
            .arg(&socket)
            .current_dir(&folder.0);
        let started = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        let process = started.map_err(|error| {
            format!("redis-server: {error}. On Debian `apt-get install redis-server` brings it; or set REDIS_URL")
        })?;
        Ok(Self {
            url: format!("unix://{}", socket.display()),
            process: Some((process, folder)),
        })
    }

    /// Connects. A server that was just started needs a short time until it accepts connections.
    async fn connect(&mut self) -> Result<Redis, BoxError> {
        loop {
            let connected = Redis::connect(&self.url).await;
            let is_starting = match &mut self.process {
                Some((process, _)) => connected.is_err() && process.try_wait()?.is_none(),
                None => false,
            };
            if !is_starting {
                return Ok(connected?);
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A folder that is removed when this is dropped.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _left_behind = std::fs::remove_dir_all(&self.0);
    }
}

/// Completes on Ctrl-C or `SIGTERM`. Both are caught from this call on.
#[cfg(unix)]
fn termination() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn termination() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _asked = tokio::signal::ctrl_c().await;
    })
}
