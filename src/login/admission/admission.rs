use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use http::{Extensions, HeaderMap};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::buckets::{Buckets, Charge};
use super::quota::Quota;
use super::{ClientKey, Throttle};
use crate::clock::Timestamp;
use crate::error::{ConfigErrorKind, Error, ErrorKind};
use crate::login::exchange::NotStarted;

/// The maximum number of exchanges of this process whose outcome is not published yet: the bound
/// for providers without permits.
static CLAIMS: Semaphore = Semaphore::const_new(4_096);

/// The settings of [`Admission`].
#[derive(Debug, Default)]
pub(in crate::login) struct AdmissionSettings {
    pub(in crate::login) throttle: Option<Throttle>,
    pub(in crate::login) per_minute: Option<NonZeroU32>,
}

impl AdmissionSettings {
    pub(in crate::login) fn check(
        self,
        now: Timestamp,
        errors: &mut Vec<ConfigErrorKind>,
    ) -> Admission {
        if let Some(throttle) = &self.throttle {
            throttle.check(errors);
        }
        let buckets = self.throttle.map(|throttle| Buckets::new(throttle, now));
        Admission {
            buckets: buckets.map(Arc::new),
            quota: self.per_minute.map(|max| Arc::new(Quota::new(max))),
        }
    }
}

/// The limits of one login layer.
#[derive(Debug)]
pub(in crate::login) struct Admission {
    buckets: Option<Arc<Buckets>>,
    quota: Option<Arc<Quota>>,
}

impl Admission {
    /// Returns the key of the client, if clients are limited.
    pub(in crate::login) fn client(
        &self,
        headers: &HeaderMap,
        extensions: &Extensions,
    ) -> Option<ClientKey> {
        self.buckets.as_ref()?.key(headers, extensions)
    }

    /// Fails if the client could not be admitted now. Changes nothing.
    pub(in crate::login) fn verify(
        &self,
        client: Option<ClientKey>,
        now: Timestamp,
    ) -> Result<(), NotStarted> {
        if let (Some(buckets), Some(client)) = (&self.buckets, client) {
            buckets.verify(client, now).map_err(throttled)?;
        }
        self.quota
            .as_ref()
            .map_or(Ok(()), |quota| quota.verify(now))
    }

    /// Takes a token of the client's bucket and one exchange of the minute.
    pub(in crate::login) fn take(
        &self,
        client: Option<ClientKey>,
        now: Timestamp,
    ) -> Result<Admitted, NotStarted> {
        let claim = CLAIMS.try_acquire().map_err(|_| {
            let context = "too many code exchanges of this process are under way";
            Error::new(ErrorKind::Overloaded, context)
        })?;
        let charge = match (&self.buckets, client) {
            (Some(buckets), Some(client)) => Some(buckets.take(client, now).map_err(throttled)?),
            _ => None,
        };
        if let Some(quota) = &self.quota {
            quota.take(now)?;
        }
        Ok(Admitted {
            unsent_quota: self.quota.clone().map(|quota| (quota, now)),
            charge,
            _claim: claim,
        })
    }
}

fn throttled(retry_after: Duration) -> NotStarted {
    NotStarted::Throttled { retry_after }
}

/// A token of the client's bucket and one exchange of the minute. On drop it returns the token, and
/// before the code is sent the exchange of the minute as well.
pub(in crate::login) struct Admitted {
    /// The time at which the exchange of the minute was taken.
    unsent_quota: Option<(Arc<Quota>, Timestamp)>,
    charge: Option<Charge>,
    _claim: SemaphorePermit<'static>,
}

impl Admitted {
    /// The code is sent: the exchange counts.
    pub(in crate::login) fn sent(&mut self) {
        self.unsent_quota = None;
    }

    /// The upstream system rejected the code: the client's token is not returned.
    pub(in crate::login) fn refused(&mut self) {
        if let Some(charge) = self.charge.take() {
            charge.keep();
        }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        if let Some((quota, at)) = &self.unsent_quota {
            quota.cancel(*at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exchange_that_is_not_sent_is_given_back_and_one_that_is_sent_counts() {
        let now = Timestamp::from_unix_seconds(1_000);
        let settings = AdmissionSettings {
            throttle: None,
            per_minute: Some(NonZeroU32::MIN),
        };
        let admission = settings.check(now, &mut Vec::new());
        drop(admission.take(None, now).ok().unwrap());
        let mut admitted = admission.take(None, now).ok().unwrap();
        admitted.sent();
        drop(admitted);
        let refused = admission.take(None, now).err().unwrap();
        assert!(matches!(refused, NotStarted::OverQuota { .. }));
    }
}
