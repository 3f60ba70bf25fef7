//! Authorization codes: issued to the browser, exchanged by the application, each at most once.

use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use super::call_log::CallLog;
use crate::clock::{Clock, elapsed};
use crate::lock::lock;
use crate::random;

/// Codes of one system, each bound to an application by number, and to a grant: the number of the
/// person, or more.
#[derive(Debug)]
pub(crate) struct Codes<G = usize> {
    form: CodeForm,
    clock: Clock,
    life: Duration,
    call_log: CallLog,
    issued: Mutex<Issued<G>>,
}

/// Form of a code.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CodeForm {
    /// Weika's: 18 decimal digits, the form of a public sample.
    Digits,
    /// WeChat's: 32 letters and digits.
    Letters,
}

struct Issued<G> {
    codes: HashMap<String, Code<G>>,
    last: Option<String>,
    sweep_at: usize,
}

struct Code<G> {
    number: usize,
    app: usize,
    grant: G,
    issued: SystemTime,
    used: bool,
}

/// Reason that a code is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CodeRefusal {
    /// The code expired, was issued to another application, or was never issued.
    Invalid,
    /// The code was exchanged before.
    Used,
}

impl<G: Copy> Codes<G> {
    pub(crate) fn new(form: CodeForm, clock: Clock, life: Duration, call_log: CallLog) -> Self {
        Self {
            form,
            clock,
            life,
            call_log,
            issued: Mutex::new(Issued {
                codes: HashMap::new(),
                last: None,
                sweep_at: 0,
            }),
        }
    }

    /// Issues a code with `grant` at `app`.
    pub(crate) fn issue(&self, app: usize, grant: G) -> Result<String, getrandom::Error> {
        let text = match self.form {
            CodeForm::Digits => random::digits::<18>()?,
            CodeForm::Letters => random::base62::<32>()?,
        };
        let now = self.clock.now();
        let number = self.call_log.code_issued();
        let mut issued = lock(&self.issued);
        if issued.codes.len() >= issued.sweep_at {
            // A code that expired long ago can be forgotten: the response to it is the same.
            issued
                .codes
                .retain(|_, code| elapsed(code.issued, now) < self.life.saturating_mul(2));
            issued.sweep_at = (issued.codes.len() * 2).max(1_024);
        }
        issued.codes.insert(
            text.clone(),
            Code {
                number,
                app,
                grant,
                issued: now,
                used: false,
            },
        );
        issued.last = Some(text.clone());
        Ok(text)
    }

    /// Returns the code that was issued last.
    pub(crate) fn last(&self) -> Option<String> {
        lock(&self.issued).last.clone()
    }

    /// Consumes a code and returns its grant, if it is valid. A code that another application
    /// presents stays valid.
    pub(crate) fn consume(&self, app: usize, code: &str) -> Option<G> {
        self.exchange(app, code).ok()
    }

    /// Consumes a code as [`consume`](Self::consume) does, or returns why it is refused.
    pub(crate) fn exchange(&self, app: usize, code: &str) -> Result<G, CodeRefusal> {
        let now = self.clock.now();
        let mut issued = lock(&self.issued);
        let Some(code) = issued.codes.get_mut(code).filter(|code| code.app == app) else {
            let number = issued.codes.get(code).map(|code| code.number);
            self.call_log.code_used(number, false);
            return Err(CodeRefusal::Invalid);
        };
        let outcome = if elapsed(code.issued, now) >= self.life {
            Err(CodeRefusal::Invalid)
        } else if code.used {
            Err(CodeRefusal::Used)
        } else {
            Ok(code.grant)
        };
        code.used |= outcome.is_ok();
        self.call_log.code_used(Some(code.number), outcome.is_ok());
        outcome
    }
}

impl<G> fmt::Debug for Issued<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} codes", self.codes.len())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    const LIFE: Duration = Duration::from_secs(300);

    /// Codes and the milliseconds of their clock.
    fn codes() -> (Codes, Arc<AtomicU64>, CallLog) {
        let millis = Arc::new(AtomicU64::new(1_700_000_000_000));
        let time = Arc::clone(&millis);
        let clock = Clock::new(move || {
            SystemTime::UNIX_EPOCH + Duration::from_millis(time.load(Ordering::Relaxed))
        });
        let call_log = CallLog::default();
        (
            Codes::new(CodeForm::Digits, clock, LIFE, call_log.clone()),
            millis,
            call_log,
        )
    }

    #[test]
    fn code_is_valid_once_for_its_application_and_its_life() {
        let (codes, millis, call_log) = codes();
        let code = codes.issue(0, 7).unwrap();
        assert!(code.len() == 18 && code.bytes().all(|byte| byte.is_ascii_digit()));
        assert_eq!(codes.consume(1, &code), None, "another application");
        millis.fetch_add(299_999, Ordering::Relaxed);
        assert_eq!(codes.consume(0, &code), Some(7));
        assert_eq!(codes.consume(0, &code), None, "used");
        assert_eq!(codes.exchange(0, &code), Err(CodeRefusal::Used));
        assert_eq!(codes.exchange(1, &code), Err(CodeRefusal::Invalid));
        let late = codes.issue(0, 7).unwrap();
        millis.fetch_add(300_000, Ordering::Relaxed);
        assert_eq!(codes.consume(0, &late), None, "expired");
        assert_eq!(codes.consume(0, "000000000000000000"), None, "never issued");
        let counts = (
            call_log.codes_issued(),
            call_log.codes_exchanged(),
            call_log.codes_refused(),
        );
        assert_eq!(counts, (2, 1, 6));
        assert_eq!(call_log.max_uses_of_one_code(), 5);
    }

    #[test]
    fn expired_codes_are_removed() {
        let (codes, millis, _) = codes();
        for _ in 0..5_000 {
            codes.issue(0, 0).unwrap();
            millis.fetch_add(1_000, Ordering::Relaxed);
        }
        assert!(lock(&codes.issued).codes.len() <= 1_300);
    }

    #[test]
    fn debug_shows_no_code() {
        let (codes, ..) = codes();
        let code = codes.issue(0, 0).unwrap();
        assert!(!format!("{codes:?}").contains(&code));
    }
}
