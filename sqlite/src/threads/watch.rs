//! The changes of other processes.

use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use tower_weika::Error;

use super::spawn;
use crate::error::store_error;
use crate::handle::Inner;
use crate::sessions::{Revocation, revocations};

/// The time between two looks.
const INTERVAL: Duration = Duration::from_millis(200);

/// Length of the validity window of local caches: the time within which a revocation is effective
/// in all processes.
const VALIDITY: Duration = Duration::from_millis(900);

/// Starts the thread that looks for the revocations of other processes and keeps local caches valid,
/// until the last handle is dropped.
pub(crate) fn watch(inner: &Arc<Inner>, connection: Connection) -> Result<(), Error> {
    let weak = Arc::downgrade(inner);
    spawn("sqlite-watcher", move || {
        let mut watcher = Watcher {
            connection,
            version: None,
            last: None,
        };
        while let Some(inner) = Weak::upgrade(&weak) {
            let looked = watcher.look(&inner);
            inner.health.read(looked.as_ref().err());
            if looked.is_err() {
                inner.validity.end();
            }
            drop(inner);
            thread::sleep(INTERVAL);
        }
    })
}

struct Watcher {
    connection: Connection,
    /// SQLite's number of the last change of the file by another connection.
    version: Option<i64>,
    /// The last revocation that the local caches know of.
    last: Option<i64>,
}

impl Watcher {
    /// Passes new revocations to the local caches, and extends their validity.
    fn look(&mut self, inner: &Inner) -> Result<(), Error> {
        inner.file.check()?;
        let now = inner.clock.now();
        let version = self.version().map_err(store_error)?;
        if self.version != Some(version) {
            self.read(inner).map_err(store_error)?;
            self.version = Some(version);
        }
        inner.validity.extend_to(now.plus(VALIDITY));
        Ok(())
    }

    fn version(&self) -> rusqlite::Result<i64> {
        self.connection
            .query_row("PRAGMA data_version", [], |row| row.get(0))
    }

    fn read(&mut self, inner: &Inner) -> rusqlite::Result<()> {
        let news = revocations::since(&self.connection, self.last)?;
        let Some(listed) = news.listed else {
            // The first look, or some of them are forgotten.
            inner.caches.invalidate_all();
            self.last = Some(news.last);
            return Ok(());
        };
        for Revocation { store, revoked } in &listed {
            inner.caches.apply(store, revoked);
        }
        self.last = Some(news.last);
        Ok(())
    }
}
