//! Revocation of sessions.

use std::time::Duration;

use redis::Value;

use super::invalidation::InvalidationMessage;
use super::script::{self, Script};
use super::store::RedisStore;
use super::{keys, time_to_live};
use crate::error::Error;
use crate::session::Namespace;
use crate::session::{SessionDigest, SessionId};
use crate::store::external::{Invalidate, LocalCache};
use crate::store::{Stamp, StoredIdentity};

impl<I: StoredIdentity> RedisStore<I> {
    /// Revokes a session, if it is one of `subject` or `subject` is `None`. Returns whether it was
    /// there.
    pub(super) async fn revoke_session(
        &self,
        namespace: &Namespace,
        digest: &SessionDigest,
        subject: Option<&str>,
    ) -> Result<bool, Error> {
        let names = self.keys(namespace);
        let keys = [
            &*names.session(digest.as_bytes()),
            &*names.revoked_session(digest.as_bytes()),
            &*names.clock(),
        ];
        let message = InvalidationMessage::session_prefix(&self.name, namespace);
        let subject = subject.map(keys::subject).unwrap_or_default();
        let more = [&*names.index_prefix(), &*subject];
        let invalidate = |cache: &LocalCache<I>| cache.invalidate(digest);
        let script = &script::REVOKE_SESSION;
        let reply = self
            .revoke(script, &keys, &message, Stamp::LIFETIME, &more, invalidate)
            .await?;
        Ok(script::is_word(&reply, b"revoked"))
    }

    /// Revokes all sessions of a subject but `kept`.
    pub(super) async fn revoke_subject(
        &self,
        namespace: &Namespace,
        subject: &str,
        kept: Option<&SessionId>,
    ) -> Result<(), Error> {
        let (names, name) = (self.keys(namespace), keys::subject(subject));
        let mut keys = vec![
            names.clock(),
            names.revoked_subject_prefix() + &name,
            names.index(&name),
        ];
        if let Some(kept) = kept {
            keys.extend([names.revoked_all(), names.session(kept.digest().as_bytes())]);
        }
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let message = InvalidationMessage::subject(&self.name, namespace, &name);
        // The kept session as well: the message says the same to all caches, and it is read again.
        let invalidate = |cache: &LocalCache<I>| {
            cache.invalidate_where(&|of, cached| of == namespace && cached == subject);
        };
        let kept_for = time_to_live::WITHOUT_CLOCK;
        let script = &script::REVOKE_MANY;
        self.revoke(script, &keys, &message, kept_for, &[], invalidate)
            .await
            .map(drop)
    }

    pub(super) async fn revoke_all(&self, namespace: &Namespace) -> Result<(), Error> {
        let names = self.keys(namespace);
        let keys = [&*names.clock(), &*names.revoked_all()];
        let message = InvalidationMessage::all(&self.name, namespace);
        let invalidate = |cache: &LocalCache<I>| cache.invalidate_where(&|of, _| of == namespace);
        let kept_for = time_to_live::WITHOUT_CLOCK;
        let script = &script::REVOKE_MANY;
        self.revoke(script, &keys, &message, kept_for, &[], invalidate)
            .await
            .map(drop)
    }

    /// Revokes sessions at Redis, which publishes the message, and in the local cache. Replies to
    /// earlier reads are not cached, whenever they arrive.
    async fn revoke(
        &self,
        script: &Script,
        keys: &[&str],
        message: &str,
        kept_for: Duration,
        more: &[&str],
        invalidate: impl Fn(&LocalCache<I>) + Send + Sync,
    ) -> Result<Vec<Value>, Error> {
        let channel = self.inner().keys.channel();
        let kept_for = kept_for.as_millis().to_string();
        let arguments = [&*channel, message, &*kept_for].into_iter();
        let arguments: Vec<&[u8]> = arguments
            .chain(more.iter().copied())
            .map(str::as_bytes)
            .collect();
        let revoked = self.connection().call(script, keys, &arguments).await;
        if let Some(cache) = &self.cache {
            invalidate(cache);
        }
        revoked
    }
}
