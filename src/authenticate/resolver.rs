//! From the headers of a request to its live session.

use std::marker::PhantomData;

use http::HeaderMap;

use crate::clock::Clock;
use crate::cookie::{self, Found};
use crate::session::SessionId;
use crate::store::{LoadResult, Lookup, SessionStore};
use crate::trace::debug;

/// Finds the live session of a request.
pub(crate) struct Resolver<I, St> {
    pub(crate) cookie_name: String,
    pub(crate) store: St,
    pub(crate) clock: Clock,
    pub(crate) identity: PhantomData<fn() -> I>,
}

impl<I, St: SessionStore<I>> Resolver<I, St> {
    /// The id that the cookie names, if it is one (rules K4 and K5).
    pub(crate) fn id(&self, headers: &HeaderMap) -> Option<SessionId> {
        match cookie::find(headers, &self.cookie_name) {
            Found::Absent => None,
            Found::Value(value) => SessionId::parse(value),
            Found::Conflict => {
                debug!(cookie = %self.cookie_name, "several session cookies that differ: taken as anonymous");
                None
            }
        }
    }

    /// Asks the store, unless there is nothing to ask for.
    pub(crate) fn lookup(&self, headers: &HeaderMap) -> Lookup<I, St::Load> {
        match self.id(headers) {
            None => Lookup::Ready(Ok(None)),
            Some(id) => match self.store.load(&id) {
                Lookup::Ready(found) => Lookup::Ready(self.admit(found)),
                pending @ Lookup::Pending(_) => pending,
            },
        }
    }

    /// Passes on what still counts, and records its use.
    pub(crate) fn admit(&self, found: LoadResult<I>) -> LoadResult<I> {
        let now = self.clock.now();
        found.map(|session| {
            session.filter(|session| {
                let live = session.is_live(now);
                if live {
                    session.touch(now);
                }
                live
            })
        })
    }

    /// The live session of a request.
    pub(crate) async fn session(&self, headers: &HeaderMap) -> LoadResult<I> {
        match self.lookup(headers) {
            Lookup::Ready(found) => found,
            Lookup::Pending(load) => self.admit(load.await),
        }
    }
}
