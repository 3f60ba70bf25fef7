use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;
use tokio::sync::oneshot;
use tower_weika::Error;

use super::spawn;
use crate::error::{store_error, store_failure};

type Job = Box<dyn FnOnce(&Connection) + Send>;

/// Reads the file, in threads with one connection each. A reader sees every change that was
/// acknowledged before its call.
///
/// The threads own the queue: without threads a job is dropped, which its caller sees.
#[derive(Debug)]
pub(crate) struct Reader(Weak<Queue>);

/// Jobs for the next free thread. A channel with several receivers would wake two threads for each
/// job: one that works, and one that waits in its place.
#[derive(Default)]
struct Queue {
    jobs: Mutex<Jobs>,
    changed: Condvar,
}

#[derive(Default)]
struct Jobs {
    waiting: VecDeque<Job>,
    is_closed: bool,
}

impl Queue {
    /// Waits for a job; `None` if there will be none.
    fn next(&self) -> Option<Job> {
        let mut jobs = self.jobs.lock();
        loop {
            if let Some(job) = jobs.waiting.pop_front() {
                return Some(job);
            }
            if jobs.is_closed {
                return None;
            }
            self.changed.wait(&mut jobs);
        }
    }
}

impl Reader {
    pub(crate) fn start(connections: Vec<Connection>) -> Result<Self, Error> {
        let queue = Arc::<Queue>::default();
        let reader = Self(Arc::downgrade(&queue));
        for connection in connections {
            let queue = Arc::clone(&queue);
            spawn("sqlite-reader", move || {
                while let Some(job) = queue.next() {
                    job(&connection);
                }
            })?;
        }
        Ok(reader)
    }

    /// Calls `read` and returns its result.
    pub(crate) fn read<T, F>(
        &self,
        read: F,
    ) -> impl Future<Output = Result<T, Error>> + Send + use<T, F>
    where
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let (reply, result) = oneshot::channel();
        self.read_in_background(move |connection| drop(reply.send(read(connection))));
        async move {
            match result.await {
                Ok(result) => result.map_err(store_error),
                Err(_) => Err(store_failure("sqlite: the threads that read have stopped")),
            }
        }
    }

    /// Calls `read`, for which nothing waits.
    pub(crate) fn read_in_background(&self, read: impl FnOnce(&Connection) + Send + 'static) {
        if let Some(queue) = self.0.upgrade() {
            queue.jobs.lock().waiting.push_back(Box::new(read));
            queue.changed.notify_one();
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(queue) = self.0.upgrade() {
            queue.jobs.lock().is_closed = true;
            queue.changed.notify_all();
        }
    }
}
