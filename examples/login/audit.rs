//! The audit log: one JSON line for each login, denial, failed login, logout and revocation.
//!
//! Schools have to keep such a log (等保 2.0, GB/T 22239-2019, 8.1.4.3: who, when, what, result).
//! The user is a digest in it, from which a reader cannot tell the user. Its key comes from
//! `SESSION_SECRET`: without that, the digests differ after a restart.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

use serde_json::json;
use tower_weika::login::LoginEvent;

/// The lines that may wait for a slow disk.
const QUEUE: usize = 10_000;

/// The sink of the events. Cheap to clone: an observer must not block, so that it only sends the
/// line to the thread that writes.
#[derive(Clone)]
pub(crate) struct Audit(SyncSender<Option<String>>);

/// The thread that writes the lines.
pub(crate) struct Writer {
    audit: Audit,
    thread: JoinHandle<()>,
}

impl Audit {
    /// Opens the file that the lines are appended to; without one they go to stderr.
    pub(crate) fn open(path: Option<&Path>) -> io::Result<(Self, Writer)> {
        let mut sink: Box<dyn Write + Send> = match path {
            Some(path) => Box::new(OpenOptions::new().create(true).append(true).open(path)?),
            None => Box::new(io::stderr()),
        };
        let (sender, lines) = sync_channel(QUEUE);
        let audit = Self(sender);
        let thread = thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || {
                while let Ok(Some(line)) = lines.recv() {
                    let written = sink.write_all(line.as_bytes()).and_then(|()| sink.flush());
                    if let Err(error) = written {
                        tracing::error!(%error, "audit: a line could not be written and is lost");
                    }
                }
            })?;
        let writer = Writer {
            audit: audit.clone(),
            thread,
        };
        Ok((audit, writer))
    }

    /// Returns the observer of a login layer.
    pub(crate) fn observer(&self) -> impl Fn(&LoginEvent<'_>) + Send + Sync + 'static {
        let audit = self.clone();
        move |event| audit.record(event)
    }

    fn record(&self, event: &LoginEvent<'_>) {
        let line = json!({
            "time": event.time().unix_millis(),
            "event": event.kind().as_str(),
            "provider": event.provider(),
            "school": event.school(),
            "subject": event.subject(),
            "browser": event.user_agent().map(|agent| format!("{agent:?}")),
            "milliseconds": event.duration().map(|took| took.as_millis()),
            // Not the reason that the user reads, which has the name.
            "error": event.error().map(ToString::to_string),
        });
        match self.0.try_send(Some(format!("{line}\n"))) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                tracing::error!("audit: the disk is too slow; a line is lost");
            }
            Err(TrySendError::Disconnected(_)) => {
                tracing::error!("audit: the thread that writes has ended; a line is lost");
            }
        }
    }
}

impl Writer {
    /// Waits until all lines are written. The observers are gone by then.
    pub(crate) fn finish(self) {
        let _ended = self.audit.0.send(None);
        if self.thread.join().is_err() {
            tracing::error!("audit: the thread that writes has panicked");
        }
    }
}
