//! Revocation of sessions.

use std::time::Duration;

use redis::Value;

use super::invalidation::InvalidationMessage;
use super::script::{self, Script};
use super::store::RedisStore;
use super::{keys, time_to_live};
use crate::error::Error;
use crate::session::Namespace;
use crate::session::{SessionDigest, SessionId, SessionInfo};
use crate::store::external::{Invalidate, LocalCache};
use crate::store::{Stamp, StoredIdentity};

impl<I: StoredIdentity> RedisStore<I> {
    /// Returns whether the session was there.
    pub(super) async fn revoke_session(
        &self,
        namespace: &Namespace,
        id: &SessionId,
    ) -> Result<bool, Error> {
        let digest = id.digest();
        let names = self.keys(namespace);
        let keys = [
            &*names.session(digest.as_bytes()),
            &*names.revoked_session(digest.as_bytes()),
            &*names.clock(),
        ];
        let message = InvalidationMessage::session(&self.name, namespace, &digest);
        let invalidate = |cache: &LocalCache<I>| cache.invalidate(&digest);
        let script = &script::REVOKE_SESSION;
        let reply = self
            .revoke(script, &keys, &message, Stamp::LIFETIME, invalidate)
            .await?;
        Ok(script::is_word(&reply, b"revoked"))
    }

    pub(super) async fn revoke_session_of(
        &self,
        _: &Namespace,
        _: &str,
        _: &SessionDigest,
    ) -> Result<bool, Error> {
        Err(not_yet())
    }

    pub(super) async fn list_sessions(
        &self,
        _: &Namespace,
        _: &str,
    ) -> Result<Vec<SessionInfo>, Error> {
        Err(not_yet())
    }

    pub(super) async fn revoke_subject(
        &self,
        namespace: &Namespace,
        subject: &str,
        kept: Option<&SessionId>,
    ) -> Result<(), Error> {
        if kept.is_some() {
            return Err(not_yet());
        }
        let (names, name) = (self.keys(namespace), keys::subject(subject));
        let keys = [&*names.clock(), &*(names.revoked_subject_prefix() + &name)];
        let message = InvalidationMessage::subject(&self.name, namespace, &name);
        let invalidate = |cache: &LocalCache<I>| {
            cache.invalidate_where(&|of, cached| of == namespace && cached == subject);
        };
        let kept_for = time_to_live::WITHOUT_CLOCK;
        self.revoke(&script::REVOKE_MANY, &keys, &message, kept_for, invalidate)
            .await
            .map(drop)
    }

    pub(super) async fn revoke_all(&self, namespace: &Namespace) -> Result<(), Error> {
        let names = self.keys(namespace);
        let keys = [&*names.clock(), &*names.revoked_all()];
        let message = InvalidationMessage::all(&self.name, namespace);
        let invalidate = |cache: &LocalCache<I>| cache.invalidate_where(&|of, _| of == namespace);
        let kept_for = time_to_live::WITHOUT_CLOCK;
        self.revoke(&script::REVOKE_MANY, &keys, &message, kept_for, invalidate)
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
        invalidate: impl Fn(&LocalCache<I>) + Send + Sync,
    ) -> Result<Vec<Value>, Error> {
        let channel = self.inner().keys.channel();
        let kept_for = kept_for.as_millis().to_string();
        let arguments = [channel.as_bytes(), message.as_bytes(), kept_for.as_bytes()];
        let revoked = self.connection().call(script, keys, &arguments).await;
        if let Some(cache) = &self.cache {
            invalidate(cache);
        }
        revoked
    }
}

fn not_yet() -> Error {
    Error::new(
        crate::ErrorKind::Store,
        "redis: sessions cannot be listed yet",
    )
}
