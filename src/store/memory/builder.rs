use super::MemoryStore;
use super::content::Content;
use crate::identity::Identity;

/// Builder of a [`MemoryStore`].
#[derive(Clone, Debug)]
pub struct MemoryStoreBuilder {
    capacity: u64,
    per_subject: Option<u64>,
}

impl MemoryStoreBuilder {
    pub(super) const fn new() -> Self {
        Self {
            capacity: 100_000,
            per_subject: Some(50),
        }
    }

    /// Sets how many sessions are kept at most: 100,000 by default, and at least one. A session in use is not evicted
    /// while fewer sessions of other subjects than this start in a minute.
    #[must_use]
    pub fn capacity(mut self, sessions: u64) -> Self {
        self.capacity = sessions;
        self
    }

    /// Sets how many sessions of one subject are kept at most: 50 by default, and at least one; `None` is no limit but
    /// the capacity. With 1, a login removes the sessions of the same subject in other browsers.
    #[must_use]
    pub fn sessions_per_subject(mut self, sessions: impl Into<Option<u64>>) -> Self {
        self.per_subject = sessions.into();
        self
    }

    /// Builds the store.
    #[must_use]
    pub fn build<I: Identity>(self) -> MemoryStore<I> {
        let limit = |sessions: u64| usize::try_from(sessions).unwrap_or(usize::MAX).max(1);
        MemoryStore::with_content(Content::new(
            limit(self.capacity),
            self.per_subject.map(limit),
        ))
    }
}
