use std::error::Error as _;

use parking_lot::Mutex;
use tower_weika::Error;
use tracing::{error, info};

/// The failures that the last calls had. Each is logged when it starts, when its reason changes, and
/// when it ends.
#[derive(Debug, Default)]
pub(crate) struct Health {
    /// Of the last change.
    write: Mutex<Option<Error>>,
    /// Of the last look for changes of other processes, which reads.
    read: Mutex<Option<Error>>,
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

    pub(super) fn written(&self, outcome: &Result<(), Error>) {
        if let Some(is_failed) = change(&self.write, outcome) {
            match is_failed {
                Some(failure) => error!(
                    error = %failure,
                    source = %source(&failure),
                    "sqlite: sessions cannot be changed; logins and logouts get 503, no session is lost"
                ),
                None => info!("sqlite: sessions can be changed again"),
            }
        }
    }

    pub(super) fn read(&self, outcome: &Result<(), Error>) {
        if let Some(is_failed) = change(&self.read, outcome) {
            match is_failed {
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
fn change(known: &Mutex<Option<Error>>, outcome: &Result<(), Error>) -> Option<Option<Error>> {
    let failure = outcome.as_ref().err().cloned();
    let text = failure.as_ref().map(Error::to_string);
    let mut known = known.lock();
    let is_news = known.as_ref().map(Error::to_string) != text;
    known.clone_from(&failure);
    is_news.then_some(failure)
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
            change(&known, &outcome).map(|failure| failure.map(|failure| failure.to_string()))
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
