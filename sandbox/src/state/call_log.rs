//! Call log: counts of calls, tokens and code uses, so that a test can assert that a code was
//! exchanged once.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Notify;

use crate::endpoint::Endpoint;
use crate::lock::lock;

/// Log and counts of the calls that the sandbox received. It holds no code, token or secret. Clones
/// show the same log.
///
/// Weika's codes and WeChat's are counted together.
#[derive(Clone, Default, Debug)]
pub struct CallLog(Arc<Inner>);

#[derive(Default, Debug)]
struct Inner {
    counts: Mutex<Counts>,
    arrived: Notify,
}

#[derive(Default, Debug)]
struct Counts {
    calls: HashMap<Option<Endpoint>, u64>,
    tokens_issued: u64,
    code_uses: Vec<CodeUses>,
    unknown_codes: u64,
    hosts: BTreeMap<String, u64>,
    entries: VecDeque<Entry>,
}

/// Uses of one issued code.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct CodeUses {
    /// Number of successful exchanges; more than one would be an error of the sandbox.
    pub accepted: u32,
    /// Number of refused exchanges: the code was used, expired, or issued to another application.
    pub refused: u32,
}

/// One finished call.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// The endpoint; `None` if the path is not one of the sandbox's.
    pub endpoint: Option<Endpoint>,
    /// The `Host` header as received.
    pub host: String,
    /// The result.
    pub outcome: Outcome,
}

/// Result of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// The call succeeded.
    Answered,
    /// The call was refused with this number (`errcode`, `code` or `returnCode`), or with a page of
    /// this HTTP status. A page of WeChat counts with the number that it shows, an openid that is
    /// not bound with 2000, and a refusal of Kesion without a number with -1.
    Refused(i64),
    /// The [`Fault`](crate::Fault) of this name happened.
    Faulted(&'static str),
}

impl CallLog {
    /// Returns the number of calls to `endpoint` that have arrived, whether a response was sent or
    /// not.
    #[must_use]
    pub fn count(&self, endpoint: Endpoint) -> u64 {
        self.counts()
            .calls
            .get(&Some(endpoint))
            .copied()
            .unwrap_or(0)
    }

    /// Returns the number of calls to paths that are not documented.
    #[must_use]
    pub fn unknown_paths(&self) -> u64 {
        self.counts().calls.get(&None).copied().unwrap_or(0)
    }

    /// Waits until at least `calls` calls to `endpoint` have arrived; returns at once if they have.
    /// With it a test acts in the middle of a call without sleeping.
    pub fn reached(
        &self,
        endpoint: Endpoint,
        calls: u64,
    ) -> impl Future<Output = ()> + Send + use<> {
        let log = self.clone();
        async move {
            loop {
                let mut arrival = pin!(log.0.arrived.notified());
                // Registered before counting, so that a call between the two is not missed.
                arrival.as_mut().enable();
                if log.count(endpoint) >= calls {
                    return;
                }
                arrival.await;
            }
        }
    }

    /// Returns the number of issued access tokens.
    #[must_use]
    pub fn tokens_issued(&self) -> u64 {
        self.counts().tokens_issued
    }

    /// Returns the number of issued codes.
    #[must_use]
    pub fn codes_issued(&self) -> u64 {
        self.counts().code_uses.len() as u64
    }

    /// Returns the number of codes that were exchanged for a person.
    #[must_use]
    pub fn codes_exchanged(&self) -> u64 {
        self.counts()
            .code_uses
            .iter()
            .map(|it| u64::from(it.accepted))
            .sum()
    }

    /// Returns the number of refused exchanges: the code was used, expired, issued to another
    /// application, or never issued.
    #[must_use]
    pub fn codes_refused(&self) -> u64 {
        let counts = self.counts();
        let refused: u64 = counts
            .code_uses
            .iter()
            .map(|it| u64::from(it.refused))
            .sum();
        refused + counts.unknown_codes
    }

    /// Returns the largest number of uses of one code, accepted or refused. One means that no code
    /// was presented twice.
    #[must_use]
    pub fn max_uses_of_one_code(&self) -> u32 {
        let counts = self.counts();
        let most = counts
            .code_uses
            .iter()
            .map(|it| it.accepted.saturating_add(it.refused))
            .max();
        most.unwrap_or(0)
    }

    /// Returns the uses of every issued code, in the order of issue.
    #[must_use]
    pub fn code_uses(&self) -> Vec<CodeUses> {
        self.counts().code_uses.clone()
    }

    /// Returns the number of calls for each `Host` header. A call to a foreign `host` of a response
    /// appears here if that name resolves to this sandbox.
    #[must_use]
    pub fn hosts(&self) -> BTreeMap<String, u64> {
        self.counts().hosts.clone()
    }

    /// Returns the last finished calls (at most [`Self::MAX_ENTRIES`]), oldest first.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.counts().entries.iter().cloned().collect()
    }

    /// Maximal number of [`entries`](Self::entries); the counts are not limited.
    pub const MAX_ENTRIES: usize = 65_536;

    pub(crate) fn arrive(&self, endpoint: Option<Endpoint>, host: &str) {
        let mut counts = self.counts();
        *counts.calls.entry(endpoint).or_default() += 1;
        if let Some(count) = counts.hosts.get_mut(host) {
            *count += 1;
        } else if counts.hosts.len() < MAX_HOSTS {
            counts.hosts.insert(host.to_owned(), 1);
        }
        drop(counts);
        self.0.arrived.notify_waiters();
    }

    pub(crate) fn finish(&self, entry: Entry) {
        let mut counts = self.counts();
        if counts.entries.len() == Self::MAX_ENTRIES {
            counts.entries.pop_front();
        }
        counts.entries.push_back(entry);
    }

    pub(crate) fn token_issued(&self) {
        self.counts().tokens_issued += 1;
    }

    /// Records a new code and returns its number.
    pub(crate) fn code_issued(&self) -> usize {
        let mut counts = self.counts();
        counts.code_uses.push(CodeUses::default());
        counts.code_uses.len() - 1
    }

    /// Records the use of a code: `number` is that of [`code_issued`](Self::code_issued), or `None`
    /// if it was not issued.
    pub(crate) fn code_used(&self, number: Option<usize>, accepted: bool) {
        let mut counts = self.counts();
        match number.and_then(|number| counts.code_uses.get_mut(number)) {
            Some(code_uses) if accepted => code_uses.accepted += 1,
            Some(code_uses) => code_uses.refused += 1,
            None => counts.unknown_codes += 1,
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        lock(&self.0.counts)
    }
}

/// A test has a handful of hosts; more are arbitrary values of the header.
const MAX_HOSTS: usize = 1_024;
