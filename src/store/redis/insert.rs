//! Insertion of a session.

use std::sync::Arc;

use redis::Value;

use super::invalidation::InvalidationMessage;
use super::store::RedisStore;
use super::{keys, script, time_to_live};
use crate::error::{Error, ErrorKind};
use crate::session::Namespace;
use crate::session::Session;
use crate::session::SessionDigest;
use crate::store::external::record;
use crate::store::{Inserted, Previous, Stamp, StoredIdentity};
use crate::trace::debug;

impl<I: StoredIdentity> RedisStore<I> {
    /// Returns the next timestamp of Redis.
    pub(super) async fn next_timestamp(&self, namespace: &Namespace) -> Result<Stamp, Error> {
        let clock = self.keys(namespace).clock();
        let kept_for = Stamp::LIFETIME.as_millis().to_string();
        let reply = self
            .connection()
            .call(&script::STAMP, &[&clock], &[kept_for.as_bytes()])
            .await?;
        let timestamp = match &*reply {
            [Value::BulkString(digits)] => str::from_utf8(digits)
                .ok()
                .and_then(|digits| digits.parse().ok()),
            _ => None,
        };
        timestamp
            .map(Stamp::new)
            .ok_or_else(|| Error::new(ErrorKind::Store, "redis: a timestamp cannot be read"))
    }

    pub(super) async fn insert_session(
        &self,
        session: Session<I>,
        previous: Option<Previous<'_>>,
        since: Stamp,
    ) -> Result<Inserted, Error> {
        let digest = previous.map(|previous| previous.id().digest());
        let is_concurrent = matches!(previous, Some(Previous::Concurrent(_)));
        let read = self.start_read();
        let inserted = self.call_insert(&session, digest.as_ref(), is_concurrent, since);
        let inserted = inserted.await;
        if let (Some(cache), Some(previous)) = (&self.cache, &digest) {
            // This does not keep the new session from being cached; the invalidation message will.
            cache.drop_absent(previous);
        }
        let inserted = inserted?;
        if script::is_word(&inserted, b"revoked") {
            return Ok(Inserted::Revoked);
        }
        match &*inserted {
            [Value::BulkString(word), Value::Int(evicted)] if word == b"kept" => {
                if *evicted > 0 {
                    debug!(
                        "store: a subject has its maximum number of sessions; the least recently used one is evicted"
                    );
                }
            }
            _ => {
                return Err(Error::new(
                    ErrorKind::Store,
                    "redis: there is a session with this id already",
                ));
            }
        }
        if let (Some(cache), Some(read)) = (&self.cache, read) {
            cache.insert(&Arc::new(session), read);
        }
        Ok(Inserted::Kept)
    }

    async fn call_insert(
        &self,
        session: &Session<I>,
        previous: Option<&SessionDigest>,
        is_concurrent: bool,
        since: Stamp,
    ) -> Result<Vec<Value>, Error> {
        let namespace = session.namespace();
        let names = self.keys(namespace);
        let key = names.session(session.id().digest().as_bytes());
        let record = record::write(session)?;
        let encrypted = self.inner().encryption.encrypt(&key, &record)?;
        let used = session.last_used().unix_millis().to_string();
        let subject = keys::subject(session.identity().subject());
        let (idle, absolute) = time_to_live::of(session);
        let (since, stamp_lifetime) = (
            since.number().to_string(),
            Stamp::LIFETIME.as_micros().to_string(),
        );
        let channel = self.inner().keys.channel();
        let message = InvalidationMessage::session_prefix(&self.name, namespace);
        let limit = self.inner().sessions_per_subject.unwrap_or(0).to_string();
        let arguments = [
            record::VERSION.as_bytes(),
            &encrypted,
            used.as_bytes(),
            subject.as_bytes(),
            idle.as_bytes(),
            absolute.as_bytes(),
            since.as_bytes(),
            stamp_lifetime.as_bytes(),
            channel.as_bytes(),
            message.as_bytes(),
            if is_concurrent { b"1" } else { b"0" },
            limit.as_bytes(),
        ];
        let mut keys = vec![
            key,
            names.clock(),
            names.revoked_all(),
            names.revoked_subject_prefix() + &subject,
            names.index(&subject),
        ];
        if let Some(previous) = previous {
            keys.extend([
                names.session(previous.as_bytes()),
                names.revoked_session(previous.as_bytes()),
            ]);
        }
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        self.connection()
            .call(&script::INSERT, &keys, &arguments)
            .await
    }
}
