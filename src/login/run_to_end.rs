use crate::error::{Error, ErrorKind};
use crate::trace::in_current_span;

/// Runs a task to its end, also if the returned future is dropped: hyper drops the future of a
/// handler if the client closes the connection. A store call and its event then stay together.
///
/// The task starts in this call and not at the first poll. `abandoned` is the context of the error
/// if it panics or its runtime is shut down.
pub(super) fn run_to_end<T, F>(
    abandoned: &'static str,
    task: F,
) -> impl Future<Output = Result<T, Error>> + Send + 'static
where
    T: Send + 'static,
    F: Future<Output = Result<T, Error>> + Send + 'static,
{
    let task = tokio::spawn(in_current_span(task));
    async move {
        task.await.unwrap_or_else(|error| {
            Err(Error::new(ErrorKind::Internal, abandoned).with_source(error))
        })
    }
}
