//! The site that all users log in to.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::routing::get;
use harness::process::report_address;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpSocket;
use tower_weika::guard::GuardLayer;
use tower_weika::identity::{Identity, Manager};
use tower_weika::login::LoginLayer;
use tower_weika::provider::WeikaManagerProvider;
use tower_weika::session::Authenticated;

use crate::machine::raise_file_limit;

/// The origin of the site: https, so that cookies are those of production.
pub(crate) const ORIGIN: &str = "https://campus.example";

/// Reports its address, and serves until its stdin is closed.
pub(crate) fn serve(upstream: &str, key: &str, secret: &str) {
    raise_file_limit();
    harness::runtime().block_on(async {
        let weika = WeikaManagerProvider::builder(key, secret)
            .base_url(upstream)
            .build()
            .expect("a provider");
        let login = LoginLayer::builder(weika)
            .public_url(ORIGIN)
            .secret([7; 32])
            .build()
            .expect("valid settings");
        let subject = async |manager: Authenticated<Manager>| manager.subject().to_owned();
        let guarded = get(subject).layer(GuardLayer::<Manager>::logged_in());
        let site = Router::new().route("/admin", guarded).layer(login);
        let socket = TcpSocket::new_v4().expect("a socket");
        socket
            .bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .expect("a free port");
        let listener = socket.listen(16_384).expect("to listen");
        report_address(listener.local_addr().expect("an address"), || {
            std::process::exit(0)
        });
        // As in the example: `axum::serve` also detects HTTP/2, which needs memory for each
        // connection.
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            let service = TowerToHyperService::new(site.clone());
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
}
