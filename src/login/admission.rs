//! The limits that a callback passes before its code is sent (rules A1 to A3).
//!
//! In this order, each before anything is sent:
//! 1. the client's bucket has a token, and the ceiling per minute is not reached;
//! 2. the provider admits: its access token is at hand, and there is a permit of the upstream host. This wait ends with
//!    the last client;
//! 3. the token of the bucket and one of the minute's exchanges are taken, and a bounded number of claims;
//! 4. where instances share a store, the flow is claimed. If another instance has it, everything is given back.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Extensions, HeaderMap};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::config::LoginLayerBuilder;
use super::exchange::NotStarted;
use super::throttle::{Buckets, Charge, ClientKey, Throttle};
use crate::clock::Timestamp;
use crate::error::{ConfigErrorKind, Error, ErrorKind};
use crate::provider::IdentityProvider;

/// Exchanges of this process that are claimed and not settled: the bound for providers without permits.
static CLAIMS: Semaphore = Semaphore::const_new(4_096);

const MINUTE: Duration = Duration::from_secs(60);

/// The settings of [`Admission`].
#[derive(Debug, Default)]
pub(super) struct AdmissionSettings {
    throttle: Option<Throttle>,
    per_minute: Option<NonZeroU32>,
}

impl AdmissionSettings {
    pub(super) fn check(self, now: Timestamp, errors: &mut Vec<ConfigErrorKind>) -> Admission {
        if let Some(throttle) = &self.throttle {
            throttle.check(errors);
        }
        Admission {
            buckets: self
                .throttle
                .map(|throttle| Arc::new(Buckets::new(throttle, now))),
            quota: self.per_minute.map(|most| Quota {
                most: most.get() as usize,
                begun: Mutex::default(),
            }),
        }
    }
}

impl<P: IdentityProvider, St> LoginLayerBuilder<P, St> {
    /// Limits the refused codes of one client. Every visitor can obtain valid states, and only the upstream system can
    /// tell a junk code from a good one, so each junk code costs a call. A client whose bucket is empty gets `429` with
    /// `Retry-After`, and nothing is sent. Default: no limit, because this crate cannot know the address of the client.
    #[must_use]
    pub fn throttle(mut self, throttle: Throttle) -> Self {
        self.admission.throttle = Some(throttle);
        self
    }

    /// The most exchanges in a minute, for an upstream system with a quota. Beyond it the answer is `503` with
    /// `Retry-After`, and nothing is sent. Counts in this process. Default: no ceiling.
    #[must_use]
    pub fn exchanges_per_minute(mut self, most: NonZeroU32) -> Self {
        self.admission.per_minute = Some(most);
        self
    }
}

/// The limits of one login layer.
#[derive(Debug)]
pub(super) struct Admission {
    buckets: Option<Arc<Buckets>>,
    quota: Option<Quota>,
}

impl Admission {
    /// The key of the client, if clients are limited.
    pub(super) fn client(&self, headers: &HeaderMap, extensions: &Extensions) -> Option<ClientKey> {
        self.buckets.as_ref()?.throttle.key(headers, extensions)
    }

    /// Fails if the client could not be admitted now. Takes nothing.
    pub(super) fn verify(
        &self,
        client: Option<ClientKey>,
        now: Timestamp,
    ) -> Result<(), NotStarted> {
        if let (Some(buckets), Some(client)) = (&self.buckets, client) {
            buckets
                .verify(client, now)
                .map_err(|retry_after| NotStarted::Throttled { retry_after })?;
        }
        self.quota
            .as_ref()
            .map_or(Ok(()), |quota| quota.verify(now))
    }

    /// Takes what the exchange of one code costs.
    pub(super) fn take(
        &self,
        client: Option<ClientKey>,
        now: Timestamp,
    ) -> Result<Admitted<'_>, NotStarted> {
        let claim = CLAIMS.try_acquire().map_err(|_| {
            Error::new(
                ErrorKind::Overloaded,
                "too many code exchanges of this process are under way",
            )
        })?;
        let charge = match (&self.buckets, client) {
            (Some(buckets), Some(client)) => {
                let charge = buckets.take(client, now);
                Some(charge.map_err(|retry_after| NotStarted::Throttled { retry_after })?)
            }
            _ => None,
        };
        if let Some(quota) = &self.quota {
            quota.take(now)?;
        }
        Ok(Admitted {
            quota: self.quota.as_ref(),
            charge,
            _claim: claim,
        })
    }
}

/// The charges of one exchange. Dropped, it gives the token of the bucket back.
pub(super) struct Admitted<'a> {
    quota: Option<&'a Quota>,
    charge: Option<Charge>,
    _claim: SemaphorePermit<'static>,
}

impl Admitted<'_> {
    /// Gives everything back: nothing was sent.
    pub(super) fn cancel(self) {
        if let Some(quota) = self.quota {
            quota.cancel();
        }
    }

    /// The upstream system refused the code: the client pays for it.
    pub(super) fn refused(&mut self) {
        if let Some(charge) = self.charge.take() {
            charge.keep();
        }
    }
}

/// A ceiling of exchanges in any minute.
#[derive(Debug)]
struct Quota {
    most: usize,
    /// The times of the exchanges of the last minute.
    begun: Mutex<VecDeque<Timestamp>>,
}

impl Quota {
    fn verify(&self, now: Timestamp) -> Result<(), NotStarted> {
        self.with(now, |_| ())
    }

    fn take(&self, now: Timestamp) -> Result<(), NotStarted> {
        self.with(now, |begun| begun.push_back(now))
    }

    fn with(
        &self,
        now: Timestamp,
        act: impl FnOnce(&mut VecDeque<Timestamp>),
    ) -> Result<(), NotStarted> {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        // One in the future was counted before the clock was set back.
        while begun
            .front()
            .is_some_and(|at| now < *at || now.since(*at) >= MINUTE)
        {
            begun.pop_front();
        }
        match begun.front() {
            Some(oldest) if begun.len() >= self.most => Err(NotStarted::OverQuota {
                retry_after: MINUTE.saturating_sub(now.since(*oldest)),
            }),
            _ => {
                act(&mut begun);
                Ok(())
            }
        }
    }

    fn cancel(&self) {
        self.begun
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_back();
    }
}
