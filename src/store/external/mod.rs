//! Parts of a store outside this process, for authors of such stores: [`record`]s,
//! [`Encryption`], and a [`LocalCache`]. `RedisStore` and the crate `tower-weika-sqlite` are made
//! of them.
//!
//! # Local cache
//! 1. [`LocalCache::get`] serves a session without a call to the store. Where it says that a
//!    refresh is due, the store reads the session in the background.
//! 2. A read begins with [`LocalCache::start_read`]. A session that was found is passed to
//!    [`LocalCache::confirm`] and [`LocalCache::insert`], an absent one to
//!    [`LocalCache::drop_absent`]. A session that was invalidated during the read is not cached.
//! 3. A recorded use is passed to [`LocalCache::touch`].
//! 4. Every revocation, in this process or in another one, is passed to [`Invalidate`]. The store
//!    opens the [validity window](CacheValidity) for as long as it is certain to know of all
//!    revocations: for 900 ms after it asked for them, for example. After an interruption it calls
//!    [`Invalidate::invalidate_all`] before it opens the window again.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use tower_weika::clock::Timestamp;
//! use tower_weika::identity::Manager;
//! use tower_weika::session::{Session, SessionId, SessionTimeouts};
//! use tower_weika::store::external::{CacheValidity, Invalidate, LocalCache};
//!
//! let now = Timestamp::from_unix_seconds(1_700_000_000);
//! let validity = Arc::new(CacheValidity::default());
//! let cache = LocalCache::new(10_000, Arc::clone(&validity));
//!
//! let session = Session::new(SessionId::random()?, Manager::new("o1"), SessionTimeouts::default(), now);
//! let digest = session.id().digest();
//! let read = cache.start_read(now);
//! cache.insert(&Arc::new(session), read);
//! assert!(cache.get(&digest, now).is_none(), "the window is closed");
//!
//! validity.extend_to(now.plus(Duration::from_millis(900)));
//! assert!(cache.get(&digest, now).is_some());
//! cache.invalidate(&digest);
//! assert!(cache.get(&digest, now).is_none());
//! # Ok::<_, tower_weika::Error>(())
//! ```

mod encryption;
mod local_cache;
pub mod record;

pub use self::encryption::Encryption;
pub use self::local_cache::{CacheValidity, Cached, Invalidate, LocalCache, ReadStart};
