//! One attempt to send a request and to read its response, within limits.

use std::error::Error as StdError;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use percent_encoding::percent_decode_str;
use tokio::time::{Instant, timeout};
use tower::ServiceExt;
use tower_service::Service;

use super::failure::{TransportFailure, chain};
use super::limits::Limits;
use super::transport::ResponseBody;
use crate::error::{BoxError, Error, ErrorKind};
use crate::meter;

/// Sends `request` once through `service` and returns the body of the response, which must have
/// status 200.
pub(super) async fn send<S>(
    service: S,
    request: Request<Full<Bytes>>,
    limits: Limits,
    context: &'static str,
) -> Result<Bytes, Error>
where
    S: Service<Request<Full<Bytes>>, Response = Response<ResponseBody>, Error = BoxError>,
{
    let secrets = secrets(request.uri().query().unwrap_or_default());
    let mut attempt = Attempt {
        context,
        called: false,
        secrets,
    };
    let outcome = attempt.run(service, request, limits.max_body);
    let began = Instant::now();
    let outcome = match timeout(limits.total, outcome).await {
        Ok(outcome) => outcome,
        Err(_) if attempt.called => Err(Error::new(ErrorKind::Timeout, context)),
        Err(_) => Err(Error::new(ErrorKind::Connect, context)),
    };
    meter::upstream_called(context, meter::outcome(&outcome), began.elapsed());
    outcome
}

struct Attempt {
    context: &'static str,
    /// Whether the service has been called, after which anything may have been sent.
    called: bool,
    /// The values in the query, among them a token, or a secret and a code: an error that quotes
    /// one is withheld.
    secrets: Vec<String>,
}

impl Attempt {
    async fn run<S>(
        &mut self,
        mut service: S,
        request: Request<Full<Bytes>>,
        max_body: usize,
    ) -> Result<Bytes, Error>
    where
        S: Service<Request<Full<Bytes>>, Response = Response<ResponseBody>, Error = BoxError>,
    {
        let ready = service.ready().await;
        let service = ready.map_err(|error| self.error(ErrorKind::Connect, error))?;
        self.called = true;
        let response = service
            .call(request)
            .await
            .map_err(|error| self.error(TransportFailure::kind_of(&*error), error))?;
        let status = response.status();
        if status != StatusCode::OK {
            return Err(Error::new(kind_of(status), self.context)
                .with_source(Unusable::Status(status.as_u16())));
        }
        self.read(response.into_body(), max_body).await
    }

    async fn read(&self, mut body: ResponseBody, max_body: usize) -> Result<Bytes, Error> {
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| self.failed_to_read(error))?;
            let Ok(data) = frame.into_data() else {
                // Trailers are ignored.
                continue;
            };
            if data.len() > max_body.saturating_sub(bytes.len()) {
                return Err(
                    Error::new(ErrorKind::Malformed, self.context).with_source(Unusable::Length)
                );
            }
            bytes.extend_from_slice(&data);
        }
        Ok(bytes.into())
    }

    fn failed_to_read(&self, error: BoxError) -> Error {
        match TransportFailure::kind_of(&*error) {
            // The upstream system has responded, so the request was sent.
            ErrorKind::Connect => Error::new(ErrorKind::Lost, self.context),
            kind => self.error(kind, error),
        }
    }

    fn error(&self, kind: ErrorKind, error: BoxError) -> Error {
        let failed = Error::new(kind, self.context);
        if self.is_quoted_by(&*error) {
            failed.with_source(Unusable::Withheld)
        } else {
            failed.with_source(error)
        }
    }

    /// Returns whether an error quotes the URL, as that of a user's service may.
    fn is_quoted_by(&self, error: &(dyn StdError + 'static)) -> bool {
        !self.secrets.is_empty()
            && chain(error).any(|error| {
                let text = format!("{error} {error:?}");
                self.secrets.iter().any(|secret| text.contains(secret))
            })
    }
}

/// The shortest value of a query that is taken for a secret, in bytes. Shorter text is in many
/// errors by chance.
const SHORTEST_SECRET: usize = 4;

/// Returns the values in a query that may be secret, as they are and decoded.
fn secrets(query: &str) -> Vec<String> {
    let values = query
        .split('&')
        .map(|pair| pair.split_once('=').map_or(pair, |(_, value)| value));
    let mut secrets = Vec::new();
    for value in values.filter(|value| value.len() >= SHORTEST_SECRET) {
        secrets.push(value.to_owned());
        let decoded = percent_decode_str(value).decode_utf8_lossy();
        if decoded != value {
            secrets.push(decoded.into_owned());
        }
    }
    secrets
}

/// Reason that a response, or the error instead of it, cannot be used.
#[derive(Debug, thiserror::Error)]
enum Unusable {
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
