//! The login of Weika managers around a plain hyper service, with the embedded sandbox: `cargo run
//! --example hyper`.
//!
//! The service has no router, so the login layer guards a path prefix.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::{ServiceBuilder, service_fn};
use tower_weika::BoxError;
use tower_weika::guard::LoggedIn;
use tower_weika::identity::Manager;
use tower_weika::login::LoginLayer;
use tower_weika::provider::WeikaManagerProvider;
use tower_weika::session::Authenticated;
use tower_weika_sandbox::Sandbox;

/// How long a client may take to send the head of a request, and to send the next request over the
/// same connection.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let sandbox = Sandbox::start().await?;
    let weika = WeikaManagerProvider::builder(sandbox.app_key(), sandbox.app_secret())
        .base_url(sandbox.base_url());

    let listen = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(listen).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let login = LoginLayer::builder(weika.build()?)
        .public_url(&url)
        .loopback_development();
    let login = login.guard_prefix("/admin", LoggedIn).build()?;

    let site = ServiceBuilder::new()
        .layer(login)
        .service(service_fn(respond));
    announce(&format!(
        "listening on {url}\nsandbox on {}",
        sandbox.base_url()
    ));

    loop {
        let (stream, _) = listener.accept().await?;
        let site = TowerToHyperService::new(site.clone());
        tokio::spawn(async move {
            let mut server = http1::Builder::new();
            // Without a timer hyper waits for the rest of a request forever.
            server
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_READ_TIMEOUT);
            if let Err(error) = server.serve_connection(TokioIo::new(stream), site).await {
                eprintln!("connection: {error}");
            }
        });
    }
}

/// The login layer inserts the identity into the extensions of the request.
async fn respond(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let manager = request.extensions().get::<Authenticated<Manager>>();
    let who = manager.map_or("未登录", |manager| &manager.name);
    let (status, text) = match request.uri().path() {
        "/" => (
            StatusCode::OK,
            format!("用户：{who}。管理后台（back office）：/admin"),
        ),
        path if path == "/admin" || path.starts_with("/admin/") => {
            (StatusCode::OK, format!("管理后台：{who}"))
        }
        _ => (StatusCode::NOT_FOUND, "404".to_owned()),
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    Ok(response)
}

/// Prints the addresses. A closed stdout is no reason to stop.
fn announce(lines: &str) {
    use std::io::Write;

    let mut stdout = std::io::stdout().lock();
    let _closed = writeln!(stdout, "{lines}").and_then(|()| stdout.flush());
}
