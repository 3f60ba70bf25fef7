//! How requests leave this process: any Tower service that speaks HTTP, behind one type.

use std::fmt;

use bytes::{Buf, Bytes};
use http::{Request, Response};
use http_body::Body;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;
use tower_service::Service;

use crate::error::{BoxError, Error};

mod exchange;
mod mark;
#[cfg(feature = "client")]
mod reqwest;
#[cfg(test)]
mod tests;

pub(super) use exchange::Limits;
pub use mark::{NotSent, TimedOut};

/// The body of the requests that a [`Transport`] is given: all there, so that its length is known.
pub type RequestBody = Full<Bytes>;

type ResponseBody = UnsyncBoxBody<Bytes, BoxError>;

/// Any HTTP client that is a Tower service. Cheap to clone.
///
/// What it wraps must not follow redirects and must not send a request twice, unless it knows that the first
/// one never left: a one-time code is in the body. The URI carries the application's token: do not log it.
///
/// ```
/// use std::convert::Infallible;
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower_weika::client::{RequestBody, Transport};
///
/// let transport = Transport::new(tower::service_fn(|_: Request<RequestBody>| async {
///     Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(r#"{"errcode":0}"#)))
/// }));
/// # drop(transport);
/// ```
#[derive(Clone)]
pub struct Transport(BoxCloneSyncService<Request<RequestBody>, Response<ResponseBody>, BoxError>);

impl Transport {
    /// Wraps a service.
    ///
    /// If it can prove that nothing of a request was sent, it says so with [`NotSent`] in the source chain of
    /// its error; such a request may be sent again. An error from `poll_ready` counts as not sent.
    pub fn new<S, B>(service: S) -> Self
    where
        S: Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
        B: Body + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let service = service
            .map_response(|response: Response<B>| {
                response.map(|body| {
                    let body = body.map_frame(|frame| {
                        frame.map_data(|mut data| data.copy_to_bytes(data.remaining()))
                    });
                    body.map_err(Into::into).boxed_unsync()
                })
            })
            .map_err(Into::into);
        Self(BoxCloneSyncService::new(service))
    }

    /// Sends `request` once and reads the response, which must be a 200. `context` names the call in errors.
    pub(super) async fn send(
        &self,
        request: Request<RequestBody>,
        limits: Limits,
        context: &'static str,
    ) -> Result<Bytes, Error> {
        // A clone, so that the service that is polled ready is the one that is called.
        exchange::run(self.0.clone(), request, limits, context).await
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}
