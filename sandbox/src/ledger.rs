//! What happened, counted, so that a test can say "the code was spent once".

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::endpoint::Endpoint;

/// The sandbox's own count of everything. Holds no code, no token and no secret; clones show the same.
///
/// Weika's codes and WeChat's are counted together.
#[derive(Clone, Default, Debug)]
pub struct Ledger(Arc<Shared>);

#[derive(Default, Debug)]
struct Shared {
    book: Mutex<Book>,
    arrived: Notify,
}

#[derive(Default, Debug)]
struct Book {
    calls: HashMap<Option<Endpoint>, u64>,
    tokens_issued: u64,
    spends: Vec<Spends>,
    unknown_codes: u64,
    hosts: BTreeMap<String, u64>,
    entries: VecDeque<Entry>,
}

/// How often one issued code was presented.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct Spends {
    /// How often it was taken; more than once would be a fault of the sandbox.
    pub accepted: u32,
    /// How often it was refused: spent, expired, or presented by another application.
    pub refused: u32,
}

/// One finished call.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// What was asked for; `None` if the path is not one of the sandbox's.
    pub endpoint: Option<Endpoint>,
    /// The `Host` header, as it came.
    pub host: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// Answered as wanted.
    Answered,
    /// Refused with this number (`errcode`, `code` or `returnCode`), or on a page with this HTTP status. A page
    /// of WeChat counts with the number that it shows, an openid that is not bound with 2000, and what Kesion
    /// refuses without a number with -1.
    Refused(i64),
    /// Spoiled by the [`Fault`](super::Fault) of this name.
    Spoiled(&'static str),
}

impl Ledger {
    /// How many calls to `endpoint` have arrived, answered or not.
    #[must_use]
    pub fn count(&self, endpoint: Endpoint) -> u64 {
        self.book().calls.get(&Some(endpoint)).copied().unwrap_or(0)
    }

    /// How many calls went to paths that no document names.
    #[must_use]
    pub fn unknown_paths(&self) -> u64 {
        self.book().calls.get(&None).copied().unwrap_or(0)
    }

    /// Waits until at least `calls` calls to `endpoint` have arrived; returns at once if they have.
    /// Lets a test act in the middle of a call without sleeping.
    pub fn reached(&self, endpoint: Endpoint, calls: u64) -> impl Future<Output = ()> + Send + use<> {
        let ledger = self.clone();
        async move {
            loop {
                let mut arrival = pin!(ledger.0.arrived.notified());
                // Registered before counting, so that a call between the two is not missed.
                arrival.as_mut().enable();
                if ledger.count(endpoint) >= calls {
                    return;
                }
                arrival.await;
            }
        }
    }

    /// How many access tokens were issued.
    #[must_use]
    pub fn tokens_issued(&self) -> u64 {
        self.book().tokens_issued
    }

    /// How many codes were issued.
    #[must_use]
    pub fn codes_issued(&self) -> u64 {
        self.book().spends.len() as u64
    }

    /// How many codes were exchanged for a person.
    #[must_use]
    pub fn codes_spent(&self) -> u64 {
        self.book().spends.iter().map(|it| u64::from(it.accepted)).sum()
    }

    /// How often codes were presented in vain: spent, expired, foreign or never issued.
    #[must_use]
    pub fn codes_refused(&self) -> u64 {
        let book = self.book();
        let refused: u64 = book.spends.iter().map(|it| u64::from(it.refused)).sum();
        refused + book.unknown_codes
    }

    /// How often the most presented code was presented, accepted or refused. One means that nobody ever
    /// tried a code twice.
    #[must_use]
    pub fn max_spends_of_one_code(&self) -> u32 {
        let book = self.book();
        let most = book.spends.iter().map(|it| it.accepted.saturating_add(it.refused)).max();
        most.unwrap_or(0)
    }

    /// Every issued code in the order of issue.
    #[must_use]
    pub fn spends(&self) -> Vec<Spends> {
        self.book().spends.clone()
    }

    /// How many calls came with which `Host` header. A call that followed a foreign `host` of an answer
    /// shows here if that name leads to this sandbox, and nowhere if not.
    #[must_use]
    pub fn hosts(&self) -> BTreeMap<String, u64> {
        self.book().hosts.clone()
    }

    /// The last finished calls (at most [`Self::MAX_ENTRIES`]), oldest first.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.book().entries.iter().cloned().collect()
    }

    /// How many [`entries`](Self::entries) are kept; the counts go on for ever.
    pub const MAX_ENTRIES: usize = 65_536;

    pub(super) fn arrive(&self, endpoint: Option<Endpoint>, host: &str) {
        let mut book = self.book();
        *book.calls.entry(endpoint).or_default() += 1;
        if let Some(count) = book.hosts.get_mut(host) {
            *count += 1;
        } else if book.hosts.len() < MAX_HOSTS {
            book.hosts.insert(host.to_owned(), 1);
        }
        drop(book);
        self.0.arrived.notify_waiters();
    }

    pub(super) fn finish(&self, entry: Entry) {
        let mut book = self.book();
        if book.entries.len() == Self::MAX_ENTRIES {
            book.entries.pop_front();
        }
        book.entries.push_back(entry);
    }

    pub(super) fn token_issued(&self) {
        self.book().tokens_issued += 1;
    }

    /// Opens the account of a new code and returns its number.
    pub(super) fn code_issued(&self) -> usize {
        let mut book = self.book();
        book.spends.push(Spends::default());
        book.spends.len() - 1
    }

    /// A code was presented: `number` as [`code_issued`](Self::code_issued) gave it, if it was ever issued.
    pub(super) fn code_presented(&self, number: Option<usize>, accepted: bool) {
        let mut book = self.book();
        match number.and_then(|number| book.spends.get_mut(number)) {
            Some(spends) if accepted => spends.accepted += 1,
            Some(spends) => spends.refused += 1,
            None => book.unknown_codes += 1,
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A test has a handful of hosts; anything above is somebody playing with the header.
const MAX_HOSTS: usize = 1_024;
