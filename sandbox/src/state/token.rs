//! Access tokens of applications.

use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use super::call_log::CallLog;
use crate::clock::{Clock, elapsed};
use crate::lock::lock;
use crate::random;

/// Issued access tokens: 157 random characters each.
#[derive(Debug)]
pub(crate) struct Tokens {
    clock: Clock,
    life: Duration,
    overlap: Duration,
    call_log: CallLog,
    issued: Mutex<Issued>,
}

#[derive(Default)]
struct Issued(HashMap<String, Token>);

struct Token {
    app: usize,
    issued: SystemTime,
    /// When its successor was issued.
    replaced: Option<SystemTime>,
}

/// Reason a token is not accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BadToken {
    Expired,
    /// Never issued, revoked, or replaced by a newer one.
    Unknown,
}

impl Tokens {
    pub(crate) fn new(clock: Clock, life: Duration, overlap: Duration, call_log: CallLog) -> Self {
        Self {
            clock,
            life,
            overlap,
            call_log,
            issued: Mutex::default(),
        }
    }

    /// Issues a token for `app`. Its predecessors become invalid after the overlap.
    pub(crate) fn issue(&self, app: usize) -> Result<String, getrandom::Error> {
        let text = random::base62::<157>()?;
        let now = self.clock.now();
        let mut issued = lock(&self.issued);
        let remembered = self.life.saturating_add(REMEMBERED);
        issued
            .0
            .retain(|_, token| elapsed(token.issued, now) < remembered);
        for token in issued.0.values_mut().filter(|it| it.app == app) {
            token.replaced.get_or_insert(now);
        }
        issued.0.insert(
            text.clone(),
            Token {
                app,
                issued: now,
                replaced: None,
            },
        );
        drop(issued);
        self.call_log.token_issued();
        Ok(text)
    }

    /// Returns the application of a token.
    pub(crate) fn app(&self, token: &str) -> Result<usize, BadToken> {
        let now = self.clock.now();
        let issued = lock(&self.issued);
        let token = issued.0.get(token).ok_or(BadToken::Unknown)?;
        if token
            .replaced
            .is_some_and(|replaced| elapsed(replaced, now) >= self.overlap)
        {
            Err(BadToken::Unknown)
        } else if elapsed(token.issued, now) >= self.life {
            Err(BadToken::Expired)
        } else {
            Ok(token.app)
        }
    }

    /// Makes every token unknown.
    pub(crate) fn revoke_all(&self) {
        lock(&self.issued).0.clear();
    }

    /// Returns the life of a new token.
    pub(crate) const fn life(&self) -> Duration {
        self.life
    }
}

/// Time for which an expired token is still told apart from one that was never issued.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tokens", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    const LIFE: Duration = Duration::from_secs(7_200);
    const OVERLAP: Duration = Duration::from_secs(300);

    #[test]
    fn token_becomes_invalid_by_age_or_by_its_successor() {
        let millis = Arc::new(AtomicU64::new(1_700_000_000_000));
        let time = Arc::clone(&millis);
        let clock = Clock::new(move || {
            SystemTime::UNIX_EPOCH + Duration::from_millis(time.load(Ordering::Relaxed))
        });
        let tokens = Tokens::new(clock, LIFE, OVERLAP, CallLog::default());
        let first = tokens.issue(0).unwrap();
        let other = tokens.issue(1).unwrap();
        assert_eq!(first.len(), 157);
        millis.fetch_add(3_600_000, Ordering::Relaxed);
        let second = tokens.issue(0).unwrap();
        millis.fetch_add(299_999, Ordering::Relaxed);
        assert_eq!(tokens.app(&first), Ok(0));
        millis.fetch_add(1, Ordering::Relaxed);
        assert_eq!(tokens.app(&first), Err(BadToken::Unknown));
        assert_eq!((tokens.app(&second), tokens.app(&other)), (Ok(0), Ok(1)));
        millis.fetch_add(7_200_000, Ordering::Relaxed);
        assert_eq!(tokens.app(&second), Err(BadToken::Expired));
        tokens.revoke_all();
        assert_eq!(tokens.app(&second), Err(BadToken::Unknown));
    }

    #[test]
    fn without_overlap_only_the_newest_token_is_valid() {
        let tokens = Tokens::new(Clock::default(), LIFE, Duration::ZERO, CallLog::default());
        let first = tokens.issue(0).unwrap();
        let second = tokens.issue(0).unwrap();
        assert_eq!(
            (tokens.app(&first), tokens.app(&second)),
            (Err(BadToken::Unknown), Ok(0))
        );
    }

    #[test]
    fn debug_shows_no_token() {
        let tokens = Tokens::new(Clock::default(), LIFE, OVERLAP, CallLog::default());
        let token = tokens.issue(0).unwrap();
        assert!(!format!("{tokens:?}").contains(&token));
    }
}
