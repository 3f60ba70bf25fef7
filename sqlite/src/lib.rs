//! Session store of [`tower_weika`] in a SQLite file.
//!
//! [`SqliteStore`] keeps sessions, flow claims and the access token of one application in one file.
//! Sessions survive a restart without a server, and several processes of one machine share them: the
//! old and the new one of a rolling restart, for example.
//!
//! ```
//! use tower_weika::login::LoginLayer;
//! use tower_weika::provider::WeikaManagerProvider;
//! use tower_weika_sqlite::SqliteStore;
//!
//! # fn main() -> Result<(), tower_weika::BoxError> {
//! # let folder = std::env::temp_dir().join(format!("tower-weika-sqlite-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! # let path = folder.join("sessions.db");
//! let weika = WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret").build()?;
//! let login = LoginLayer::builder(weika)
//!     .store(SqliteStore::open(path)?)
//!     .public_url("https://campus.example.edu.cn")
//!     .build()?;
//! # drop(login);
//! # std::fs::remove_dir_all(folder)?;
//! # Ok(())
//! # }
//! ```
//!
//! # Behavior
//! 1. **Durability.** A login, logout or revocation is acknowledged when it is on the disk
//!    (`synchronous=FULL`). Concurrent ones share a sync: a thousand logins at once cost a few dozen.
//!    The last use of a session, flow claims and the access token are written without a sync; a
//!    power failure may lose the last of them, the end of the process does not.
//! 2. **Several processes.** Each process has a local cache. A revocation by one process is seen by
//!    the others within a second: they look for changes five times a second, and serve a cached
//!    session for 900 ms after the last look at most.
//! 3. **Failures.** A full disk, a file that is read-only, damaged, locked or replaced is an error of
//!    kind [`Store`](tower_weika::ErrorKind::Store), for which requests with a session get `503`.
//!    Nothing is deleted, and no user is taken for logged out.
//! 4. **Content.** Sessions are stored under the SHA-256 of their ids. With an
//!    [encryption key](SqliteBuilder::encryption_key), values are encrypted. The file keeps the
//!    secret of the login layers that have none configured. A new file can be read by its owner only
//!    (mode `0600`).
//! 5. **Size.** Expired sessions are removed within minutes, and the file is made smaller when most
//!    of it is unused. A subject has [50 sessions](SqliteBuilder::sessions_per_subject) at most.
//! 6. **Versions.** A file of an earlier version is migrated when it is opened; a file of a later
//!    one, and a file that is no session store, are refused and not changed.
//!
//! The file must be on a local disk: SQLite's write-ahead log needs shared memory, which network
//! file systems do not have. For several machines use `tower_weika`'s `RedisStore`.

/// The program of the README is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod builder;
mod coordination;
mod database;
mod error;
mod handle;
mod monotonic;
mod random;
mod secret;
mod sessions;
mod store;
mod threads;

pub use self::builder::SqliteBuilder;
pub use self::handle::Sqlite;
pub use self::store::SqliteStore;
