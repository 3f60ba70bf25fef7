//! The response body of every service of this crate.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use pin_project::pin_project;

/// The body of a response: that of the wrapped service, or a short generated one.
///
/// Its data is [`Bytes`] for every wrapped body, so that it needs no further bounds and axum
/// accepts the result. `Bytes` pass through without a copy.
#[pin_project]
#[derive(Debug)]
pub struct ResponseBody<B>(#[pin] Kind<B>);

#[pin_project(project = KindProj)]
#[derive(Debug)]
enum Kind<B> {
    /// The body of the wrapped service.
    Inner(#[pin] B),
    /// A page, a JSON object or nothing.
    Generated(#[pin] Full<Bytes>),
}

impl<B> ResponseBody<B> {
    pub(crate) fn inner(body: B) -> Self {
        Self(Kind::Inner(body))
    }

    pub(crate) fn generated(body: Full<Bytes>) -> Self {
        Self(Kind::Generated(body))
    }
}

impl<B: Body> Body for ResponseBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().0.project() {
            KindProj::Inner(body) => {
                let frame = ready!(body.poll_frame(cx));
                Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(into_bytes))))
            }
            KindProj::Generated(body) => body.poll_frame(cx).map_err(|never| match never {}),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Inner(body) => body.is_end_stream(),
            Kind::Generated(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Inner(body) => body.size_hint(),
            Kind::Generated(body) => body.size_hint(),
        }
    }
}

fn into_bytes(mut data: impl Buf) -> Bytes {
    data.copy_to_bytes(data.remaining())
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use http_body_util::BodyExt;

    use super::*;

    #[test]
    fn bytes_pass_without_a_copy() {
        let data = Bytes::from(vec![7; 1_000]);
        let passed = into_bytes(data.clone());
        assert_eq!(passed.as_ptr(), data.as_ptr());
    }

    #[tokio::test]
    async fn any_body_is_accepted_and_keeps_its_length() {
        let slices = ResponseBody::inner(Full::new(&b"static slice"[..]));
        assert_eq!(slices.size_hint().exact(), Some(12));
        assert_eq!(slices.collect().await.unwrap().to_bytes(), "static slice");

        let deque = ResponseBody::inner(Full::new(VecDeque::from(b"deque".to_vec())));
        assert_eq!(deque.collect().await.unwrap().to_bytes(), "deque");

        let generated = ResponseBody::<Full<&[u8]>>::generated(Full::from("page"));
        assert_eq!(generated.size_hint().exact(), Some(4));
        assert!(!generated.is_end_stream());
        assert_eq!(generated.collect().await.unwrap().to_bytes(), "page");
    }
}
