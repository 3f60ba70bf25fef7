use std::collections::BTreeMap;
use std::sync::Arc;

use super::entry::{CodeEntry, Reaction};
use super::{binding, kesion, weika};
use crate::error::Error;

/// Error numbers of one upstream system. A number that is not in the table is a [`Reaction::Fault`].
///
/// ```
/// use tower_weika::client::{CodeTable, Reaction};
///
/// let codes = CodeTable::weika().with(50_000, Reaction::Retry);
/// assert_eq!(codes.reaction(50_000), Reaction::Retry);
/// assert_eq!(codes.reaction(6001), Reaction::Relogin);
/// assert_eq!(codes.reaction(12_345), Reaction::Fault);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodeTable(Arc<BTreeMap<i64, CodeEntry>>);

impl CodeTable {
    /// A table without entries.
    #[must_use]
    pub fn empty() -> Self {
        Self(Arc::default())
    }

    /// The known numbers of Weika.
    #[must_use]
    pub fn weika() -> Self {
        Self::of(weika::ENTRIES)
    }

    /// The known numbers of the openid-binding service and of its calls around binding. 2000, "not bound", is an
    /// answer of the check and no error there, with any table.
    #[must_use]
    pub fn binding() -> Self {
        Self::of(binding::ENTRIES)
    }

    /// The known numbers of Kesion. Its page names 3001 and 3002, which are answers of the official-account call and
    /// no errors there with any table. Its list of the other numbers is not public.
    #[must_use]
    pub fn kesion() -> Self {
        Self::of(kesion::ENTRIES)
    }

    /// The same table with one more entry, or with another reaction to a number, whose meaning stays. 0 is never
    /// looked up.
    #[must_use]
    pub fn with(self, code: i64, reaction: Reaction) -> Self {
        let entry = self
            .entry(code)
            .copied()
            .unwrap_or_else(|| CodeEntry::new(code, reaction));
        self.with_entry(entry.with_reaction(reaction))
    }

    /// The same table with this entry instead of the one of the same number.
    #[must_use]
    pub fn with_entry(mut self, entry: CodeEntry) -> Self {
        Arc::make_mut(&mut self.0).insert(entry.code(), entry);
        self
    }

    /// How the clients treat `code`.
    #[must_use]
    pub fn reaction(&self, code: i64) -> Reaction {
        self.entry(code)
            .map_or(Reaction::Fault, CodeEntry::reaction)
    }

    /// The entry of `code`, if the number is known.
    #[must_use]
    pub fn entry(&self, code: i64) -> Option<&CodeEntry> {
        self.0.get(&code)
    }

    /// All entries, ordered by number.
    pub fn entries(&self) -> impl Iterator<Item = &CodeEntry> {
        self.0.values()
    }

    /// The error for an answer with this number. `context` names the call.
    pub(in crate::client) fn error(&self, code: i64, context: &'static str) -> Error {
        let unknown = CodeEntry::new(code, Reaction::Fault)
            .with_meaning(UNKNOWN)
            .with_remedy(DESCRIBE);
        let entry = self.entry(code).copied().unwrap_or(unknown);
        let error = Error::new(entry.reaction().kind(), context).with_upstream_code(code);
        error.explained(entry.meaning(), entry.remedy())
    }

    fn of(entries: &[CodeEntry]) -> Self {
        Self(Arc::new(
            entries.iter().map(|entry| (entry.code(), *entry)).collect(),
        ))
    }
}

/// Meaning of a number that is in no table.
const UNKNOWN: &str = "unknown number";
/// Remedy for a number that is in no table.
const DESCRIBE: &str = "ask the upstream's operator for its meaning and add it to the CodeTable";
