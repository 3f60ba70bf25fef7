use std::fmt;

use bytes::{Buf, Bytes};
use http::{Request, Response};
use http_body::Body;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;
use tower_service::Service;

use super::attempt;
use super::limits::Limits;
use crate::error::{BoxError, Error};

pub(super) type ResponseBody = UnsyncBoxBody<Bytes, BoxError>;

/// Any HTTP client that is a Tower service. Cheap to clone.
///
/// The wrapped service must not follow redirects, and must not send a request twice unless nothing
/// of the first attempt was sent: an authorization code is in the request. The URI contains the
/// application's token, or at WeChat its secret and the code: do not log it. A request arrives with its whole body, so that its length is
/// known.
///
/// ```
/// use std::convert::Infallible;
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower_weika::client::Transport;
///
/// let transport = Transport::new(tower::service_fn(|_: Request<Full<Bytes>>| async {
///     Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(r#"{"errcode":0}"#)))
/// }));
/// # drop(transport);
/// ```
#[derive(Clone)]
pub struct Transport(BoxCloneSyncService<Request<Full<Bytes>>, Response<ResponseBody>, BoxError>);

impl Transport {
    /// Wraps a service.
    ///
    /// If nothing of a request was sent, the service can report [`TransportFailure::NotSent`] in
    /// the source chain of its error; such a request may be sent again. An error from `poll_ready`
    /// counts as not sent.
    ///
    /// [`TransportFailure::NotSent`]: super::TransportFailure::NotSent
    pub fn new<S, B>(service: S) -> Self
    where
        S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + Send + Sync + 'static,
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

    /// Sends `request` once and returns the body of the response, which must have status 200.
    /// `context` names the call in errors.
    pub(in crate::client) async fn send(
        &self,
        request: Request<Full<Bytes>>,
        limits: Limits,
        context: &'static str,
    ) -> Result<Bytes, Error> {
        // A clone, so that the service that is polled ready is the one that is called.
        attempt::send(self.0.clone(), request, limits, context).await
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}
