//! SMS with codes, which the sandbox shows instead of sending them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::binding::BindingRefusal;
use crate::clock::{Clock, elapsed};
use crate::random;

/// The last code for each mobile number.
pub(super) struct Sms {
    clock: Clock,
    sent: Mutex<BTreeMap<String, Sent>>,
}

struct Sent {
    code: String,
    at: SystemTime,
}

impl Sms {
    pub(super) const fn new(clock: Clock) -> Self {
        Self { clock, sent: Mutex::new(BTreeMap::new()) }
    }

    /// A new code for `mobile`.
    pub(super) fn send(&self, mobile: &str) -> Result<(), BindingRefusal> {
        if mobile.len() != 11 || !mobile.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(BindingRefusal::SmsNotSent);
        }
        let random = u64::from_le_bytes(random::bytes().map_err(|_| BindingRefusal::Busy)?);
        let now = self.clock.now();
        let mut sent = self.sent();
        if sent.get(mobile).is_some_and(|it| elapsed(it.at, now) < PAUSE) {
            return Err(BindingRefusal::SmsTooSoon);
        }
        if sent.len() >= MANY {
            sent.retain(|_, it| elapsed(it.at, now) < LIFE);
        }
        sent.insert(mobile.to_owned(), Sent { code: format!("{:06}", random % 1_000_000), at: now });
        Ok(())
    }

    /// Whether `code` is the one that was sent to `mobile`, and still good.
    pub(super) fn check(&self, mobile: &str, code: &str) -> Result<(), BindingRefusal> {
        let now = self.clock.now();
        match self.sent().get(mobile) {
            Some(sent) if elapsed(sent.at, now) >= LIFE => Err(BindingRefusal::SmsLapsed),
            Some(sent) if sent.code == code => Ok(()),
            Some(_) => Err(BindingRefusal::SmsWrong),
            None => Err(BindingRefusal::SmsLapsed),
        }
    }

    /// The code for `mobile` was used.
    pub(super) fn forget(&self, mobile: &str) {
        self.sent().remove(mobile);
    }

    /// The last code for `mobile`, if it was not used.
    pub(super) fn last(&self, mobile: &str) -> Option<String> {
        self.sent().get(mobile).map(|it| it.code.clone())
    }

    /// Every number with its last code.
    pub(super) fn all(&self) -> Vec<(String, String)> {
        self.sent().iter().map(|(mobile, sent)| (mobile.clone(), sent.code.clone())).collect()
    }

    fn sent(&self) -> MutexGuard<'_, BTreeMap<String, Sent>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a code is good.
const LIFE: Duration = Duration::from_secs(5 * 60);

/// How long nobody gets a second one.
const PAUSE: Duration = Duration::from_secs(60);

/// From here on those that have lapsed are thrown away.
const MANY: usize = 1_024;

impl fmt::Debug for Sms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} SMS", self.sent().len())
    }
}
