//! The transport that comes with the crate, on `reqwest` and rustls.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ::reqwest::redirect::Policy;
use ::reqwest::{Body, Client, retry};
use http::{Request, Response};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use tower_service::Service;

use self::explained::Explained;
use super::{NotSent, RequestBody, TimedOut, Transport};
use crate::error::{BoxError, ConfigError, ConfigErrorKind, Error, ErrorKind};
use crate::remedy;
use crate::trace::{outside, warn};

mod explained;
mod proxy;
#[cfg(test)]
mod tests;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(5);
/// Shorter than servers usually keep a connection: a request that meets a closing one is lost, and with it a
/// one-time code.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

impl Transport {
    /// `reqwest` with rustls: 2 s to connect, 5 s in all, no redirects, no retries, connections kept for 30 s.
    /// `HTTPS_PROXY` and its kin are respected.
    ///
    /// Servers are authenticated by the system's CA certificates (Debian: the package `ca-certificates`), or by those
    /// in `SSL_CERT_FILE` and `SSL_CERT_DIR`, which is where a private CA goes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] with a [`ConfigError`] as its source if TLS cannot be set up, for instance because
    /// there are no CA certificates; it names the remedy.
    pub fn reqwest() -> Result<Self, Error> {
        Self::reqwest_within(TOTAL_TIMEOUT).map_err(|mistake| {
            let context = "the HTTP client could not be set up (without CA certificates: install `ca-certificates`, \
                           or set SSL_CERT_FILE or SSL_CERT_DIR)";
            Error::new(ErrorKind::Configuration, context).with_source(ConfigError::from(mistake))
        })
    }

    /// The same with another total time.
    pub(in crate::client) fn reqwest_within(total: Duration) -> Result<Self, ConfigErrorKind> {
        if let Some(name) = proxy::ignored_variable() {
            warn!(
                "client: {} is not an http:// URL of a proxy; requests may be sent without a proxy",
                name.to_owned()
            );
        }
        Client::builder()
            .user_agent(concat!("tower-weika/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(total)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .redirect(Policy::none())
            .retry(retry::never())
            .build()
            .map(Self::from)
            .map_err(unusable)
    }
}

/// The configuration error for a client that cannot be built.
fn unusable(error: ::reqwest::Error) -> ConfigErrorKind {
    let text = remedy::chain_text(&error);
    let is_about_certificates = text.contains("CA certificates");
    let reason = if is_about_certificates {
        remedy::missing_certificates()
    } else {
        outside(&text).to_string()
    };
    ConfigErrorKind::SetupFailed {
        name: "transport",
        reason,
        source: Arc::new(error),
    }
}

/// A client of yours. Build it with `redirect(Policy::none())` and `retry(retry::never())`; an answer that came
/// by a redirect is refused, but by then the other place has been sent the request.
impl From<Client> for Transport {
    fn from(client: Client) -> Self {
        Self::new(Reqwest(client))
    }
}

#[derive(Clone)]
struct Reqwest(Client);

impl fmt::Debug for Reqwest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reqwest")
    }
}

impl Service<Request<RequestBody>> for Reqwest {
    type Response = Response<UnsyncBoxBody<bytes::Bytes, BoxError>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let client = self.0.clone();
        Box::pin(async move {
            let request = ::reqwest::Request::try_from(request.map(Body::wrap))
                .map_err(|error| NotSent::new(error.without_url()))?;
            let asked = request.url().clone();
            let response = client
                .execute(request)
                .await
                .map_err(|error| marked(error, asked.scheme()))?;
            if *response.url() != asked {
                return Err(BoxError::from("the client has followed a redirect"));
            }
            Ok(Response::from(response)
                .map(|body| body.map_err(|error| marked(error, "")).boxed_unsync()))
        })
    }
}

/// The error as [`Transport`] understands it. The URL, with the token in it, is taken out.
fn marked(error: ::reqwest::Error, scheme: &str) -> BoxError {
    let error = error.without_url();
    // A connection that could not be made in time has not carried anything.
    if error.is_connect() || error.is_builder() {
        match remedy_for(&error, scheme) {
            Some(remedy) => NotSent::new(Explained::new(remedy, error)).into(),
            None => NotSent::new(error).into(),
        }
    } else if error.is_timeout() {
        TimedOut::new(error).into()
    } else {
        error.into()
    }
}

/// The remedy for a connection that could not be made. A proxy is named by its variable alone.
fn remedy_for(error: &::reqwest::Error, scheme: &str) -> Option<String> {
    let remedy = remedy::for_network(&remedy::chain_text(error));
    match (remedy, proxy::variable(scheme == "https")) {
        (Some(remedy), None) => Some(remedy.to_owned()),
        (Some(remedy), Some(proxy)) => Some(format!(
            "{remedy}; {proxy} is set: check the proxy, or set NO_PROXY"
        )),
        (None, Some(proxy)) => Some(format!("{proxy} is set: check the proxy, or set NO_PROXY")),
        (None, None) => None,
    }
}
