use std::error::Error as _;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tower_weika::Error;
use tracing::{error, info};

use crate::monotonic;

/// The time between two log lines about look-ups that fail.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// The failures that the last calls had. Each is logged when it starts, when its reason changes, and
/// when it ends.
#[derive(Debug, Default)]
pub(crate) struct Health {
    /// Of the last change.
    write: Mutex<Option<Error>>,
    /// Of the last look for changes of other processes, which reads.
    read: Mutex<Option<Error>>,
    /// When a failed look-up was logged.
    look_up_logged: Mutex<Option<Instant>>,
}

impl Health {
    /// Returns the failure, if there is one.
    pub(crate) fn failure(&self) -> Option<Error> {
        let failure = self.write.lock().clone();
        failure.or_else(|| self.read.lock().clone())
    }

    /// Returns the failure of reads, if they fail.
    pub(crate) fn read_failure(&self) -> Option<Error> {
        self.read.lock().clone()
    }

    pub(crate) fn is_write_failing(&self) -> bool {
        self.write.lock().is_some()
    }

    /// A look-up has failed: perhaps a part of the file is damaged, and other look-ups succeed.
    pub(crate) fn look_up_failed(&self, failure: &Error) {
        let mut logged = self.look_up_logged.lock();
        if logged.is_none_or(|at| at.elapsed() >= LOG_INTERVAL) {
            *logged = Some(monotonic::now());
            error!(
                error = %failure,
                source = %source(failure),
                "sqlite: a session cannot be read; its requests get 503, no session is lost"
            );
        }
    }

    pub(super) fn written(&self, failure: Option<&Error>) {
        if let Some(failure) = change(&self.write, failure) {
            match failure {
                Some(failure) => error!(
                    error = %failure,
                    source = %source(&failure),
                    "sqlite: sessions cannot be changed; logins and logouts get 503, no session is lost"
                ),
                None => info!("sqlite: sessions can be changed again"),
            }
        }
    }

    pub(super) fn read(&self, failure: Option<&Error>) {
        if let Some(failure) = change(&self.read, failure) {
            match failure {
                Some(failure) => error!(
                    error = %failure,
                    source = %source(&failure),
                    "sqlite: sessions cannot be read; requests with a session get 503, no session is lost"
                ),
                None => info!("sqlite: sessions can be read again"),
            }
        }
    }
}

/// Keeps an outcome. Returns a failure that is new, or `None` for one that has ended; nothing if
/// there is no news.
fn change(known: &Mutex<Option<Error>>, failure: Option<&Error>) -> Option<Option<Error>> {
    let text = failure.map(Error::to_string);
    let mut known = known.lock();
    let is_news = known.as_ref().map(Error::to_string) != text;
    *known = failure.cloned();
    is_news.then_some(known.clone())
}

fn source(failure: &Error) -> String {
    failure
        .source()
        .map_or_else(String::new, ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::store_failure;

    #[test]
    fn failure_is_news_when_it_starts_changes_and_ends() {
        let known = Mutex::new(None);
        let news = |outcome: Result<(), Error>| {
            change(&known, outcome.as_ref().err())
                .map(|failure| failure.map(|failure| failure.to_string()))
        };
        assert_eq!(news(Ok(())), None);
        let full = || Err(store_failure("full"));
        assert_eq!(news(full()), Some(Some("full".to_owned())));
        assert_eq!(news(full()), None);
        let locked = Err(store_failure("locked"));
        assert_eq!(news(locked), Some(Some("locked".to_owned())));
        assert_eq!(news(Ok(())), Some(None));
        assert_eq!(news(Ok(())), None);
    }
}
