//! What every client has beneath its calls: where the upstream system is, what carries the requests, and
//! within which bounds.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::host::{BaseUrl, host_of};
use super::permits::{Permit, PermitLimits, Permits};
use super::transport::{Limits, Transport};
use crate::error::{ConfigErrorKind, Error, ErrorKind, shown_url};

/// The media type of a body in JSON.
pub(super) const JSON: &str = "application/json";

/// The way to one upstream system.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) base: BaseUrl,
    transport: Transport,
    limits: Limits,
    pub(super) permits: Permits,
    permit_limits: PermitLimits,
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
            .map_err(|_| {
                Error::new(ErrorKind::Internal, context).with_source("the URL cannot be one")
            })?;
        self.transport.send(request, self.limits, context).await
    }

    /// The pool of the host of `url`, which is that of the base URL or one that may be called as well.
    pub(super) fn permits_for(&self, url: &str) -> Result<Permits, Error> {
        let permits = host_of(url)
            .and_then(|host| Permits::of_host(&host, self.permit_limits.of_any_size()).ok());
        permits.ok_or_else(|| Error::new(ErrorKind::Internal, "the URL has no host"))
    }

    /// The same, and once more if nothing was sent because no connection could be made. The permit ends with the call.
    pub(super) async fn post_or_reconnect(
        &self,
        _permit: Permit,
        url: &str,
        content_type: &'static str,
        body: Bytes,
        context: &'static str,
    ) -> Result<Bytes, Error> {
        match self.post(url, content_type, body.clone(), context).await {
            Err(error) if error.kind() == ErrorKind::Connect => {
                self.post(url, content_type, body, context).await
            }
            outcome => outcome,
        }
    }
}

/// The body of a call in JSON.
pub(super) fn json(body: &impl Serialize, context: &'static str) -> Result<Bytes, Error> {
    // The serializer's message may quote the value.
    serde_json::to_vec(body).map(Bytes::from).map_err(|_| {
        Error::new(ErrorKind::Internal, context).with_source("the body cannot be written as JSON")
    })
}

/// Text for the query of a URL: all but the unreserved characters of RFC 3986 §2.3 is encoded.
pub(crate) fn encoded(text: &str) -> impl fmt::Display {
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');

    utf8_percent_encode(text, ENCODED)
}

/// The settings of a [`Connection`]: a part of each client's builder.
#[derive(Clone)]
pub(super) struct ConnectionSettings {
    pub(super) base_url: String,
    pub(super) allow_http: bool,
    pub(super) transport: Option<Transport>,
    pub(super) limits: Limits,
    pub(super) permit_limits: PermitLimits,
}

impl ConnectionSettings {
    pub(super) fn new(base_url: String) -> Self {
        let (limits, permit_limits) = (Limits::default(), PermitLimits::default());
        Self {
            base_url,
            allow_http: false,
            transport: None,
            limits,
            permit_limits,
        }
    }

    /// The connection; `None` if there is anything to add to `errors`.
    pub(super) fn check(self, errors: &mut Vec<ConfigErrorKind>) -> Option<Connection> {
        let Limits { total, max_body } = self.limits;
        if !(Duration::from_millis(1)..=Duration::from_secs(300)).contains(&total) {
            let (value, expected) = (format!("{total:?}"), "between 1 ms and 300 s");
            errors.push(ConfigErrorKind::OutOfRange {
                name: "total_timeout",
                value,
                expected,
            });
        }
        if !(1024..=16 * 1024 * 1024).contains(&max_body) {
            let (value, expected) = (max_body.to_string(), "between 1 KiB and 16 MiB");
            errors.push(ConfigErrorKind::OutOfRange {
                name: "max_body",
                value,
                expected,
            });
        }
        let base = BaseUrl::parse("base_url", &self.base_url, self.allow_http);
        let base = base.map_err(|mistake| errors.push(mistake)).ok();
        let transport = self
            .transport
            .map_or_else(|| default_transport(self.limits), Ok);
        let transport = transport.map_err(|mistake| errors.push(mistake)).ok();
        self.permit_limits.check(errors);
        let (base, transport) = (base?, transport?);
        let host = host_of(&base.join("")).unwrap_or_default();
        let permits = Permits::of_host(&host, self.permit_limits)
            .map_err(|mistake| errors.push(mistake))
            .ok();
        let (limits, permit_limits) = (self.limits, self.permit_limits);
        Some(Connection {
            base,
            transport,
            limits,
            permits: permits?,
            permit_limits,
        })
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
        /// transport that you supply may have shorter ones. The time begins when the call has a
        /// [permit](Self::permit_limits).
        pub fn total_timeout(mut self, total_timeout: std::time::Duration) -> Self {
            self.connection.limits.total = total_timeout;
            self
        }

        /// How many calls of one host are under way at once, the fetch of a token aside, and how many wait for how
        /// long. All clients of one host in this process share the permits: the number of calls has to be the same for
        /// all of them, or to be given once, by the first.
        pub fn permit_limits(mut self, permit_limits: $crate::client::PermitLimits) -> Self {
            self.connection.permit_limits = permit_limits;
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
fn default_transport(limits: Limits) -> Result<Transport, ConfigErrorKind> {
    Transport::reqwest_within(limits.total)
}

#[cfg(not(feature = "client"))]
fn default_transport(_limits: Limits) -> Result<Transport, ConfigErrorKind> {
    Err(ConfigErrorKind::MissingFeature {
        name: "transport",
        feature: "client",
    })
}
