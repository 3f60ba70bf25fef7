//! Response body that can be padded or break off.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{BufMut, Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};

/// Body that is announced with its length and may break off before it.
#[derive(Debug)]
pub(crate) struct ResponseBody {
    parts: VecDeque<Part>,
    announced: u64,
}

#[derive(Debug)]
enum Part {
    Bytes(Bytes),
    /// Lets hyper write its buffer, which it discards when the next part is an error.
    Pause,
    BreakOff,
}

impl ResponseBody {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        let announced = bytes.len() as u64;
        let parts = if bytes.is_empty() {
            VecDeque::new()
        } else {
            VecDeque::from([Part::Bytes(bytes)])
        };
        Self { parts, announced }
    }

    /// Returns `bytes` after 10 MiB of spaces. JSON and HTML stay valid, so that only a limit stops
    /// a reader.
    pub(crate) fn padded(bytes: &Bytes) -> Self {
        const SPACES: usize = 10 * 1024 * 1024;
        let mut padded = BytesMut::with_capacity(SPACES + bytes.len());
        padded.put_bytes(b' ', SPACES);
        padded.put_slice(bytes);
        Self::whole(padded.freeze())
    }

    /// Returns the first half of `bytes`, announced with the whole length.
    pub(crate) fn truncated(bytes: &Bytes) -> Self {
        let half = Part::Bytes(bytes.slice(..bytes.len() / 2));
        let parts = VecDeque::from([half, Part::Pause, Part::BreakOff]);
        Self {
            parts,
            announced: bytes.len() as u64,
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.parts.pop_front() {
            Some(Part::Bytes(bytes)) => {
                self.announced = self.announced.saturating_sub(bytes.len() as u64);
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Some(Part::Pause) => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Part::BreakOff) => {
                Poll::Ready(Some(Err(io::Error::other("a fault ends the body"))))
            }
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.parts.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}
