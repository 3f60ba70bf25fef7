//! The transport that comes with the crate, on `reqwest` and rustls.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use ::reqwest::redirect::Policy;
use ::reqwest::{Body, Client, retry};
use http::{Request, Response};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use tower_service::Service;

use super::{NotSent, RequestBody, TimedOut, Transport};
use crate::error::{BoxError, Error, ErrorKind};

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
    /// # Errors
    ///
    /// [`ErrorKind::Internal`] if TLS cannot be set up, for instance because the system has no certificates.
    pub fn reqwest() -> Result<Self, Error> {
        Self::reqwest_within(TOTAL_TIMEOUT)
    }

    /// The same with another total time.
    pub(in crate::client) fn reqwest_within(total: Duration) -> Result<Self, Error> {
        Client::builder()
            .user_agent(concat!("tower-weika/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(total)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .redirect(Policy::none())
            .retry(retry::never())
            .build()
            .map(Self::from)
            .map_err(|error| Error::new(ErrorKind::Internal, "the HTTP client could not be set up").with_source(error))
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
            let response = client.execute(request).await.map_err(marked)?;
            if *response.url() != asked {
                return Err(BoxError::from("the client has followed a redirect"));
            }
            Ok(Response::from(response).map(|body| body.map_err(marked).boxed_unsync()))
        })
    }
}

/// The error as [`Transport`] understands it. The URL, with the token in it, is taken out.
fn marked(error: ::reqwest::Error) -> BoxError {
    let error = error.without_url();
    // A connection that could not be made in time has not carried anything.
    if error.is_connect() || error.is_builder() {
        NotSent::new(error).into()
    } else if error.is_timeout() {
        TimedOut::new(error).into()
    } else {
        error.into()
    }
}
