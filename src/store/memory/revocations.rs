//! Recent revocations, for logins that were pending when they happened.

use std::collections::{HashMap, VecDeque};

use tokio::time::Instant;

use crate::session::Namespace;
use crate::session::SessionId;
use crate::store::Stamp;

/// The number of revocations that are remembered. A login during which more of them happened counts
/// as revoked.
const CAPACITY: usize = 4_096;

/// The sessions that a revocation covers.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Scope {
    /// All of a namespace.
    Namespace(Namespace),
    Subject(Namespace, Box<str>),
    /// One session, and so the pending login that would replace it.
    Session(SessionId),
}

/// The revocations of the last [`Stamp::LIFETIME`], numbered in sequence.
#[derive(Default)]
pub(super) struct Revocations {
    /// The number of the last revocation.
    last: u64,
    /// The largest number that was forgotten: older stamps can no longer be compared.
    forgotten: u64,
    numbers: HashMap<Scope, u64>,
    oldest_first: VecDeque<(Instant, u64, Scope)>,
}

impl Revocations {
    pub(super) fn stamp(&mut self) -> Stamp {
        self.forget(Instant::now());
        Stamp::new(self.last)
    }

    /// Records a revocation that happens now.
    pub(super) fn record(&mut self, scope: Scope) {
        let now = Instant::now();
        self.last += 1;
        self.numbers.insert(scope.clone(), self.last);
        self.oldest_first.push_back((now, self.last, scope));
        self.forget(now);
    }

    /// Whether one of these scopes was revoked after `stamp`, or may have been.
    pub(super) fn is_any_revoked(
        &self,
        scopes: impl IntoIterator<Item = Scope>,
        stamp: Stamp,
    ) -> bool {
        let is_after = |number: u64| number > stamp.number();
        is_after(self.forgotten)
            // Usually there was no revocation since, and nothing to look up.
            || is_after(self.last)
                && scopes
                    .into_iter()
                    .any(|scope| self.numbers.get(&scope).is_some_and(|number| is_after(*number)))
    }

    fn forget(&mut self, now: Instant) {
        while let Some((recorded, number, scope)) = self.oldest_first.front() {
            if now.duration_since(*recorded) < Stamp::LIFETIME
                && self.oldest_first.len() <= CAPACITY
            {
                break;
            }
            self.forgotten = *number;
            if self.numbers.get(scope) == Some(number) {
                self.numbers.remove(scope);
            }
            self.oldest_first.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn subject(name: &str) -> Scope {
        Scope::Subject(Namespace::default(), name.into())
    }

    #[test]
    fn stamp_before_a_revocation_is_covered_and_one_after_it_is_not() {
        let mut revocations = Revocations::default();
        let before = revocations.stamp();
        revocations.record(subject("o1"));
        let after = revocations.stamp();
        assert!(revocations.is_any_revoked([subject("o1")], before));
        assert!(!revocations.is_any_revoked([subject("o2")], before));
        assert!(!revocations.is_any_revoked(
            [Scope::Subject(Namespace::new("a", "b", "c"), "o1".into())],
            before
        ));
        assert!(!revocations.is_any_revoked([subject("o1")], after));
        revocations.record(subject("o1"));
        assert!(revocations.is_any_revoked([subject("o2"), subject("o1")], after));
    }

    #[tokio::test(start_paused = true)]
    async fn revocations_are_forgotten_and_older_stamps_count_as_revoked() {
        let mut revocations = Revocations::default();
        let before = revocations.stamp();
        revocations.record(subject("o1"));
        tokio::time::advance(Stamp::LIFETIME - Duration::from_millis(1)).await;
        let after = revocations.stamp();
        assert_eq!(revocations.oldest_first.len(), 1);
        assert!(
            revocations.is_any_revoked([subject("o1")], before)
                && !revocations.is_any_revoked([subject("o2")], before)
        );
        tokio::time::advance(Duration::from_millis(1)).await;
        revocations.stamp();
        assert!(revocations.oldest_first.is_empty() && revocations.numbers.is_empty());
        assert!(
            revocations.is_any_revoked([subject("o2")], before),
            "the revocation is forgotten"
        );
        assert!(!revocations.is_any_revoked([subject("o1")], after));
    }

    #[test]
    fn revocations_are_bounded_and_a_login_during_more_of_them_counts_as_revoked() {
        let mut revocations = Revocations::default();
        let first = revocations.stamp();
        for number in 0..CAPACITY {
            revocations.record(subject(&number.to_string()));
        }
        assert!(!revocations.is_any_revoked([subject("another")], first));
        let second = revocations.stamp();
        revocations.record(subject("0"));
        assert_eq!(
            (revocations.oldest_first.len(), revocations.numbers.len()),
            (CAPACITY, CAPACITY)
        );
        assert!(
            revocations.is_any_revoked([subject("another")], first),
            "the first revocation is forgotten"
        );
        assert!(
            revocations.is_any_revoked([subject("0")], second),
            "it was revoked again"
        );
        assert!(!revocations.is_any_revoked([subject("another")], second));
    }
}
