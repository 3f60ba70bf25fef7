use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::oneshot;
use tower_weika::Error;

use super::spawn;
use crate::error::{store_error, store_failure};

type Job = Box<dyn FnOnce(&Connection) + Send>;

/// Reads the file, in threads with one connection each. A reader sees every change that was
/// acknowledged before its call.
#[derive(Clone, Debug)]
pub(crate) struct Reader(Sender<Job>);

impl Reader {
    pub(crate) fn start(connections: Vec<Connection>) -> Result<Self, Error> {
        let (sender, queue) = channel();
        let queue: Arc<Mutex<Receiver<Job>>> = Arc::new(Mutex::new(queue));
        for connection in connections {
            let queue = Arc::clone(&queue);
            spawn("sqlite-reader", move || {
                loop {
                    // A thread waits with the lock, and works without it.
                    let Ok(job) = queue.lock().recv() else {
                        return;
                    };
                    job(&connection);
                }
            })?;
        }
        Ok(Self(sender))
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
        // Without threads the reply is dropped, which the caller sees.
        drop(self.0.send(Box::new(read)));
    }
}
