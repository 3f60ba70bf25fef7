//! Events for `tracing`, or nothing at all without the feature; call sites carry no `cfg`.
//!
//! Nothing above `DEBUG` is emitted on the path of an ordinary request.

use std::fmt::{self, Write as _};

#[cfg(feature = "tracing")]
pub(crate) use tracing::{debug, error, info, warn};

/// Runs a task in the span of the request that started it.
#[cfg(feature = "tracing")]
pub(crate) fn in_current_span<F: Future>(task: F) -> impl Future<Output = F::Output> + use<F> {
    tracing::Instrument::in_current_span(task)
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn in_current_span<F: Future>(task: F) -> F {
    task
}

/// Outside text for a log or an error: escaped but for quotation marks, and cut at 200 characters
/// (rule E7).
pub(crate) fn outside(text: &str) -> impl fmt::Display + '_ {
    Outside(text)
}

struct Outside<'a>(&'a str);

impl fmt::Display for Outside<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .chars()
            .take(200)
            .try_for_each(|character| match character {
                '\'' | '"' => f.write_char(character),
                _ => write!(f, "{}", character.escape_debug()),
            })
    }
}

#[cfg(not(feature = "tracing"))]
mod silent {
    macro_rules! silent {
        // Uses the fields, so that they do not count as unused.
        ($($field:ident = $(%)? $(?)? $value:expr,)* $message:literal $(, $argument:expr)* $(,)?) => {{
            $(let _ = &$value;)*
            $(let _ = &$argument;)*
        }};
    }
    // Different from the others, so that `if … { error!(…) } else { debug!(…) }` has two blocks.
    macro_rules! silent_error {
        ($($tokens:tt)*) => {{
            $crate::trace::debug!($($tokens)*);
            let _ = "error";
        }};
    }
    pub(crate) use {silent as debug, silent as info, silent as warning, silent_error as error};
}

#[cfg(not(feature = "tracing"))]
pub(crate) use silent::{debug, error, info, warning as warn};

/// Captured events, for the tests of other modules.
#[cfg(test)]
pub(crate) mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use tracing::Dispatch;
    use tracing::subscriber::{DefaultGuard, NoSubscriber};

    /// The events of this thread, at every level, as long as this value lives.
    pub(crate) struct Captured {
        lines: Lines,
        _here: DefaultGuard,
        _elsewhere: Dispatch,
    }

    impl Captured {
        pub(crate) fn new() -> Self {
            // With a single dispatcher, tracing queries only the thread that reaches a call site
            // first, and disables the site for all threads if that thread has none.
            let elsewhere = Dispatch::new(NoSubscriber::new());
            let lines = Lines::default();
            let writer = lines.clone();
            let subscriber = tracing_subscriber::fmt()
                .with_ansi(false)
                .with_max_level(tracing::Level::TRACE);
            let subscriber = subscriber.with_writer(move || writer.clone()).finish();
            Self {
                lines,
                _here: tracing::subscriber::set_default(subscriber),
                _elsewhere: elsewhere,
            }
        }

        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.lines.0.lock().unwrap().clone()).unwrap()
        }
    }

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn call_site_that_another_thread_has_reached_first_is_captured() {
        fn site() {
            tracing::info!("reached");
        }
        let captured = Captured::new();
        std::thread::spawn(site).join().unwrap();
        site();
        assert!(captured.text().contains("reached"));
    }
}
