//! What every client has beneath its calls: where the upstream system is, what carries the requests, and
//! within which bounds.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::host::BaseUrl;
use super::transport::{Limits, Transport};
use crate::error::{Error, ErrorKind, Mistake, shown_url};

/// The media type of a body in JSON.
pub(super) const JSON: &str = "application/json";

/// So many calls of one upstream system are under way at the same time. Each takes a connection, and of those a
/// process has few: without a bound, ten thousand who log in at once lose their codes to the limit of open files.
const CALLS_AT_ONCE: usize = 256;

/// The way to one upstream system.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) base: BaseUrl,
    transport: Transport,
    limits: Limits,
    places: Semaphore,
}

impl Connection {
    /// Posts `body` once and gives the answer, which was a 200. `context` names the call in errors.
    pub(super) async fn post(
        &self,
        url: &str,
        content_type: &'static str,
        body: Bytes,
        context: &'static str,
    ) -> Result<Bytes, Error> {
        let request = Request::post(url)
            .header(CONTENT_TYPE, content_type)
            .header(ACCEPT, JSON)
            .body(body.into())
            .map_err(|_| Error::new(ErrorKind::Internal, context).with_source("the URL cannot be one"))?;
        self.transport.send(request, self.limits, context).await
    }

    /// Waits until a call may begin; it is over when the place is dropped. The time for the call begins afterwards.
    /// Who fetches a token for everybody needs none: those who have a place may be waiting for it.
    pub(super) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.places.acquire().await.ok()
    }

    /// The same in a place of its own, and once more if nothing was sent because no connection could be made.
    pub(super) async fn post_or_reconnect(
        &self,
        url: &str,
        content_type: &'static str,
        body: Bytes,
        context: &'static str,
    ) -> Result<Bytes, Error> {
        let _place = self.place().await;
        match self.post(url, content_type, body.clone(), context).await {
            Err(error) if error.kind() == ErrorKind::Connect => self.post(url, content_type, body, context).await,
            outcome => outcome,
        }
    }
}

/// The body of a call in JSON.
pub(super) fn json(body: &impl Serialize, context: &'static str) -> Result<Bytes, Error> {
    // The serializer's message may quote the value.
    serde_json::to_vec(body)
        .map(Bytes::from)
        .map_err(|_| Error::new(ErrorKind::Internal, context).with_source("the body cannot be written as JSON"))
}

/// Text for the query of a URL: all but the unreserved characters of RFC 3986 §2.3 is encoded.
pub(crate) fn encoded(text: &str) -> impl fmt::Display {
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

    utf8_percent_encode(text, ENCODED)
}

/// The settings of a [`Connection`]: a part of each client's builder.
#[derive(Clone)]
pub(super) struct ConnectionSettings {
    pub(super) base_url: String,
    pub(super) allow_http: bool,
    pub(super) transport: Option<Transport>,
    pub(super) limits: Limits,
}

impl ConnectionSettings {
    pub(super) fn new(base_url: String) -> Self {
        Self { base_url, allow_http: false, transport: None, limits: Limits::default() }
    }

    /// The connection; `None` if there is anything to add to `mistakes`.
    pub(super) fn check(self, mistakes: &mut Vec<Mistake>) -> Option<Connection> {
        let Limits { total, max_body } = self.limits;
        if !(Duration::from_millis(1)..=Duration::from_secs(300)).contains(&total) {
            let (value, expected) = (format!("{total:?}"), "between 1 ms and 300 s");
            mistakes.push(Mistake::Bounds { name: "total_timeout", value, expected });
        }
        if !(1024..=16 * 1024 * 1024).contains(&max_body) {
            let (value, expected) = (max_body.to_string(), "between 1 KiB and 16 MiB");
            mistakes.push(Mistake::Bounds { name: "max_body", value, expected });
        }
        let base = BaseUrl::parse("base_url", &self.base_url, self.allow_http);
        let base = base.map_err(|mistake| mistakes.push(mistake)).ok();
        let transport = self.transport.map_or_else(|| default_transport(self.limits), Ok);
        let transport = transport.map_err(|mistake| mistakes.push(mistake)).ok();
        let places = Semaphore::new(CALLS_AT_ONCE);
        Some(Connection { base: base?, transport: transport?, limits: self.limits, places })
    }
}

impl fmt::Debug for ConnectionSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionSettings")
            // Not checked yet: there could be a password in it.
            .field("base_url", &shown_url(&self.base_url))
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// The methods of a builder that has `connection: ConnectionSettings`.
macro_rules! connection_methods {
    () => {
        /// What carries the requests; `reqwest` unless set, if the feature `client` is on.
        pub fn transport(mut self, transport: $crate::client::Transport) -> Self {
            self.connection.transport = Some(transport);
            self
        }

        /// The longest time for one exchange, from connecting to the last byte; 5 s unless set. A
        /// transport of yours may have shorter ones. 256 calls of one system are under way at once, the fetch of
        /// a token aside; waiting for others to end comes on top.
        pub fn total_timeout(mut self, total_timeout: std::time::Duration) -> Self {
            self.connection.limits.total = total_timeout;
            self
        }

        /// The longest answer that is read, in bytes; 64 KiB unless set.
        pub fn max_body(mut self, max_body: usize) -> Self {
            self.connection.limits.max_body = max_body;
            self
        }
    };
}

pub(super) use connection_methods;

#[cfg(feature = "client")]
fn default_transport(limits: Limits) -> Result<Transport, Mistake> {
    Transport::reqwest_within(limits.total)
}

#[cfg(not(feature = "client"))]
fn default_transport(_limits: Limits) -> Result<Transport, Mistake> {
    Err(Mistake::Feature { name: "transport", feature: "client" })
}
