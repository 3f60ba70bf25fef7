use std::fmt;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::uri::PathAndQuery;
use http::{Request, Response};
use tower_service::Service;

use super::{Resolver, Resolving, ResponseFuture};
use crate::body::ResponseBody;
use crate::identity::Identity;
use crate::response::Rejection;
use crate::session::Authenticated;
use crate::store::{Lookup, SessionStore};

/// Puts the live session of a request into its extensions; see the [module](super).
pub struct Authenticate<S, I, St> {
    inner: S,
    resolver: Arc<Resolver<I, St>>,
}

impl<S, I, St> Authenticate<S, I, St> {
    pub(crate) fn new(inner: S, resolver: Arc<Resolver<I, St>>) -> Self {
        Self { inner, resolver }
    }
}

impl<I, St> Resolver<I, St>
where
    I: Identity,
    St: SessionStore<I>,
{
    /// Authenticates a request and inserts its session into the extensions, unless the store failed or has to be waited
    /// for. The second value is the target of a request that is unauthenticated or whose identity is not
    /// [complete](Identity::is_complete): a login leads back there. It is copied only then, because the copy is not
    /// free.
    #[inline]
    pub(crate) fn identify<B>(
        &self,
        request: &mut Request<B>,
    ) -> (Option<Halt<St::Load>>, Option<PathAndQuery>) {
        let (halt, found) = match self.lookup(request.headers()) {
            Lookup::Ready(Ok(found)) => (None, found),
            Lookup::Pending(load) => (Some(Halt::Waiting(load)), None),
            Lookup::Ready(Err(error)) => {
                let rejection =
                    Rejection::unavailable::<I>(error, request.method(), request.headers());
                return (Some(Halt::Refused(rejection)), None);
            }
        };
        let is_complete = found
            .as_ref()
            .is_some_and(|session| session.identity().is_complete());
        let target = if is_complete {
            None
        } else {
            request.uri().path_and_query().cloned()
        };
        // Either way, an identity that another layer has put there is gone.
        let extensions = request.extensions_mut();
        match found {
            Some(session) => drop(extensions.insert(Authenticated::new(session))),
            None => drop(extensions.remove::<Authenticated<I>>()),
        }
        (halt, target)
    }

    /// The future of a request that cannot go on at once. Once it can, the guards of this resolver decide before `inner`
    /// is called.
    #[cold]
    pub(crate) fn halt<S, B, RB>(
        self: &Arc<Self>,
        halt: Halt<St::Load>,
        inner: &mut S,
        request: Request<B>,
    ) -> Resolving<S, B, I, St>
    where
        S: Service<Request<B>, Response = Response<RB>> + Clone,
    {
        match halt {
            Halt::Refused(rejection) => Resolving::rejected(rejection),
            Halt::Waiting(load) => {
                // Only the service that was polled ready may be called: it goes into the future, its clone
                // stays here.
                let clone = inner.clone();
                let ready = mem::replace(inner, clone);
                Resolving::loading(load, Arc::clone(self), request, ready)
            }
        }
    }
}

/// What keeps a request from going on.
pub(crate) enum Halt<L> {
    /// The store has failed.
    Refused(Rejection),
    /// The store has to be waited for.
    Waiting(L),
}

impl<S, B, RB, I, St> Service<Request<B>> for Authenticate<S, I, St>
where
    S: Service<Request<B>, Response = Response<RB>> + Clone,
    I: Identity,
    St: SessionStore<I>,
{
    type Response = Response<ResponseBody<RB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, B, I, St>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        ResponseFuture::new(match self.resolver.identify(&mut request).0 {
            None => Resolving::inner(self.inner.call(request)),
            Some(halt) => self.resolver.halt(halt, &mut self.inner, request),
        })
    }
}

impl<S: Clone, I, St> Clone for Authenticate<S, I, St> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            resolver: Arc::clone(&self.resolver),
        }
    }
}

impl<S: fmt::Debug, I, St> fmt::Debug for Authenticate<S, I, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticate")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
