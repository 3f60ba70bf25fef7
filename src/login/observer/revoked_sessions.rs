use std::collections::VecDeque;

use parking_lot::Mutex;

use super::User;

/// The last sessions whose revocation had its event, or failed and may have taken effect
/// nevertheless. Bounded. Every entry is of a session that existed, so that unauthenticated clients
/// cannot fill it.
#[derive(Default)]
pub(super) struct RevokedSessions(Mutex<VecDeque<Entry>>);

struct Entry {
    /// The first half of the digest of the session id.
    digest: [u8; 16],
    state: State,
}

enum State {
    Reported,
    /// The store failed: its reply may have been lost after it removed the session of this user.
    Unconfirmed(User),
}

impl RevokedSessions {
    const CAPACITY: usize = 1_024;

    /// Remembers the user of a session whose revocation failed.
    pub(super) fn failed(&self, digest: [u8; 16], user: User) {
        let mut entries = self.0.lock();
        if !entries.iter().any(|entry| entry.digest == digest) {
            push(&mut entries, digest, State::Unconfirmed(user));
        }
    }

    /// Returns the user of the event for a revocation that succeeded; `None` if there is none.
    /// `was_live` tells whether this revocation removed a live session, of this user if known.
    pub(super) fn first(
        &self,
        digest: [u8; 16],
        was_live: bool,
        user: Option<User>,
    ) -> Option<Option<User>> {
        let mut entries = self.0.lock();
        let known = entries.iter_mut().find(|entry| entry.digest == digest);
        match known.map(|entry| std::mem::replace(&mut entry.state, State::Reported)) {
            Some(State::Reported) => None,
            Some(State::Unconfirmed(user)) => Some(Some(user)),
            None => was_live.then(|| {
                push(&mut entries, digest, State::Reported);
                user
            }),
        }
    }
}

fn push(entries: &mut VecDeque<Entry>, digest: [u8; 16], state: State) {
    if entries.len() == RevokedSessions::CAPACITY {
        entries.pop_front();
    }
    entries.push_back(Entry { digest, state });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(subject: &str) -> User {
        User::with_subject(subject.to_owned())
    }

    fn subject(event: Option<Option<User>>) -> Option<Option<String>> {
        event.map(|user| user.map(|user| user.subject))
    }

    #[test]
    fn failed_revocation_is_reported_when_a_later_one_succeeds_and_once() {
        let sessions = RevokedSessions::default();
        sessions.failed([1; 16], user("wang"));
        sessions.failed([1; 16], user("wang"));
        let wang = Some(Some("wang".to_owned()));
        assert_eq!(subject(sessions.first([1; 16], false, None)), wang);
        assert_eq!(subject(sessions.first([1; 16], true, None)), None);
        sessions.failed([1; 16], user("wang"));
        assert_eq!(subject(sessions.first([1; 16], true, None)), None);
        assert_eq!(subject(sessions.first([2; 16], false, None)), None);
        assert_eq!(subject(sessions.first([2; 16], true, None)), Some(None));
    }

    #[test]
    fn last_thousand_sessions_are_remembered() {
        let sessions = RevokedSessions::default();
        let digest = |number: usize| (number as u128).to_be_bytes();
        for number in 0..=RevokedSessions::CAPACITY {
            sessions.failed(digest(number), user("wang"));
        }
        assert_eq!(sessions.0.lock().len(), RevokedSessions::CAPACITY);
        assert!(sessions.first(digest(0), false, None).is_none());
        for number in 1..=RevokedSessions::CAPACITY {
            assert!(sessions.first(digest(number), false, None).is_some());
            assert!(sessions.first(digest(number), true, None).is_none());
        }
        sessions.first(digest(0), true, None);
        assert_eq!(sessions.0.lock().len(), RevokedSessions::CAPACITY);
    }
}
