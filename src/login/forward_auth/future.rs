use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Response;
use http::request::Parts;
use http_body_util::Full;
use pin_project::pin_project;

use super::Settings;
use crate::provider::IdentityProvider;
use crate::response::GeneratedResponse;
use crate::store::SessionStore;

/// Response future of [`ForwardAuth`](super::ForwardAuth).
#[pin_project]
pub struct ResponseFuture<P: IdentityProvider, St: SessionStore<P::Identity>> {
    #[pin]
    state: State<P, St>,
}

#[pin_project(project = StateProj)]
enum State<P: IdentityProvider, St: SessionStore<P::Identity>> {
    /// The store responded at once.
    Ready(Option<GeneratedResponse>),
    /// The store has not responded yet.
    Loading {
        #[pin]
        load: St::Load,
        request: Parts,
        settings: Arc<Settings<P, St>>,
    },
}

impl<P: IdentityProvider, St: SessionStore<P::Identity>> ResponseFuture<P, St> {
    pub(super) fn ready(response: GeneratedResponse) -> Self {
        Self {
            state: State::Ready(Some(response)),
        }
    }

    pub(super) fn loading(load: St::Load, request: Parts, settings: Arc<Settings<P, St>>) -> Self {
        Self {
            state: State::Loading {
                load,
                request,
                settings,
            },
        }
    }
}

impl<P: IdentityProvider, St: SessionStore<P::Identity>> Future for ResponseFuture<P, St> {
    type Output = Result<Response<Full<Bytes>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(match self.project().state.project() {
            StateProj::Ready(response) => response.take().expect("polled after completion"),
            StateProj::Loading {
                load,
                request,
                settings,
            } => {
                let found = settings.login.unguarded.admit(ready!(load.poll(cx)));
                settings.respond(found, request)
            }
        }))
    }
}

impl<P: IdentityProvider, St: SessionStore<P::Identity>> fmt::Debug for ResponseFuture<P, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("forward_auth::ResponseFuture")
            .finish_non_exhaustive()
    }
}
