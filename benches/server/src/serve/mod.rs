//! One server of any kind: many live sessions, and a page that tells everybody who they are.

mod axum_login;
mod ours;
mod tower_sessions;

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use axum::Router;
use axum::routing::get;
use http::header::SET_COOKIE;
use http::{HeaderValue, Request, StatusCode, Uri};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tower::ServiceExt;

use crate::support::cookies;

/// A server that is ready, and the `Cookie` headers of its visitors: first that of `person-0`.
struct Ready {
    router: Router,
    visitors: Vec<HeaderValue>,
}

/// Writes the visitors' cookies to `file`, one a line, says where it listens, and serves until its input ends.
pub(crate) fn serve(kind: &str, visitors: usize, file: &Path) {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut redis = None;
    let ready = match kind {
        "bare" => bare(visitors),
        "ours" => ours::in_memory(visitors),
        "ours-near" => {
            let redis = redis.insert(ours::redis());
            ours::near(redis, visitors, &runtime)
        }
        "tower-sessions" => tower_sessions::ready(visitors, &runtime),
        "axum-login" => axum_login::ready(visitors, &runtime),
        other => panic!("{other:?} is no kind of server"),
    };
    let lines = ready
        .visitors
        .iter()
        .map(|cookies| format!("{}\n", cookies.to_str().expect("text")));
    fs::write(file, lines.collect::<String>()).expect("a file for the cookies");

    let (ended, end) = oneshot::channel();
    std::thread::spawn(move || {
        let _nothing = io::stdin().lines().count();
        // Fails if the server has ended before.
        let _told = ended.send(());
    });
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let mut stdout = io::stdout();
        writeln!(stdout, "{}", listener.local_addr().expect("an address"))
            .expect("somebody listens");
        tokio::select! {
            served = axum::serve(listener, ready.router) => served.expect("serving never ends"),
            _ = end => {}
        }
    });
}

/// With nothing around it; believes whatever it is told.
fn bare(visitors: usize) -> Ready {
    let router = Router::new().route("/me", get(async |uri: Uri| answer(uri.query(), &uri)));
    let visitors = (0..visitors)
        .map(|number| cookies(&format!("__Host-bench-session={number:022}")))
        .collect();
    Ready { router, visitors }
}

/// The page: who is asking, if it is whoever the address names. A wrong answer is no success, so that whoever sends
/// the requests notices.
fn answer(subject: Option<&str>, uri: &Uri) -> Result<String, StatusCode> {
    match subject {
        Some(subject) if uri.query() == Some(subject) => Ok(subject.to_owned()),
        _ => Err(StatusCode::FORBIDDEN),
    }
}

/// Logs so many people in, at `/login?person-…`.
fn log_in(router: &Router, visitors: usize, runtime: &Runtime) -> Vec<HeaderValue> {
    let one = |number| {
        let login = Request::get(format!("/login?person-{number}")).body(axum::body::Body::empty());
        let answer = runtime
            .block_on(router.clone().oneshot(login.expect("a request")))
            .expect("infallible");
        let cookie = answer.headers()[SET_COOKIE]
            .to_str()
            .expect("text")
            .split(';')
            .next();
        cookies(cookie.expect("a cookie"))
    };
    (0..visitors).map(one).collect()
}
