//! An upstream system in this process, which responds with the bytes of an input.

use std::convert::Infallible;
use std::future::Future;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower::service_fn;
use tower_weika::client::Transport;

/// The response to a call, from an input: a first byte of 0xFF means `500`, every other one `200`. It belongs to the body
/// otherwise.
#[derive(Clone)]
pub struct Reply {
    pub status: StatusCode,
    pub body: Bytes,
}

impl Reply {
    pub fn of(data: &[u8]) -> Self {
        match data {
            [0xFF, body @ ..] => Self {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                body: Bytes::copy_from_slice(body),
            },
            body => Self::ok(Bytes::copy_from_slice(body)),
        }
    }

    pub fn ok(body: impl Into<Bytes>) -> Self {
        Self {
            status: StatusCode::OK,
            body: body.into(),
        }
    }
}

/// Returns a transport to an upstream that responds to each path.
pub fn transport(reply: impl Fn(&str) -> Reply + Send + Sync + Clone + 'static) -> Transport {
    Transport::new(service_fn(move |request: Request<Full<Bytes>>| {
        let Reply { status, body } = reply(request.uri().path());
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = status;
        async { Ok::<_, Infallible>(response) }
    }))
}

/// Runs a call to its end.
pub fn block_on<F: Future>(call: F) -> F::Output {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime of one thread");
    }
    RUNTIME.with(|runtime| runtime.block_on(call))
}
