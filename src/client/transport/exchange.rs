//! One request and its response, within bounds, and what a failure on the way means.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use tokio::time::Instant;
use tower::ServiceExt;
use tower_service::Service;

use super::{NotSent, RequestBody, ResponseBody, TimedOut};
use crate::error::{BoxError, Error, ErrorKind};
use crate::meter;

/// Sends `request` once by `service` and reads the response, which must be a 200.
pub(super) async fn run<S>(
    service: S,
    request: Request<RequestBody>,
    limits: Limits,
    context: &'static str,
) -> Result<Bytes, Error>
where
    S: Service<Request<RequestBody>, Response = Response<ResponseBody>, Error = BoxError>,
{
    let query = request.uri().query().map(str::to_owned);
    let mut exchange = Exchange {
        context,
        handed_over: false,
        query,
    };
    let outcome = exchange.run(service, request, limits.max_body);
    let began = Instant::now();
    let outcome = match tokio::time::timeout(limits.total, outcome).await {
        Ok(outcome) => outcome,
        Err(_) if exchange.handed_over => Err(Error::new(ErrorKind::Timeout, context)),
        Err(_) => Err(Error::new(ErrorKind::Connect, context)),
    };
    meter::upstream_called(context, meter::outcome(&outcome), began.elapsed());
    outcome
}

/// Bounds of one exchange.
#[derive(Clone, Copy, Debug)]
pub(in crate::client) struct Limits {
    /// For everything from the first poll to the last byte.
    pub(in crate::client) total: Duration,
    /// For the body of the response, in bytes.
    pub(in crate::client) max_body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            total: Duration::from_secs(5),
            max_body: 64 * 1024,
        }
    }
}

/// One request under way.
struct Exchange {
    context: &'static str,
    /// Whether the service has been called, after which anything may have been sent.
    handed_over: bool,
    /// Holds the token: an error that quotes it is withheld.
    query: Option<String>,
}

impl Exchange {
    async fn run<S>(
        &mut self,
        mut service: S,
        request: Request<RequestBody>,
        max_body: usize,
    ) -> Result<Bytes, Error>
    where
        S: Service<Request<RequestBody>, Response = Response<ResponseBody>, Error = BoxError>,
    {
        let ready = service.ready().await;
        let service = ready.map_err(|error| self.failed(ErrorKind::Connect, error))?;
        self.handed_over = true;
        let response = service
            .call(request)
            .await
            .map_err(|error| self.failed(ErrorKind::Lost, error))?;
        let status = response.status();
        if status != StatusCode::OK {
            return Err(Error::new(kind_of(status), self.context)
                .with_source(Unexpected::Status(status.as_u16())));
        }
        self.read(response.into_body(), max_body).await
    }

    async fn read(&self, mut body: ResponseBody, max_body: usize) -> Result<Bytes, Error> {
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| self.failed_to_read(error))?;
            let Ok(data) = frame.into_data() else {
                // Trailers say nothing to us.
                continue;
            };
            if data.len() > max_body.saturating_sub(bytes.len()) {
                return Err(
                    Error::new(ErrorKind::Malformed, self.context).with_source(Unexpected::Length)
                );
            }
            bytes.extend_from_slice(&data);
        }
        Ok(bytes.into())
    }

    fn failed_to_read(&self, error: BoxError) -> Error {
        let error = self.failed(ErrorKind::Lost, error);
        // The other side has answered, so whatever was "not sent" now is not the request.
        if error.kind() == ErrorKind::Connect {
            Error::new(ErrorKind::Lost, self.context)
        } else {
            error
        }
    }

    /// The error for what the service reports; `kind` if it says nothing more precise.
    fn failed(&self, kind: ErrorKind, error: BoxError) -> Error {
        let kind = if chain(&*error).any(|error| error.is::<NotSent>()) {
            ErrorKind::Connect
        } else if kind == ErrorKind::Lost && chain(&*error).any(is_timeout) {
            ErrorKind::Timeout
        } else {
            kind
        };
        let failed = Error::new(kind, self.context);
        if self.quotes_the_url(&*error) {
            failed.with_source(Unexpected::Withheld)
        } else {
            failed.with_source(error)
        }
    }

    /// Whether an error quotes the URL, as that of a user's own service may.
    fn quotes_the_url(&self, error: &(dyn StdError + 'static)) -> bool {
        let Some(query) = self.query.as_deref().filter(|query| !query.is_empty()) else {
            return false;
        };
        chain(error).any(|error| format!("{error} {error:?}").contains(query))
    }
}

/// What is wrong with a response, before its body is looked at.
#[derive(Debug, thiserror::Error)]
enum Unexpected {
    #[error("the response has HTTP status {0}")]
    Status(u16),
    #[error("the response is too long")]
    Length,
    #[error("the transport's error is withheld, because it quotes the URL")]
    Withheld,
}

fn kind_of(status: StatusCode) -> ErrorKind {
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        ErrorKind::Fault
    } else {
        ErrorKind::Malformed
    }
}

fn is_timeout(error: &(dyn StdError + 'static)) -> bool {
    let io = error.downcast_ref::<io::Error>();
    error.is::<TimedOut>() || io.is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
}

pub(super) fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| inner(*error))
}

/// The source; of an I/O error what it wraps, which its own `source` passes over.
fn inner<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    let wrapped = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    wrapped.map_or_else(|| error.source(), |wrapped| Some(wrapped))
}
