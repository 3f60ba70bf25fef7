//! Clients that send a logout and close the connection at once (rule S4).

use std::io::Write;
use std::net::{SocketAddr, TcpStream};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tower::{Layer, Service};

use super::site::{ANONYMOUS, Site, soon};
use super::way::Weika;

const CLIENTS: usize = 80;

/// Starts hyper over a site that consists of the login layer alone. hyper calls the layer directly,
/// as a Tower service without a router in between.
async fn serve(site: &Site<Weika>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let page = tower::service_fn(async |_| {
        Ok::<_, std::convert::Infallible>(http::Response::new(String::new()))
    });
    let site = site.login.layer(page);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            let site = site.clone();
            let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                site.clone().call(request)
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

#[tokio::test]
async fn s4_eighty_logouts_whose_clients_hang_up_at_once_leave_no_session() {
    let site = Site::<Weika>::start().await;
    let mut browsers = Vec::new();
    for _ in 0..CLIENTS {
        let browser = site.browser();
        site.log_in(&browser, "wang").await;
        browsers.push(browser);
    }
    let address = serve(&site).await;
    for browser in &browsers {
        let cookie = site.session_cookie(browser);
        // The server runs on this thread, so it reads the end of the connection together with the
        // request.
        let mut stream = TcpStream::connect(address).expect("the server listens");
        let head = format!(
            "POST /auth/weika/logout HTTP/1.1\r\nHost: campus.example\r\nContent-Length: 0\r\nCookie: {}={}\r\n\r\n",
            cookie.name, cookie.value,
        );
        stream
            .write_all(head.as_bytes())
            .expect("the request is small");
    }
    soon(async {
        for browser in &browsers {
            while site.who(browser).await != ANONYMOUS {
                tokio::task::yield_now().await;
            }
        }
    })
    .await;
}
