use rusqlite::Connection;
use tower_weika::Error;

/// Whether a change has to be on the disk before it is acknowledged.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Durability {
    /// It survives the end of the process, and perhaps not a power failure.
    Process,
    /// It survives a power failure.
    Disk,
}

/// A change in the queue of the writer.
pub(super) trait Job: Send {
    fn durability(&self) -> Durability;

    /// Makes the change in a transaction. Called again if the transaction has failed.
    fn run(&mut self, transaction: &Connection) -> rusqlite::Result<()>;

    /// Called after the transaction.
    fn finish(self: Box<Self>, committed: Result<(), Error>);
}

/// A change with a result.
pub(super) struct Change<F, T, G> {
    pub(super) durability: Durability,
    pub(super) work: F,
    pub(super) result: Option<T>,
    /// Called with the result once it is committed.
    pub(super) then: G,
}

impl<F, T, G> Job for Change<F, T, G>
where
    F: FnMut(&Connection) -> rusqlite::Result<T> + Send,
    T: Send,
    G: FnOnce(Result<T, Error>) + Send,
{
    fn durability(&self) -> Durability {
        self.durability
    }

    fn run(&mut self, transaction: &Connection) -> rusqlite::Result<()> {
        self.result = Some((self.work)(transaction)?);
        Ok(())
    }

    fn finish(self: Box<Self>, committed: Result<(), Error>) {
        let Self { result, then, .. } = *self;
        then(committed.and_then(|()| result.ok_or_else(super::writer::stopped)));
    }
}
