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
use crate::visitor::{Begun, cookie, navigate};

/// A browser gives up after so many reloads.
const RELOADS: usize = 100;

/// One connection.
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

/// One browser with its connection, which has begun a login.
pub(crate) struct Browser {
    number: usize,
    pub(crate) reloads: usize,
    site: Connection,
    flow_cookie: String,
    /// First where the provider's page is, then the callback.
    target: String,
}

impl Browser {
    pub(crate) async fn begin(number: usize, site: SocketAddr) -> Self {
        let mut site = Connection::open(site).await.expect("the site listens");
        let answer = site
            .get("/auth/weika/login?return_to=/admin", None)
            .await
            .expect("a response");
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let flow_cookie = Begun::from(answer.headers()).cookie;
        Self {
            number,
            reloads: 0,
            site,
            flow_cookie,
            target: location(answer.headers()),
        }
    }

    /// Approves at the provider's page, which sends the browser back with a code.
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
            .expect("back to the site")
            .to_owned();
    }

    /// Sends the callback, and again while the site has no permit for it. Returns the session cookie as well.
    pub(crate) async fn come_back(mut self) -> Result<(Self, String), BoxError> {
        let answer = loop {
            let answer = self.site.get(&self.target, Some(&self.flow_cookie)).await?;
            if answer.status() != StatusCode::SERVICE_UNAVAILABLE || self.reloads == RELOADS {
                break answer;
            }
            self.reloads += 1;
            tokio::time::sleep(Duration::from_secs(1)).await;
        };
        match cookie(answer.headers(), "-session") {
            Some(session) if answer.status() == StatusCode::SEE_OTHER => Ok((self, session)),
            _ => Err(format!("the callback is answered with {}", answer.status()).into()),
        }
    }

    /// Opens a guarded page, which has to know the user.
    pub(crate) async fn check(mut self, session: &str) -> Result<(), BoxError> {
        let answer = self.site.get("/admin", Some(session)).await?;
        let is_right =
            answer.status() == StatusCode::OK && answer.body() == person(self.number)[1].as_bytes();
        if is_right {
            Ok(())
        } else {
            Err(format!("/admin is answered with {}", answer.status()).into())
        }
    }
}

fn location(answer: &HeaderMap) -> String {
    answer[LOCATION].to_str().expect("text").to_owned()
}
