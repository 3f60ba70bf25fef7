use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use ::reqwest::{Body, Client};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use tower_service::Service;

use super::failure::reported;
use crate::client::{Transport, TransportFailure};
use crate::error::BoxError;

/// Build the client with `redirect(Policy::none())` and `retry(retry::never())`. A response after a redirect is
/// rejected, but by then the request has been sent to the other host.
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

impl Service<Request<Full<Bytes>>> for Reqwest {
    type Response = Response<UnsyncBoxBody<Bytes, BoxError>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let client = self.0.clone();
        Box::pin(async move {
            let request = ::reqwest::Request::try_from(request.map(Body::wrap))
                .map_err(|error| TransportFailure::NotSent(error.without_url().into()))?;
            let asked = request.url().clone();
            let response = client
                .execute(request)
                .await
                .map_err(|error| reported(error, asked.scheme()))?;
            if *response.url() != asked {
                return Err(BoxError::from("the client has followed a redirect"));
            }
            Ok(Response::from(response)
                .map(|body| body.map_err(|error| reported(error, "")).boxed_unsync()))
        })
    }
}
