//! Recent revocations, for logins whose code was sent before them.

use std::collections::{HashMap, VecDeque};

use tokio::time::Instant;

use super::{Namespace, Stamp};
use crate::session::SessionId;

/// So many revocations are remembered. A login that was under way while more than these were made is refused.
const CAPACITY: usize = 4_096;

/// What a revocation covers.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Revoked {
    All(Namespace),
    Subject(Namespace, Box<str>),
    /// This session, and so the login that would replace it.
    Session(SessionId),
}

/// The revocations of the last [`Stamp::LIFETIME`], in sequence.
#[derive(Default)]
pub(super) struct Marks {
    /// The number of the last revocation.
    last: u64,
    /// The greatest number that was forgotten: older stamps can no longer be judged.
    forgotten: u64,
    numbers: HashMap<Revoked, u64>,
    oldest_first: VecDeque<(Instant, u64, Revoked)>,
}

impl Marks {
    pub(super) fn stamp(&mut self) -> Stamp {
        self.forget(Instant::now());
        Stamp::new(self.last)
    }

    pub(super) fn mark(&mut self, revoked: Revoked) {
        let now = Instant::now();
        self.last += 1;
        self.numbers.insert(revoked.clone(), self.last);
        self.oldest_first.push_back((now, self.last, revoked));
        self.forget(now);
    }

    /// Whether one of these was revoked after `stamp`, or may have been.
    pub(super) fn cover(&self, revoked: impl IntoIterator<Item = Revoked>, stamp: Stamp) -> bool {
        let is_after = |number: u64| number > stamp.number();
        is_after(self.forgotten)
            // Mostly there is none since, and nothing to look up.
            || is_after(self.last)
                && revoked.into_iter().any(|revoked| self.numbers.get(&revoked).is_some_and(|number| is_after(*number)))
    }

    fn forget(&mut self, now: Instant) {
        while let Some((made, number, revoked)) = self.oldest_first.front() {
            if now.duration_since(*made) < Stamp::LIFETIME && self.oldest_first.len() <= CAPACITY {
                break;
            }
            self.forgotten = *number;
            if self.numbers.get(revoked) == Some(number) {
                self.numbers.remove(revoked);
            }
            self.oldest_first.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn subject(name: &str) -> Revoked {
        Revoked::Subject(Namespace::default(), name.into())
    }

    #[test]
    fn stamp_before_a_revocation_is_covered_and_one_after_it_is_not() {
        let mut marks = Marks::default();
        let before = marks.stamp();
        marks.mark(subject("o1"));
        let after = marks.stamp();
        assert!(marks.cover([subject("o1")], before));
        assert!(!marks.cover([subject("o2")], before));
        assert!(!marks.cover(
            [Revoked::Subject(Namespace::new("a", "b", "c"), "o1".into())],
            before
        ));
        assert!(!marks.cover([subject("o1")], after));
        marks.mark(subject("o1"));
        assert!(marks.cover([subject("o2"), subject("o1")], after));
    }

    #[tokio::test(start_paused = true)]
    async fn marks_time_out_and_older_stamps_are_refused() {
        let mut marks = Marks::default();
        let before = marks.stamp();
        marks.mark(subject("o1"));
        tokio::time::advance(Stamp::LIFETIME - Duration::from_millis(1)).await;
        let after = marks.stamp();
        assert_eq!(marks.oldest_first.len(), 1);
        assert!(marks.cover([subject("o1")], before) && !marks.cover([subject("o2")], before));
        tokio::time::advance(Duration::from_millis(1)).await;
        marks.stamp();
        assert!(marks.oldest_first.is_empty() && marks.numbers.is_empty());
        assert!(
            marks.cover([subject("o2")], before),
            "the mark is forgotten, so it cannot be said"
        );
        assert!(!marks.cover([subject("o1")], after));
    }

    #[test]
    fn marks_are_bounded_and_a_login_that_met_more_is_refused() {
        let mut marks = Marks::default();
        let first = marks.stamp();
        for number in 0..CAPACITY {
            marks.mark(subject(&number.to_string()));
        }
        assert!(!marks.cover([subject("another")], first));
        let second = marks.stamp();
        marks.mark(subject("0"));
        assert_eq!(
            (marks.oldest_first.len(), marks.numbers.len()),
            (CAPACITY, CAPACITY)
        );
        assert!(
            marks.cover([subject("another")], first),
            "the first mark is forgotten"
        );
        assert!(marks.cover([subject("0")], second), "it was marked again");
        assert!(!marks.cover([subject("another")], second));
    }
}
