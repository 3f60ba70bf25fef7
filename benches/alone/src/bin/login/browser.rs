//! Browsers that log in over the network.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tower_weika::BoxError;

use crate::site::ORIGIN;
use crate::upstream::{approval_path, person};
use crate::visitor::{StartedLogin, cookie, navigate};

/// A browser gives up after this many reloads.
const RELOADS: usize = 100;

/// One HTTP connection.
pub(crate) struct Connection {
    sender: SendRequest<Empty<Bytes>>,
    task: AbortHandle,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self, BoxError> {
        let (sender, connection) =
            handshake(TokioIo::new(TcpStream::connect(address).await?)).await?;
        Ok(Self {
            sender,
            task: tokio::spawn(connection).abort_handle(),
        })
    }

    pub(crate) async fn get(
        &mut self,
        target: &str,
        cookies: Option<&str>,
    ) -> Result<Response<Bytes>, BoxError> {
        let request: Request<()> = navigate(target, cookies);
        self.sender.ready().await?;
        let (parts, body) = self
            .sender
            .send_request(request.map(|()| Empty::new()))
            .await?
            .into_parts();
        Ok(Response::from_parts(
            parts,
            body.collect().await?.to_bytes(),
        ))
    }

    pub(crate) fn close(self) {
        self.task.abort();
    }
}

/// One browser with its connection, which has started a login.
pub(crate) struct Browser {
    number: usize,
    pub(crate) reloads: usize,
    site: Connection,
    flow_cookie: String,
    /// First the URL of the provider's page, then that of the callback.
    target: String,
}

impl Browser {
    pub(crate) async fn start(number: usize, site: SocketAddr) -> Self {
        let mut site = Connection::open(site).await.expect("the site listens");
        let response = site
            .get("/auth/weika/login?return_to=/admin", None)
            .await
            .expect("a response");
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        let flow_cookie = StartedLogin::from(response.headers()).cookie;
        Self {
            number,
            reloads: 0,
            site,
            flow_cookie,
            target: location(response.headers()),
        }
    }

    /// Approves at the provider's page, which redirects the browser back with a code.
    pub(crate) async fn approve(&mut self, upstream: &mut Connection) {
        let query = self.target.split_once('?').expect("a query").1;
        let page = format!(
            "{}?person={}&{query}",
            approval_path(),
            person(self.number)[0]
        );
        let callback = location(
            upstream
                .get(&page, None)
                .await
                .expect("a response")
                .headers(),
        );
        self.target = callback
            .strip_prefix(ORIGIN)
            .expect("a redirect to the site")
            .to_owned();
    }

    /// Sends the callback, and retries while the site has no permit for it. Also returns the
    /// session cookie.
    pub(crate) async fn complete(mut self) -> Result<(Self, String), BoxError> {
        let response = loop {
            let response = self.site.get(&self.target, Some(&self.flow_cookie)).await?;
            if response.status() != StatusCode::SERVICE_UNAVAILABLE || self.reloads == RELOADS {
                break response;
            }
            self.reloads += 1;
            tokio::time::sleep(Duration::from_secs(1)).await;
        };
        match cookie(response.headers(), "-session") {
            Some(session) if response.status() == StatusCode::SEE_OTHER => Ok((self, session)),
            _ => Err(format!("the response to the callback is {}", response.status()).into()),
        }
    }

    /// Opens a guarded page, which must recognize the user.
    pub(crate) async fn check(mut self, session: &str) -> Result<(), BoxError> {
        let response = self.site.get("/admin", Some(session)).await?;
        let is_right = response.status() == StatusCode::OK
            && response.body() == person(self.number)[1].as_bytes();
        if is_right {
            Ok(())
        } else {
            Err(format!("the response to /admin is {}", response.status()).into())
        }
    }
}

fn location(response: &HeaderMap) -> String {
    response[LOCATION].to_str().expect("text").to_owned()
}
