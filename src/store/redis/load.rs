//! Look-up of a session.

use std::sync::Arc;

use redis::Value;
use tokio::runtime::Handle;

use super::coordinator::number;
use super::store::RedisStore;
use super::{keys, script};
use crate::clock::Timestamp;
use crate::session::Namespace;
use crate::session::SessionDigest;
use crate::session::{Session, SessionId};
use crate::store::external::record;
use crate::store::{LoadResult, StoredIdentity};
use crate::trace::debug;

impl<I: StoredIdentity> RedisStore<I> {
    /// Reads a session from Redis, and caches it.
    pub(super) async fn fetch(
        self,
        namespace: Namespace,
        id: SessionId,
        digest: SessionDigest,
    ) -> LoadResult<I> {
        let read = self.start_read();
        let names = self.keys(&namespace);
        let key = names.session(digest.as_bytes());
        let (all, of_subjects) = (names.revoked_all(), names.revoked_subject_prefix());
        let reply = self
            .connection()
            .call(&script::LOAD, &[&key, &all], &[of_subjects.as_bytes()])
            .await?;
        let Some(session) = self.parse(&namespace, id, &key, &reply) else {
            if let Some(cache) = &self.cache {
                cache.drop_absent(&digest);
            }
            return Ok(None);
        };
        let session = Arc::new(session);
        if let (Some(cache), Some(read)) = (&self.cache, read) {
            cache.confirm(&digest, read);
            cache.insert(&session, read);
        }
        Ok(Some(session))
    }

    /// Has a cached session confirmed in the background.
    #[cold]
    pub(super) fn refresh(&self, namespace: &Namespace, id: &SessionId, digest: SessionDigest) {
        if let Some(runtime) = self.background() {
            let fetch = self.clone().fetch(*namespace, *id, digest);
            // Without a reply, the session is a miss once its last confirmation is too old.
            drop(runtime.spawn(async move { drop(fetch.await) }));
        }
    }

    /// Returns the runtime for a task, unless there is none or Redis is away.
    pub(super) fn background(&self) -> Option<Handle> {
        let runtime = Handle::try_current().ok()?;
        self.connection().outage().is_none().then_some(runtime)
    }

    /// Parses the record under `key`. A record that cannot be parsed is left alone.
    fn parse(
        &self,
        namespace: &Namespace,
        id: SessionId,
        key: &str,
        reply: &[Value],
    ) -> Option<Session<I>> {
        if reply.is_empty() {
            return None;
        }
        if !matches!(reply, [Value::BulkString(version), ..] if version == record::VERSION.as_bytes())
        {
            debug!("redis: session ignored: its record is of another version");
            return None;
        }
        let [
            _,
            Value::BulkString(encrypted),
            Value::BulkString(used),
            Value::BulkString(subject),
        ] = reply
        else {
            debug!("redis: session ignored: its record is incomplete");
            return None;
        };
        let now = self.inner().clock.now();
        let session = self
            .inner()
            .encryption
            .decrypt(key, encrypted)
            .and_then(|record| record::read(namespace, id, &record, last_used(used)?, now))
            // A revocation of the subject uses this name.
            .filter(|session: &Session<I>| {
                keys::subject(session.identity().subject()).as_bytes() == subject.as_slice()
            });
        if session.is_none() {
            debug!("redis: session ignored: its record cannot be decrypted or parsed");
        }
        session
    }
}

/// Parses the field of the last use: milliseconds since the Unix epoch.
pub(super) fn last_used(digits: &[u8]) -> Option<Timestamp> {
    number(digits).map(Timestamp::from_unix_millis)
}
