//! Authentication of one request.

use std::mem;
use std::sync::Arc;

use http::uri::PathAndQuery;
use http::{Extensions, Request, Response};
use tower_service::Service;

use super::{Authenticating, LoginSessions};
use crate::identity::Identity;
use crate::request::full_uri;
use crate::response::Rejection;
use crate::session::{Authenticated, Session};
use crate::store::{Lookup, SessionStore};

/// Inserts the session of a request into its extensions. Without one, a handle that another layer
/// has inserted is removed.
#[inline]
pub(crate) fn replace_session<I>(extensions: &mut Extensions, found: Option<Arc<Session<I>>>)
where
    I: Send + Sync + 'static,
{
    match found {
        Some(session) => drop(extensions.insert(Authenticated::new(session))),
        None => drop(extensions.remove::<Authenticated<I>>()),
    }
}

/// Reason a request cannot be forwarded at once.
pub(crate) enum NotReady<L> {
    /// The store has failed.
    Failed(Rejection),
    /// The store has not responded yet.
    Pending(L),
}

impl<I, St> LoginSessions<I, St>
where
    I: Identity,
    St: SessionStore<I>,
{
    /// Authenticates a request and inserts its session into the extensions, unless the store failed
    /// or has not responded yet. The second value is the [full](full_uri) target of a request that
    /// is unauthenticated or whose identity is not [complete](Identity::is_complete): a login leads
    /// back there. It is copied only then, because the copy is not free.
    #[inline]
    pub(crate) fn authenticate<B>(
        &self,
        request: &mut Request<B>,
    ) -> (Option<NotReady<St::Load>>, Option<PathAndQuery>) {
        let (not_ready, found) = match self.lookup(request.headers()) {
            Lookup::Ready(Ok(found)) => (None, found),
            Lookup::Pending(load) => (Some(NotReady::Pending(load)), None),
            Lookup::Ready(Err(error)) => {
                let rejection =
                    Rejection::unavailable::<I>(error, request.method(), request.headers());
                return (Some(NotReady::Failed(rejection)), None);
            }
        };
        let is_complete = found
            .as_ref()
            .is_some_and(|session| session.identity().is_complete());
        let target = if is_complete {
            None
        } else {
            let uri = full_uri(request.uri(), request.extensions());
            uri.path_and_query().cloned()
        };
        replace_session(request.extensions_mut(), found);
        (not_ready, target)
    }

    /// Returns the future of a request that cannot be forwarded at once. It applies the guards
    /// before it calls `inner`.
    #[cold]
    pub(crate) fn defer<S, B, RB>(
        self: &Arc<Self>,
        not_ready: NotReady<St::Load>,
        inner: &mut S,
        request: Request<B>,
    ) -> Authenticating<S, B, I, St>
    where
        S: Service<Request<B>, Response = Response<RB>> + Clone,
    {
        match not_ready {
            NotReady::Failed(rejection) => Authenticating::rejected(rejection),
            NotReady::Pending(load) => {
                // Only the service that was polled ready may be called: the future takes it, and
                // its clone stays here.
                let clone = inner.clone();
                let ready = mem::replace(inner, clone);
                Authenticating::loading(load, Arc::clone(self), request, ready)
            }
        }
    }
}
