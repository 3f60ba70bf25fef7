//! What the sandbox hands out and takes back: one-time codes and access tokens.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::ledger::Ledger;
use crate::clock::{Clock, elapsed};
use crate::random;

/// One-time codes, bound to an application and a person, both by number.
#[derive(Debug)]
pub(super) struct Codes {
    form: CodeForm,
    clock: Clock,
    life: Duration,
    ledger: Ledger,
    issued: Mutex<Issued>,
}

/// What a code looks like.
#[derive(Clone, Copy, Debug)]
pub(super) enum CodeForm {
    /// Weika's: 18 decimal digits, the form of a public sample.
    Digits,
    /// WeChat's: 32 letters and digits.
    Letters,
}

impl CodeForm {
    fn random(self) -> Result<String, getrandom::Error> {
        match self {
            Self::Digits => {
                let random = u64::from_le_bytes(random::bytes()?);
                Ok(format!("{:018}", random % 1_000_000_000_000_000_000))
            }
            Self::Letters => base62::<32>(),
        }
    }
}

#[derive(Default)]
struct Issued {
    codes: HashMap<String, Code>,
    last: Option<String>,
    sweep_at: usize,
}

struct Code {
    number: usize,
    app: usize,
    person: usize,
    born: SystemTime,
    spent: bool,
}

impl Codes {
    pub(super) fn new(form: CodeForm, clock: Clock, life: Duration, ledger: Ledger) -> Self {
        Self { form, clock, life, ledger, issued: Mutex::default() }
    }

    /// A new code for `person` at `app`.
    pub(super) fn issue(&self, app: usize, person: usize) -> Result<String, getrandom::Error> {
        let text = self.form.random()?;
        let born = self.clock.now();
        let number = self.ledger.code_issued();
        let mut issued = self.issued();
        if issued.codes.len() >= issued.sweep_at {
            // Long expired codes may as well be unknown: the answer is the same.
            issued.codes.retain(|_, code| elapsed(code.born, born) < self.life.saturating_mul(2));
            issued.sweep_at = (issued.codes.len() * 2).max(1_024);
        }
        issued.codes.insert(text.clone(), Code { number, app, person, born, spent: false });
        issued.last = Some(text.clone());
        Ok(text)
    }

    /// The code that was issued last.
    pub(super) fn last(&self) -> Option<String> {
        self.issued().last.clone()
    }

    /// Takes a code; the person if it is good. A code that another application presents is not spent.
    pub(super) fn spend(&self, app: usize, code: &str) -> Option<usize> {
        let now = self.clock.now();
        let mut issued = self.issued();
        let Some(code) = issued.codes.get_mut(code) else {
            self.ledger.code_presented(None, false);
            return None;
        };
        let good = !code.spent && code.app == app && elapsed(code.born, now) < self.life;
        code.spent |= good;
        self.ledger.code_presented(Some(code.number), good);
        good.then_some(code.person)
    }

    fn issued(&self) -> MutexGuard<'_, Issued> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} codes", self.codes.len())
    }
}

/// Access tokens: 157 characters, of which none means anything.
#[derive(Debug)]
pub(super) struct Tokens {
    clock: Clock,
    life: Duration,
    overlap: Duration,
    ledger: Ledger,
    issued: Mutex<Valid>,
}

#[derive(Default)]
struct Valid(HashMap<String, Token>);

struct Token {
    app: usize,
    issued: SystemTime,
    /// When its successor was issued.
    replaced: Option<SystemTime>,
}

/// Why a token is of no use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum BadToken {
    Expired,
    /// Never issued, revoked, or replaced by a newer one.
    Unknown,
}

impl Tokens {
    pub(super) fn new(clock: Clock, life: Duration, overlap: Duration, ledger: Ledger) -> Self {
        Self { clock, life, overlap, ledger, issued: Mutex::default() }
    }

    /// A new token for `app`. Its predecessors end after the overlap.
    pub(super) fn issue(&self, app: usize) -> Result<String, getrandom::Error> {
        let text = base62::<157>()?;
        let now = self.clock.now();
        let mut issued = self.issued();
        let remembered = self.life.saturating_add(REMEMBERED);
        issued.0.retain(|_, token| elapsed(token.issued, now) < remembered);
        for token in issued.0.values_mut().filter(|it| it.app == app) {
            token.replaced.get_or_insert(now);
        }
        issued.0.insert(text.clone(), Token { app, issued: now, replaced: None });
        drop(issued);
        self.ledger.token_issued();
        Ok(text)
    }

    /// The application whose token this is.
    pub(super) fn app(&self, token: &str) -> Result<usize, BadToken> {
        let now = self.clock.now();
        let issued = self.issued();
        let token = issued.0.get(token).ok_or(BadToken::Unknown)?;
        if token.replaced.is_some_and(|it| elapsed(it, now) >= self.overlap) {
            Err(BadToken::Unknown)
        } else if elapsed(token.issued, now) >= self.life {
            Err(BadToken::Expired)
        } else {
            Ok(token.app)
        }
    }

    /// Makes every token unknown.
    pub(super) fn revoke_all(&self) {
        self.issued().0.clear();
    }

    /// How long a new token lives.
    pub(super) const fn life(&self) -> Duration {
        self.life
    }

    fn issued(&self) -> MutexGuard<'_, Valid> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For how long an expired token is still told apart from one that never was.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

impl std::fmt::Debug for Valid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} tokens", self.0.len())
    }
}

fn base62<const N: usize>() -> Result<String, getrandom::Error> {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let bytes: [u8; N] = random::bytes()?;
    Ok(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(*byte) % 62])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    const LIFE: Duration = Duration::from_secs(300);

    fn codes() -> (Codes, ManualClock, Ledger) {
        let hand = ManualClock::new(1_700_000_000);
        let ledger = Ledger::default();
        (Codes::new(CodeForm::Digits, hand.clock(), LIFE, ledger.clone()), hand, ledger)
    }

    #[test]
    fn a_code_is_good_once_for_its_application_and_its_time() {
        let (codes, hand, ledger) = codes();
        let code = codes.issue(0, 7).unwrap();
        assert!(code.len() == 18 && code.bytes().all(|byte| byte.is_ascii_digit()));
        assert_eq!(codes.spend(1, &code), None, "foreign");
        hand.advance(LIFE - Duration::from_millis(1));
        assert_eq!(codes.spend(0, &code), Some(7));
        assert_eq!(codes.spend(0, &code), None, "spent");
        let late = codes.issue(0, 7).unwrap();
        hand.advance(LIFE);
        assert_eq!(codes.spend(0, &late), None, "expired");
        assert_eq!(codes.spend(0, "000000000000000000"), None, "never issued");
        assert_eq!((ledger.codes_issued(), ledger.codes_spent(), ledger.codes_refused()), (2, 1, 4));
        assert_eq!(ledger.max_spends_of_one_code(), 3);
    }

    #[test]
    fn old_codes_do_not_pile_up() {
        let (codes, hand, _) = codes();
        for _ in 0..5_000 {
            codes.issue(0, 0).unwrap();
            hand.advance(Duration::from_secs(1));
        }
        assert!(codes.issued().codes.len() <= 1_300);
    }

    #[test]
    fn a_token_ends_by_age_or_by_its_successor() {
        let hand = ManualClock::new(1_700_000_000);
        let life = Duration::from_secs(7_200);
        let tokens = Tokens::new(hand.clock(), life, LIFE, Ledger::default());
        let first = tokens.issue(0).unwrap();
        let other = tokens.issue(1).unwrap();
        assert_eq!(first.len(), 157);
        hand.advance(life / 2);
        let second = tokens.issue(0).unwrap();
        hand.advance(LIFE - Duration::from_millis(1));
        assert_eq!(tokens.app(&first), Ok(0));
        hand.advance(Duration::from_millis(1));
        assert_eq!(tokens.app(&first), Err(BadToken::Unknown));
        assert_eq!((tokens.app(&second), tokens.app(&other)), (Ok(0), Ok(1)));
        hand.advance(life);
        assert_eq!(tokens.app(&second), Err(BadToken::Expired));
        tokens.revoke_all();
        assert_eq!(tokens.app(&second), Err(BadToken::Unknown));
    }

    #[test]
    fn without_overlap_the_newest_token_is_the_only_one() {
        let tokens = Tokens::new(Clock::default(), LIFE, Duration::ZERO, Ledger::default());
        let first = tokens.issue(0).unwrap();
        let second = tokens.issue(0).unwrap();
        assert_eq!((tokens.app(&first), tokens.app(&second)), (Err(BadToken::Unknown), Ok(0)));
    }

    #[test]
    fn debug_shows_neither_codes_nor_tokens() {
        let (codes, ..) = codes();
        let code = codes.issue(0, 0).unwrap();
        let tokens = Tokens::new(Clock::default(), LIFE, LIFE, Ledger::default());
        let token = tokens.issue(0).unwrap();
        let shown = format!("{codes:?} {tokens:?}");
        assert!(!shown.contains(&code) && !shown.contains(&token));
    }
}
