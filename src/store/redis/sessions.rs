//! Sessions at Redis, with copies of them near.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::Value;
use tokio::runtime::Handle;

use super::handle::{Redis, Shared};
use super::listen::Message;
use super::load::RedisLoad;
use super::names::{self, SessionNames};
use super::{record, script};
use crate::coordination::Coordinator;
use crate::error::{Error, ErrorKind};
use crate::session::{Session, SessionId};
use crate::store::local_cache::{Digest, Listener, Near};
use crate::store::{Inserted, LoadResult, Lookup, Namespace, SessionStore, Stamp, StoredIdentity};
use crate::trace::debug;

/// The longest time that Redis is told to keep anything.
const LONGEST: Duration = Duration::from_secs(3_650 * 24 * 3_600);

/// By how much the clocks of two instances may differ.
pub(super) const CLOCK_SKEW: Duration = Duration::from_secs(10 * 60);

/// How long an end is remembered if Redis has evicted what says how long sessions live.
const WITHOUT_CLOCK: Duration = Duration::from_secs(30 * 24 * 3_600);

/// Sessions at a Redis or Valkey, for all instances of a site.
///
/// ```no_run
/// use tower_weika::login::LoginLayer;
/// use tower_weika::provider::WeikaManagerProvider;
/// use tower_weika::store::RedisStore;
///
/// # async fn login() -> Result<(), tower_weika::BoxError> {
/// let weika = WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret").build()?;
/// let login = LoginLayer::builder(weika)
///     .store(RedisStore::connect("redis://127.0.0.1:6379").await?)
///     .secret(std::env::var("SESSION_SECRET")?) // the same on all instances: `openssl rand -base64 32`
///     .public_url("https://campus.example.edu.cn")
///     .build()?;
/// # Ok(())
/// # }
/// ```
///
/// With it the instances also share the application's access token and spend every code once
/// ([`Coordinator`]).
///
/// * **Keys.** A session is kept under the namespace of its login and the SHA-256 of its id, with an expiry. Who is logged in is one field, last use
///   another. Everything else has an expiry too. [`RedisBuilder`](super::RedisBuilder) has the name of the site, which
///   all keys begin with, and a key to seal what is written.
/// * **Local cache.** Sessions that are used are cached in the process, so that most requests do not ask Redis. A
///   revocation anywhere is seen everywhere within a second: instances tell each other, and the cache is used only while
///   the invalidation channel is known to be healthy. A record that Redis loses without a message is refused everywhere
///   within 60 seconds.
/// * **Logins.** Several login layers may share a Redis: each accepts and revokes its own sessions only
///   ([`Namespace`]).
/// * **Outages.** An operation takes a second at most. While Redis is away, whoever has a session cookie gets `503` at
///   once, nobody is logged out, and visitors without one notice nothing. What Redis has lost is lost: its
///   persistence decides (`appendonly yes`), and it must not evict (`maxmemory-policy noeviction`, the default): an
///   evicted end would let a session live that was ended. A server without persistence or with an evicting policy is
///   logged as a warning.
/// * **Rights.** A Redis user of the application needs the rights that [`Redis::connect`] lists. They are checked when
///   a connection is made, and the error names all that are missing.
/// * **Versions.** A record of a newer version of this crate is left alone; until it is read by an instance that can,
///   the person is a stranger.
pub struct RedisStore<I> {
    redis: Redis,
    near: Option<Arc<Near<I>>>,
    realm: Arc<str>,
}

impl<I: StoredIdentity> RedisStore<I> {
    /// A store at the server at `url`: `redis://`, or `rediss://` with TLS, or `unix://`. With settings, or for
    /// several login layers: [`Redis`].
    ///
    /// # Errors
    ///
    /// See [`RedisBuilder::connect`](super::RedisBuilder::connect).
    pub async fn connect(url: impl Into<String>) -> Result<Self, Error> {
        Ok(Redis::connect(url).await?.store())
    }

    /// The Redis, for its status and for other stores.
    #[must_use]
    pub fn redis(&self) -> &Redis {
        &self.redis
    }

    pub(super) fn new(redis: Redis, near: Option<Arc<Near<I>>>, realm: Arc<str>) -> Self {
        Self { redis, near, realm }
    }

    fn names(&self, namespace: &Namespace) -> SessionNames {
        self.shared().names.sessions(&self.realm, namespace)
    }

    /// Asks Redis.
    async fn fetch(self, namespace: Namespace, id: SessionId, digest: Digest) -> LoadResult<I> {
        let asked = self
            .near
            .as_ref()
            .map(|near| near.ask(self.shared().clock.now()));
        let names = self.names(&namespace);
        let key = names.session(&digest.0);
        let (all, of_subjects) = (names.end_of_all(), names.end_of_subjects());
        let link = &self.redis.shared.link;
        let found = link
            .call(&script::LOAD, &[&key, &all], &[of_subjects.as_bytes()])
            .await?;
        let Some(session) = self.read(&namespace, id, &key, &found) else {
            if let Some(near) = &self.near {
                near.is_absent(&digest);
            }
            return Ok(None);
        };
        let session = Arc::new(session);
        if let (Some(near), Some(asked)) = (&self.near, asked) {
            near.confirm(&digest, asked);
            near.keep(&session, asked);
        }
        Ok(Some(session))
    }

    /// Asks Redis in the background whether a cached session is still there.
    #[cold]
    fn confirm(&self, namespace: &Namespace, id: &SessionId, digest: Digest) {
        if let (Ok(runtime), None) = (Handle::try_current(), self.shared().link.outage()) {
            let fetch = self.clone().fetch(*namespace, *id, digest);
            // Without an answer the session is a miss when its last confirmation is too old.
            drop(runtime.spawn(async move { drop(fetch.await) }));
        }
    }

    /// What was found under `key`. Whatever cannot be read is left as it is.
    fn read(
        &self,
        namespace: &Namespace,
        id: SessionId,
        key: &str,
        found: &[Value],
    ) -> Option<Session<I>> {
        if found.is_empty() {
            return None;
        }
        if !matches!(found, [Value::BulkString(version), ..] if version == record::VERSION.as_bytes())
        {
            debug!("a session at redis is of another version");
            return None;
        }
        let [
            _,
            Value::BulkString(sealed),
            Value::BulkString(used),
            Value::BulkString(subject),
        ] = found
        else {
            debug!("a session at redis has not all its parts");
            return None;
        };
        let (seal, now) = (&self.redis.shared.seal, self.redis.shared.clock.now());
        let session = seal
            .open(key, sealed)
            .and_then(|record| record::read(namespace, id, &record, used, now));
        // It is by this name that it would have been ended.
        let session = session.filter(|session: &Session<I>| {
            names::subject(session.identity().subject()).as_bytes() == subject.as_slice()
        });
        if session.is_none() {
            debug!("a session at redis cannot be read");
        }
        session
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.redis.shared
    }

    /// Revokes sessions at Redis and in the local cache; other instances are told. An answer that Redis has given before
    /// is not cached, whenever it comes.
    async fn revoke(
        &self,
        tell: impl Fn(&Near<I>) + Send + Sync,
        script: &script::Script,
        keys: &[&str],
        message: &str,
        kept_for: Duration,
    ) -> Result<(), Error> {
        let channel = self.shared().names.channel();
        let kept_for = kept_for.as_millis().to_string();
        let arguments = [channel.as_bytes(), message.as_bytes(), kept_for.as_bytes()];
        let revoked = self.shared().link.call(script, keys, &arguments).await;
        if let Some(near) = &self.near {
            tell(near);
        }
        revoked.map(drop)
    }
}

impl<I: StoredIdentity> SessionStore<I> for RedisStore<I> {
    type Load = RedisLoad<I>;

    fn load(&self, namespace: &Namespace, id: &SessionId) -> Lookup<I, RedisLoad<I>> {
        let digest = Digest(id.digest());
        if let Some(near) = &self.near
            && let Some(found) = near.get(&digest, self.shared().clock.now())
        {
            if found.is_due {
                self.confirm(found.session.namespace(), id, digest);
            }
            let is_of_namespace = found.session.namespace() == namespace;
            return Lookup::Ready(Ok(is_of_namespace.then_some(found.session)));
        }
        match self.shared().link.outage() {
            Some(error) => Lookup::Ready(Err(error)),
            None => Lookup::Pending(RedisLoad::new(self.clone().fetch(*namespace, *id, digest))),
        }
    }

    fn touched(&self, session: &Arc<Session<I>>) {
        let (Ok(runtime), None) = (Handle::try_current(), self.shared().link.outage()) else {
            return;
        };
        let (store, session) = (self.clone(), Arc::clone(session));
        drop(runtime.spawn(async move {
            let digest = Digest(session.id().digest());
            let key = store.names(session.namespace()).session(&digest.0);
            let asked = store
                .near
                .as_ref()
                .map(|near| near.ask(store.shared().clock.now()));
            let (used, idle) = (
                session.last_used().unix_millis().to_string(),
                time_left(&session).0,
            );
            let arguments = [record::VERSION.as_bytes(), used.as_bytes(), idle.as_bytes()];
            match store
                .shared()
                .link
                .call(&script::TOUCH, &[&key], &arguments)
                .await
            {
                Ok(reply) => {
                    if let (Some(near), Some(asked)) = (&store.near, asked) {
                        if is_reply(&reply, b"present") {
                            near.touched(&digest, session.last_used(), asked);
                        } else {
                            near.is_absent(&digest);
                        }
                    }
                }
                Err(error) => debug!(error = %error.report(), "a use could not be recorded"),
            }
        }));
    }

    async fn stamp(&self, namespace: &Namespace) -> Result<Stamp, Error> {
        let clock = self.names(namespace).clock();
        let kept_for = Stamp::LIFETIME.as_millis().to_string();
        let moment = self
            .shared()
            .link
            .call(&script::STAMP, &[&clock], &[kept_for.as_bytes()])
            .await?;
        let number = match &*moment {
            [Value::BulkString(moment)] => str::from_utf8(moment)
                .ok()
                .and_then(|moment| moment.parse().ok()),
            _ => None,
        };
        number
            .map(Stamp::new)
            .ok_or_else(|| Error::new(ErrorKind::Store, "redis: a moment cannot be read"))
    }

    async fn insert(
        &self,
        session: Session<I>,
        former: Option<&SessionId>,
        since: Stamp,
    ) -> Result<Inserted, Error> {
        let namespace = *session.namespace();
        let names = self.names(&namespace);
        let key = names.session(&session.id().digest());
        let asked = self
            .near
            .as_ref()
            .map(|near| near.ask(self.shared().clock.now()));
        let sealed = self.shared().seal.close(&key, &record::write(&session)?)?;
        let used = session.last_used().unix_millis().to_string();
        let subject = names::subject(session.identity().subject());
        let former = former.map(|former| Digest(former.digest()));
        let (idle, absolute) = time_left(&session);
        let (since, good_for) = (
            since.number().to_string(),
            Stamp::LIFETIME.as_micros().to_string(),
        );
        let channel = self.shared().names.channel();
        let message = former
            .map(|former| Message::session(&self.realm, &namespace, &former.0))
            .unwrap_or_default();
        let arguments = [
            record::VERSION.as_bytes(),
            &sealed,
            used.as_bytes(),
            subject.as_bytes(),
            idle.as_bytes(),
            absolute.as_bytes(),
            since.as_bytes(),
            good_for.as_bytes(),
            channel.as_bytes(),
            message.as_bytes(),
        ];
        let mut keys = vec![
            key,
            names.clock(),
            names.end_of_all(),
            names.end_of_subjects() + &subject,
        ];
        if let Some(former) = &former {
            keys.extend([names.session(&former.0), names.end_of_session(&former.0)]);
        }
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let inserted = self
            .shared()
            .link
            .call(&script::INSERT, &keys, &arguments)
            .await;
        if let (Some(near), Some(former)) = (&self.near, &former) {
            // Not a change that would keep the new session from being cached; the message about it is one.
            near.is_absent(former);
        }
        let inserted = inserted?;
        if is_reply(&inserted, b"revoked") {
            return Ok(Inserted::Revoked);
        }
        if !is_reply(&inserted, b"kept") {
            return Err(Error::new(
                ErrorKind::Store,
                "redis: there is a session with this id already",
            ));
        }
        if let (Some(near), Some(asked)) = (&self.near, asked) {
            near.keep(&Arc::new(session), asked);
        }
        Ok(Inserted::Kept)
    }

    async fn remove(&self, namespace: &Namespace, id: &SessionId) -> Result<(), Error> {
        let digest = Digest(id.digest());
        let names = self.names(namespace);
        let keys = [
            names.session(&digest.0),
            names.end_of_session(&digest.0),
            names.clock(),
        ];
        let keys = [keys[0].as_str(), &keys[1], &keys[2]];
        let message = Message::session(&self.realm, namespace, &digest.0);
        self.revoke(
            |near| near.session_ended(&digest),
            &script::END_ONE,
            &keys,
            &message,
            Stamp::LIFETIME,
        )
        .await
    }

    async fn remove_subject(&self, namespace: &Namespace, subject: &str) -> Result<(), Error> {
        let (names, name) = (self.names(namespace), names::subject(subject));
        let (clock, marker) = (names.clock(), names.end_of_subjects() + &name);
        let message = Message::subject(&self.realm, namespace, &name);
        let is_over = |of: &Namespace, whose: &str| of == namespace && whose == subject;
        let tell = |near: &Near<I>| near.sessions_ended(&is_over);
        self.revoke(
            tell,
            &script::END_MANY,
            &[&clock, &marker],
            &message,
            WITHOUT_CLOCK,
        )
        .await
    }

    async fn remove_all(&self, namespace: &Namespace) -> Result<(), Error> {
        let names = self.names(namespace);
        let (clock, marker) = (names.clock(), names.end_of_all());
        let message = Message::all(&self.realm, namespace);
        let tell = |near: &Near<I>| near.sessions_ended(&|of, _| of == namespace);
        self.revoke(
            tell,
            &script::END_MANY,
            &[&clock, &marker],
            &message,
            WITHOUT_CLOCK,
        )
        .await
    }

    fn coordinator(&self) -> Option<Arc<dyn Coordinator>> {
        Some(self.redis.coordinator())
    }
}

/// Whether a script has said this.
fn is_reply(reply: &[Value], expected: &[u8]) -> bool {
    matches!(reply, [Value::BulkString(said)] if said == expected)
}

/// How long a session lives if it is not used again, and at most, from its last use on; in milliseconds.
fn time_left<I>(session: &Session<I>) -> (String, String) {
    let absolute = session.expires_at().since(session.last_used()).min(LONGEST);
    let in_millis = |time: Duration| time.as_millis().max(1).to_string();
    // A clock may lag behind that of the instance that began the session, and keep it for longer.
    (
        in_millis(session.idle().min(absolute)),
        in_millis(absolute + CLOCK_SKEW),
    )
}

impl<I> Clone for RedisStore<I> {
    fn clone(&self) -> Self {
        Self {
            redis: self.redis.clone(),
            near: self.near.clone(),
            realm: Arc::clone(&self.realm),
        }
    }
}

impl<I> fmt::Debug for RedisStore<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("redis", &self.redis)
            .field("near", &self.near)
            .finish_non_exhaustive()
    }
}
