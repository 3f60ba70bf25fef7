//! State of a token cache, shared by its clones, and the read path.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use super::cached_token::CachedToken;
use super::leased_source::LeasedSource;
use super::refresh::Refresh;
use super::{CurrentToken, TokenSource};
use crate::clock::Clock;
use crate::error::ErrorKind;
use crate::secret::AccessToken;
#[cfg(simulation)]
use crate::simulation::PlantedFault;

pub(super) struct Inner<S> {
    pub(super) source: S,
    pub(super) clock: Clock,
    pub(super) fetch_timeout: Duration,
    pub(super) cached: ArcSwap<CachedToken>,
    /// Only the slow path takes this lock, and never across an await.
    pub(super) refresh: Mutex<Refresh>,
    /// Set once a coordinator is attached.
    pub(super) leased_source: OnceLock<LeasedSource>,
}

impl<S> Inner<S> {
    pub(super) fn new(source: S, clock: Clock, fetch_timeout: Duration) -> Self {
        Self {
            source,
            clock,
            fetch_timeout,
            cached: ArcSwap::from_pointee(CachedToken::absent()),
            refresh: Mutex::default(),
            leased_source: OnceLock::new(),
        }
    }

    /// Returns the token if it is fresh. Starts nothing.
    pub(super) fn peek(&self) -> Option<CurrentToken> {
        let cached = self.cached.load();
        cached
            .is_fresh(self.clock.now())
            .then(|| CurrentToken::guarded(cached))
    }

    /// Drops the token if it is `seen`.
    pub(super) fn invalidate(&self, seen: &AccessToken) {
        let cached = self.cached.load();
        #[cfg(simulation)]
        if PlantedFault::Recheck.is_planted() {
            return self.cached.store(Arc::new(CachedToken::absent()));
        }
        if cached.is(seen) {
            // A newer token that was stored in the meantime stays.
            let absent = Arc::new(CachedToken::absent());
            drop(self.cached.compare_and_swap(&cached, absent));
        }
    }

    /// Returns how the last fetch failed, unless one has succeeded since.
    pub(super) fn failure(&self) -> Option<ErrorKind> {
        let refresh = self.refresh.lock();
        refresh
            .back_off
            .as_ref()
            .map(|back_off| back_off.error().kind())
    }
}

impl<S: TokenSource> Inner<S> {
    /// Returns the token if it is fresh. Starts one background fetch if the token is due for
    /// renewal.
    #[inline]
    pub(super) fn read(self: &Arc<Self>) -> Option<CurrentToken> {
        let cached = self.cached.load();
        let now = self.clock.now();
        if !cached.is_fresh(now) {
            return None;
        }
        if cached.is_due(now) {
            self.refresh_ahead(&cached, now);
        }
        Some(CurrentToken::guarded(cached))
    }
}
