//! The browsers.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the time")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tower_weika::BoxError;
use tower_weika_sandbox::Endpoint;

use super::site::ORIGIN;
use super::upstream::person;
use crate::visitor::{Begun, cookie, navigate};

/// So many connect at the same time; what is measured comes later.
const DOORS: usize = 500;

/// A browser gives up after so many reloads.
const RELOADS: usize = 100;

/// What became of everybody.
pub(super) struct Crowd {
    pub(super) logged_in: usize,
    pub(super) failures: Vec<String>,
    /// The site's memory while everybody is at the provider's page, MiB.
    pub(super) waiting: Option<f64>,
    /// Until everybody was there.
    pub(super) begins: Duration,
    /// From the first callback to the last answer to one.
    pub(super) callbacks: Duration,
    /// Callbacks that were sent again, because the site had no permit for them.
    pub(super) reloads: usize,
}

impl Crowd {
    /// Everybody opens a connection, begins a login and gets a code. Then all callbacks come at once; and whoever got
    /// a session looks whose it is.
    pub(super) fn log_in(
        people: usize,
        site: SocketAddr,
        upstream: SocketAddr,
        memory: impl FnOnce() -> Option<f64>,
    ) -> Self {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let start = Instant::now();
            let mut browsers = Vec::with_capacity(people);
            while browsers.len() < people {
                let doors = browsers.len()..people.min(browsers.len() + DOORS);
                let begun = doors.map(|number| begin(number, site));
                browsers.extend(begun.collect::<JoinSet<_>>().join_all().await);
            }
            let begins = start.elapsed();
            approve(&mut browsers, upstream).await;
            let waiting = memory();

            let start = Instant::now();
            let returned = browsers
                .into_iter()
                .map(Browser::come_back)
                .collect::<JoinSet<_>>()
                .join_all()
                .await;
            let callbacks = start.elapsed();
            let reloads = returned
                .iter()
                .flatten()
                .map(|(browser, _)| browser.reloads)
                .sum();
            let looked = returned
                .into_iter()
                .map(Browser::look)
                .collect::<JoinSet<_>>()
                .join_all()
                .await;
            let failures: Vec<_> = looked
                .into_iter()
                .filter_map(Result::err)
                .map(|error| error.to_string())
                .collect();
            Self {
                logged_in: people - failures.len(),
                failures,
                waiting,
                begins,
                callbacks,
                reloads,
            }
        })
    }
}

/// One browser with its connection.
pub(super) struct Browser {
    number: usize,
    reloads: usize,
    site: SendRequest<Empty<Bytes>>,
    /// The cookie of the flow.
    cookie: String,
    /// First where the provider's page is, then where that page has sent the browser back to.
    target: String,
}

pub(super) async fn connect(address: SocketAddr) -> Result<SendRequest<Empty<Bytes>>, BoxError> {
    let (sender, connection) = handshake(TokioIo::new(TcpStream::connect(address).await?)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

pub(super) async fn get(
    sender: &mut SendRequest<Empty<Bytes>>,
    target: &str,
    cookies: Option<&str>,
) -> Result<Response<Bytes>, BoxError> {
    let request: Request<()> = navigate(target, cookies);
    sender.ready().await?;
    let (parts, body) = sender
        .send_request(request.map(|()| Empty::new()))
        .await?
        .into_parts();
    Ok(Response::from_parts(
        parts,
        body.collect().await?.to_bytes(),
    ))
}

fn location(answer: &HeaderMap) -> String {
    answer[LOCATION].to_str().expect("text").to_owned()
}

pub(super) async fn begin(number: usize, site: SocketAddr) -> Browser {
    let mut site = connect(site).await.expect("the site listens");
    let answer = get(&mut site, "/auth/weika/login?return_to=/admin", None)
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let cookie = Begun::from(answer.headers()).cookie;
    Browser {
        number,
        reloads: 0,
        site,
        cookie,
        target: location(answer.headers()),
    }
}

/// Everybody says who they are at the provider's page, and is sent back with a code.
pub(super) async fn approve(browsers: &mut [Browser], upstream: SocketAddr) {
    let mut upstream = connect(upstream).await.expect("the upstream listens");
    for browser in browsers {
        let query = browser.target.split_once('?').expect("a query").1;
        let [id, _] = person(browser.number);
        let page = format!("{}?person={id}&{query}", Endpoint::Approve.path());
        let answer = get(&mut upstream, &page, None).await.expect("an answer");
        let back = location(answer.headers());
        browser.target = back
            .strip_prefix(ORIGIN)
            .expect("back to the site")
            .to_owned();
    }
}

/// A browser that has come back, with the cookie of its session.
pub(super) type Returned = Result<(Browser, String), BoxError>;

impl Browser {
    /// Sends the callback, and again while the site has no permit for it.
    pub(super) async fn come_back(mut self) -> Returned {
        let answer = loop {
            let answer = get(&mut self.site, &self.target, Some(&self.cookie)).await?;
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

    pub(super) async fn look(returned: Returned) -> Result<(), BoxError> {
        let (mut browser, session) = returned?;
        let answer = get(&mut browser.site, "/admin", Some(&session)).await?;
        let [_, user_id] = person(browser.number);
        let is_me = answer.status() == StatusCode::OK && answer.body() == user_id.as_bytes();
        if is_me {
            Ok(())
        } else {
            Err(format!("/admin is answered with {}", answer.status()).into())
        }
    }
}
