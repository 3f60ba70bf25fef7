//! SMS codes, which the sandbox shows instead of sending them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use super::refusal::BindingRefusal;
use crate::clock::{Clock, elapsed};
use crate::lock::lock;
use crate::random;

/// Last code of each mobile number.
pub(crate) struct Sms {
    clock: Clock,
    sent: Mutex<BTreeMap<String, Sent>>,
}

struct Sent {
    code: String,
    at: SystemTime,
}

impl Sms {
    pub(crate) const fn new(clock: Clock) -> Self {
        Self {
            clock,
            sent: Mutex::new(BTreeMap::new()),
        }
    }

    /// Records a new code for `mobile`.
    pub(crate) fn send(&self, mobile: &str) -> Result<(), BindingRefusal> {
        if mobile.len() != 11 || !mobile.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(BindingRefusal::SmsNotSent);
        }
        let code = random::digits::<6>().map_err(|_| BindingRefusal::Busy)?;
        let now = self.clock.now();
        let mut sent = lock(&self.sent);
        if sent
            .get(mobile)
            .is_some_and(|it| elapsed(it.at, now) < PAUSE)
        {
            return Err(BindingRefusal::SmsTooSoon);
        }
        if sent.len() >= MANY {
            sent.retain(|_, it| elapsed(it.at, now) < LIFE);
        }
        sent.insert(mobile.to_owned(), Sent { code, at: now });
        Ok(())
    }

    /// Checks that `code` is the last one of `mobile` and has not expired.
    pub(crate) fn check(&self, mobile: &str, code: &str) -> Result<(), BindingRefusal> {
        let now = self.clock.now();
        match lock(&self.sent).get(mobile) {
            Some(sent) if elapsed(sent.at, now) >= LIFE => Err(BindingRefusal::SmsExpired),
            Some(sent) if sent.code == code => Ok(()),
            Some(_) => Err(BindingRefusal::SmsWrong),
            None => Err(BindingRefusal::SmsExpired),
        }
    }

    /// Removes the code of `mobile` after its use.
    pub(crate) fn forget(&self, mobile: &str) {
        lock(&self.sent).remove(mobile);
    }

    /// Returns the last code of `mobile`, unless it was used.
    pub(crate) fn last(&self, mobile: &str) -> Option<String> {
        lock(&self.sent).get(mobile).map(|it| it.code.clone())
    }

    /// Returns every number with its last code.
    pub(crate) fn all(&self) -> Vec<(String, String)> {
        lock(&self.sent)
            .iter()
            .map(|(mobile, sent)| (mobile.clone(), sent.code.clone()))
            .collect()
    }
}

/// Life of a code.
const LIFE: Duration = Duration::from_secs(5 * 60);

/// Time between two codes of one number.
const PAUSE: Duration = Duration::from_secs(60);

/// Number of codes from which expired ones are removed.
const MANY: usize = 1_024;

impl fmt::Debug for Sms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} SMS", lock(&self.sent).len())
    }
}
