//! Index of sessions by their subject. Only logins and revocations use it.

use std::collections::hash_map::{Entry, RandomState};
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, BuildHasherDefault};
use std::sync::Arc;

use crate::identity::Identity;
use crate::session::Namespace;
use crate::session::{IdHasher, Session};

/// The least recently used session of a subject is searched among this many of the oldest ones, so
/// that a login takes no longer where a subject has a large number of them.
const SCANNED: usize = 1_024;

/// Sessions by subject, each of them once.
pub(super) struct SubjectIndex<I> {
    groups: HashMap<u64, Group<I>, BuildHasherDefault<IdHasher>>,
    hasher: RandomState,
    sessions: usize,
    /// The key of a group, once for each session beyond its first one. Some may be out of date.
    with_several: VecDeque<u64>,
}

/// The sessions of one subject; or of several, if their hashes collide.
enum Group<I> {
    One(Arc<Session<I>>),
    Several(Box<Queue<I>>),
}

/// Sessions in the order of their logins.
struct Queue<I>(VecDeque<Arc<Session<I>>>);

impl<I: Identity> SubjectIndex<I> {
    pub(super) fn new() -> Self {
        Self {
            groups: HashMap::default(),
            hasher: RandomState::new(),
            sessions: 0,
            with_several: VecDeque::new(),
        }
    }

    pub(super) fn add(&mut self, session: Arc<Session<I>>) {
        let key = self.key(session.namespace(), session.identity().subject());
        match self.groups.entry(key) {
            Entry::Vacant(vacant) => {
                vacant.insert(Group::One(session));
            }
            Entry::Occupied(mut group) => {
                group.get_mut().add(session);
                self.with_several.push_back(key);
            }
        }
        self.sessions += 1;
        if self.with_several.len() > 2 * self.sessions + 64 {
            self.with_several.clear();
            for (key, group) in &self.groups {
                self.with_several
                    .extend((1..group.iter().count()).map(|_| *key));
            }
        }
    }

    pub(super) fn remove(&mut self, session: &Arc<Session<I>>) {
        let key = self.key(session.namespace(), session.identity().subject());
        if let Entry::Occupied(mut group) = self.groups.entry(key)
            && let Some(is_empty) = group.get_mut().remove(session)
        {
            self.sessions -= 1;
            if is_empty {
                group.remove();
            }
        }
    }

    /// Removes and returns the sessions for which `is_removed` is true.
    pub(super) fn remove_where(
        &mut self,
        is_removed: impl Fn(&Session<I>) -> bool,
    ) -> Vec<Arc<Session<I>>> {
        let removed: Vec<_> = self
            .groups
            .values()
            .flat_map(Group::iter)
            .filter(|session| is_removed(session))
            .cloned()
            .collect();
        removed.iter().for_each(|session| self.remove(session));
        removed
    }

    /// Returns the sessions of a subject, in the order of their logins.
    pub(super) fn sessions_of<'a>(
        &'a self,
        namespace: &'a Namespace,
        subject: &'a str,
    ) -> impl Iterator<Item = &'a Arc<Session<I>>> {
        let group = self.groups.get(&self.key(namespace, subject));
        let is_subject = move |session: &&Arc<Session<I>>| is_of(session, namespace, subject);
        group.into_iter().flat_map(Group::iter).filter(is_subject)
    }

    /// Whether a subject has `count` sessions or more; `count` is one at least.
    pub(super) fn has_at_least(&self, count: usize, namespace: &Namespace, subject: &str) -> bool {
        self.sessions_of(namespace, subject)
            .nth(count - 1)
            .is_some()
    }

    /// Returns the least recently used session of a subject; of several alike, that of the first
    /// login.
    pub(super) fn least_recently_used(
        &self,
        namespace: &Namespace,
        subject: &str,
    ) -> Option<Arc<Session<I>>> {
        self.sessions_of(namespace, subject)
            .take(SCANNED)
            .min_by_key(|session| session.last_used())
            .cloned()
    }

    /// Returns the least recently used session of a subject that has several.
    pub(super) fn least_recently_used_of_several(&mut self) -> Option<Arc<Session<I>>> {
        while let Some(key) = self.with_several.pop_front() {
            let Some(Group::Several(queue)) = self.groups.get(&key) else {
                continue;
            };
            let last = queue.0.back()?;
            let (namespace, subject) = (last.namespace(), last.identity().subject());
            if self.has_at_least(2, namespace, subject) {
                return self.least_recently_used(namespace, subject);
            }
        }
        None
    }

    fn key(&self, namespace: &Namespace, subject: &str) -> u64 {
        self.hasher.hash_one((namespace, subject))
    }
}

fn is_of<I: Identity>(session: &Session<I>, namespace: &Namespace, subject: &str) -> bool {
    session.namespace() == namespace && session.identity().subject() == subject
}

impl<I> Group<I> {
    fn iter(&self) -> impl Iterator<Item = &Arc<Session<I>>> {
        let (one, several) = match self {
            Self::One(session) => (Some(session), None),
            Self::Several(queue) => (None, Some(&queue.0)),
        };
        one.into_iter().chain(several.into_iter().flatten())
    }

    fn add(&mut self, session: Arc<Session<I>>) {
        match self {
            Self::One(first) => {
                let sessions = VecDeque::from([Arc::clone(first), session]);
                *self = Self::Several(Box::new(Queue(sessions)));
            }
            Self::Several(queue) => queue.0.push_back(session),
        }
    }

    /// Removes a session. Returns whether the group is empty now; `None` if the session is not in
    /// it.
    fn remove(&mut self, session: &Arc<Session<I>>) -> Option<bool> {
        match self {
            Self::One(only) => Arc::ptr_eq(only, session).then_some(true),
            Self::Several(queue) => {
                let index = queue.0.iter().position(|one| Arc::ptr_eq(one, session))?;
                queue.0.remove(index);
                if queue.0.len() == 1
                    && let Some(only) = queue.0.pop_front()
                {
                    *self = Self::One(only);
                }
                Some(false)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::identity::Manager;
    use crate::session::{SessionId, SessionTimeouts};

    fn session(subject: &str, at: u64) -> Arc<Session<Manager>> {
        let now = Timestamp::from_unix_seconds(at);
        let manager = Manager::new(subject);
        Arc::new(Session::new(
            SessionId::random().unwrap(),
            manager,
            SessionTimeouts::default(),
            now,
        ))
    }

    fn added(
        subjects: &mut SubjectIndex<Manager>,
        subject: &str,
        at: u64,
    ) -> Arc<Session<Manager>> {
        let session = session(subject, at);
        subjects.add(Arc::clone(&session));
        session
    }

    fn count(subjects: &SubjectIndex<Manager>, subject: &str) -> usize {
        subjects.sessions_of(&Namespace::default(), subject).count()
    }

    #[test]
    fn sessions_are_found_by_their_subject_and_namespace() {
        let mut subjects = SubjectIndex::new();
        let [one, two] = [1, 2].map(|at| added(&mut subjects, "o1", at));
        added(&mut subjects, "o2", 3);
        assert_eq!(
            (
                count(&subjects, "o1"),
                count(&subjects, "o2"),
                count(&subjects, "o3")
            ),
            (2, 1, 0)
        );
        assert_eq!(
            subjects
                .sessions_of(&Namespace::new("a", "b", "c"), "o1")
                .count(),
            0
        );
        subjects.remove(&session("o1", 1));
        assert_eq!(
            count(&subjects, "o1"),
            2,
            "another session of the same subject"
        );
        subjects.remove(&one);
        subjects.remove(&one);
        assert_eq!(count(&subjects, "o1"), 1);
        subjects.remove(&two);
        assert_eq!((subjects.groups.len(), subjects.sessions), (1, 1));
    }

    #[test]
    fn subjects_with_the_same_hash_keep_their_sessions_apart() {
        let mut subjects = SubjectIndex::new();
        let mine = added(&mut subjects, "o1", 1);
        let key = subjects.key(&Namespace::default(), "o1");
        let mut group = subjects.groups.remove(&key).unwrap();
        group.add(session("o2", 2));
        subjects.groups.insert(key, group);
        let namespace = Namespace::default();
        let found: Vec<_> = subjects.sessions_of(&namespace, "o1").collect();
        assert!(matches!(found[..], [found] if Arc::ptr_eq(found, &mine)));
    }

    #[test]
    fn least_recently_used_session_was_used_longest_ago() {
        let mut subjects = SubjectIndex::new();
        let [first, second, third] = [100, 200, 300].map(|at| added(&mut subjects, "o1", at));
        let found = |subjects: &SubjectIndex<_>| {
            subjects
                .least_recently_used(&Namespace::default(), "o1")
                .unwrap()
        };
        assert!(Arc::ptr_eq(&found(&subjects), &first));
        first.touch(Timestamp::from_unix_seconds(400));
        assert!(Arc::ptr_eq(&found(&subjects), &second));
        subjects.remove(&second);
        assert!(Arc::ptr_eq(&found(&subjects), &third));
    }

    #[test]
    fn least_recently_used_of_several_is_of_a_subject_with_several() {
        let mut subjects = SubjectIndex::new();
        added(&mut subjects, "o1", 1);
        assert!(subjects.least_recently_used_of_several().is_none());
        let first = added(&mut subjects, "o2", 2);
        added(&mut subjects, "o2", 3);
        let found = subjects.least_recently_used_of_several().unwrap();
        assert!(Arc::ptr_eq(&found, &first));
        subjects.remove(&found);
        assert!(subjects.least_recently_used_of_several().is_none());
    }

    #[test]
    fn keys_of_groups_with_several_sessions_do_not_pile_up() {
        let mut subjects = SubjectIndex::new();
        for at in 0..10_000 {
            let extra = added(&mut subjects, "o1", at);
            if at > 0 {
                subjects.remove(&extra);
            }
            assert!(subjects.with_several.len() <= 2 * 2 + 64);
        }
    }
}
