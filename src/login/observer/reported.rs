use std::collections::VecDeque;

use parking_lot::Mutex;

/// The last flows that have had their event, so that a repeated request causes no second one.
/// Bounded, because an unauthenticated client can decline any number of logins.
#[derive(Default)]
pub(super) struct Reported(Mutex<VecDeque<[u8; 16]>>);

impl Reported {
    const CAPACITY: usize = 1_024;

    /// Whether this is the first call for `id`, and remembers it.
    pub(super) fn is_first(&self, id: [u8; 16]) -> bool {
        let mut reported = self.0.lock();
        if reported.contains(&id) {
            return false;
        }
        if reported.len() == Self::CAPACITY {
            reported.pop_front();
        }
        reported.push_back(id);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_thousand_are_remembered() {
        let reported = Reported::default();
        let id = |number: usize| (number as u128).to_be_bytes();
        for number in 0..=Reported::CAPACITY {
            assert!(reported.is_first(id(number)));
        }
        for number in 1..=Reported::CAPACITY {
            assert!(!reported.is_first(id(number)));
        }
        assert!(reported.is_first(id(0)), "the oldest one is forgotten");
        assert_eq!(reported.0.lock().len(), Reported::CAPACITY);
    }
}
