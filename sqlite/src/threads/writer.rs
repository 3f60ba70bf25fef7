use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use tokio::sync::oneshot;
use tower_weika::Error;

use super::job::{Change, Durability, Job};
use super::{Health, LoginsUnderWay, spawn};
use crate::database::FileIdentity;
use crate::error::{store_error, store_failure};
use crate::monotonic;

/// The largest number of changes in one transaction.
const BATCH: usize = 4_096;

/// The shortest time between two syncs while several logins are under way.
const SYNC_INTERVAL: Duration = Duration::from_millis(50);

/// The longest one, while many are: they take longer than that.
const LONGEST_SYNC_INTERVAL: Duration = Duration::from_millis(250);

/// The number of logins under way at which a sync waits for others.
const SEVERAL: usize = 3;

/// Makes all changes of this process, in one thread with one connection.
///
/// Changes that arrive while a transaction is written are the next transaction ("group commit"), so
/// that they share a sync. While several logins are under way, syncs are 50 ms apart, and up to 250 ms
/// while many are: five milliseconds for each. Changes without a sync do not wait for it.
#[derive(Clone, Debug)]
pub(crate) struct Writer(Sender<Message>);

enum Message {
    Job(Box<dyn Job>),
    /// Work outside a transaction, between two of them.
    Outside(Box<dyn FnOnce(&Connection) + Send>),
}

impl Writer {
    pub(crate) fn start(
        connection: Connection,
        file: Arc<FileIdentity>,
        health: Arc<Health>,
        logins: Arc<LoginsUnderWay>,
    ) -> Result<Self, Error> {
        let (sender, queue) = channel();
        let mut thread = Thread {
            connection,
            queue,
            file,
            health,
            logins,
            synced: None,
            is_full_sync: true,
        };
        spawn("sqlite-writer", move || thread.run())?;
        Ok(Self(sender))
    }

    /// Makes a change and returns its result once it is committed.
    ///
    /// The change is queued by the call, and made even if the future is dropped. `work` may be
    /// called again after a transaction that has failed.
    pub(crate) fn change<T, F>(
        &self,
        durability: Durability,
        work: F,
    ) -> impl Future<Output = Result<T, Error>> + Send + use<T, F>
    where
        F: FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let (reply, result) = oneshot::channel();
        // The caller may have gone.
        self.queue(durability, work, |outcome| drop(reply.send(outcome)));
        async move { result.await.unwrap_or_else(|_| Err(stopped())) }
    }

    /// Makes a change without a sync, for which nothing waits. Calls `then` in the writer's thread.
    pub(crate) fn change_in_background<T: Send + 'static>(
        &self,
        work: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
        then: impl FnOnce(Result<T, Error>) + Send + 'static,
    ) {
        self.queue(Durability::Process, work, then);
    }

    fn queue<T: Send + 'static>(
        &self,
        durability: Durability,
        work: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
        then: impl FnOnce(Result<T, Error>) + Send + 'static,
    ) {
        let result = None;
        self.send(Message::Job(Box::new(Change {
            durability,
            work,
            result,
            then,
        })));
    }

    /// Calls `work` outside a transaction.
    pub(super) fn outside(&self, work: impl FnOnce(&Connection) + Send + 'static) {
        self.send(Message::Outside(Box::new(work)));
    }

    /// Without a thread the reply is dropped, which the caller sees.
    fn send(&self, message: Message) {
        drop(self.0.send(message));
    }
}

pub(super) fn stopped() -> Error {
    store_failure("sqlite: the thread that writes has stopped")
}

struct Thread {
    connection: Connection,
    queue: Receiver<Message>,
    file: Arc<FileIdentity>,
    health: Arc<Health>,
    logins: Arc<LoginsUnderWay>,
    /// The end of the last sync.
    synced: Option<Instant>,
    /// Whether the connection syncs each commit.
    is_full_sync: bool,
}

impl Thread {
    fn run(&mut self) {
        while let Ok(first) = self.queue.recv() {
            let mut next = Some(first);
            while let Some(message) = next.take() {
                match message {
                    Message::Outside(work) => work(&self.connection),
                    Message::Job(job) => next = self.run_batch(job),
                }
            }
        }
    }

    /// Makes a change and all that are queued by then. Returns a message that ended the batch.
    fn run_batch(&mut self, first: Box<dyn Job>) -> Option<Message> {
        let (mut synced, mut unsynced) = (Vec::new(), Vec::new());
        let mut next = Message::Job(first);
        let ended_by = loop {
            match next {
                Message::Job(job) if job.durability() == Durability::Disk => synced.push(job),
                Message::Job(job) => unsynced.push(job),
                other @ Message::Outside(_) => break Some(other),
            }
            if synced.len() + unsynced.len() == BATCH {
                break None;
            }
            let received = match self.queue.try_recv() {
                Ok(message) => Some(message),
                Err(_) => self.pause(synced.len()).and_then(|pause| {
                    self.commit(std::mem::take(&mut unsynced), Durability::Process);
                    self.queue.recv_timeout(pause).ok()
                }),
            };
            match received {
                Some(message) => next = message,
                None => break None,
            }
        };
        let durability = if synced.is_empty() {
            Durability::Process
        } else {
            Durability::Disk
        };
        unsynced.append(&mut synced);
        self.commit(unsynced, durability);
        ended_by
    }

    /// Returns how long the next sync, of this number of changes, has to wait; `None` if it does
    /// not.
    fn pause(&self, changes: usize) -> Option<Duration> {
        let logins = self.logins.count();
        if changes == 0 || logins < SEVERAL {
            return None;
        }
        let interval = Duration::from_millis(logins as u64 * 5);
        let interval = interval.clamp(SYNC_INTERVAL, LONGEST_SYNC_INTERVAL);
        interval.checked_sub(self.synced?.elapsed())
    }

    /// Makes the changes in one transaction. If one of them cannot be made, each gets its own.
    fn commit(&mut self, mut jobs: Vec<Box<dyn Job>>, durability: Durability) {
        if jobs.is_empty() {
            return;
        }
        let outcome = self.transaction(&mut jobs, durability);
        if let Err(Failure::OfAChange(_)) = &outcome
            && jobs.len() > 1
        {
            for job in jobs {
                let durability = job.durability();
                self.commit(vec![job], durability);
            }
            return;
        }
        if let Ok(()) | Err(Failure::OfTheFile(_)) = &outcome {
            self.health
                .written(outcome.as_ref().err().map(Failure::error));
        }
        let outcome = outcome.map_err(|failure| failure.error().clone());
        for job in jobs {
            job.finish(outcome.clone());
        }
    }

    fn transaction(
        &mut self,
        jobs: &mut [Box<dyn Job>],
        durability: Durability,
    ) -> Result<(), Failure> {
        self.file.check().map_err(Failure::OfTheFile)?;
        let committed = self.try_transaction(jobs, durability);
        if durability == Durability::Disk {
            self.synced = Some(monotonic::now());
        }
        committed.map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation | ErrorCode::TooBig) => {
                Failure::OfAChange(store_error(error))
            }
            _ => Failure::OfTheFile(store_error(error)),
        })
    }

    fn try_transaction(
        &mut self,
        jobs: &mut [Box<dyn Job>],
        durability: Durability,
    ) -> rusqlite::Result<()> {
        let is_full_sync = durability == Durability::Disk;
        if self.is_full_sync != is_full_sync {
            let synchronous = if is_full_sync { "FULL" } else { "NORMAL" };
            self.connection
                .pragma_update(None, "synchronous", synchronous)?;
            self.is_full_sync = is_full_sync;
        }
        let immediate = TransactionBehavior::Immediate;
        // Rolled back when it is dropped.
        let transaction = self.connection.transaction_with_behavior(immediate)?;
        for job in jobs {
            job.run(&transaction)?;
        }
        transaction.commit()
    }
}

/// Reason of a transaction that has failed.
enum Failure {
    /// One change cannot be made; others can.
    OfAChange(Error),
    OfTheFile(Error),
}

impl Failure {
    fn error(&self) -> &Error {
        let (Self::OfAChange(error) | Self::OfTheFile(error)) = self;
        error
    }
}
