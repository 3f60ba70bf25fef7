//! The threads that call SQLite, so that no call blocks the application's runtime.
//!
//! [`Writer`]: all changes, many in one transaction. [`Reader`]: look-ups and lists. [`watch()`]: the
//! changes of other processes. [`maintain()`]: expired rows and the size of the file.

mod health;
mod job;
mod logins_under_way;
mod maintain;
mod reader;
mod watch;
mod writer;

pub(crate) use self::health::Health;
pub(crate) use self::job::Durability;
pub(crate) use self::logins_under_way::LoginsUnderWay;
pub(crate) use self::maintain::maintain;
pub(crate) use self::reader::Reader;
pub(crate) use self::watch::watch;
pub(crate) use self::writer::Writer;

/// Starts a thread. It ends when the last handle is dropped.
fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), tower_weika::Error> {
    let started = std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work);
    started.map(drop).map_err(|error| {
        crate::error::store_failure("sqlite: a thread cannot be started").with_source(error)
    })
}
