//! List of a subject's sessions.

use redis::Value;

use super::keys::SessionKeys;
use super::load::last_used;
use super::store::RedisStore;
use super::{keys, script};
use crate::clock::Timestamp;
use crate::error::Error;
use crate::hex;
use crate::session::Namespace;
use crate::session::{SessionDigest, SessionInfo};
use crate::store::StoredIdentity;
use crate::store::external::record;
use crate::trace::debug;

impl<I: StoredIdentity> RedisStore<I> {
    /// Reads the sessions of a subject from Redis. Records that cannot be read are left out.
    pub(super) async fn list_sessions(
        &self,
        namespace: &Namespace,
        subject: &str,
    ) -> Result<Vec<SessionInfo>, Error> {
        let (names, name) = (self.keys(namespace), keys::subject(subject));
        let keys = [
            &*names.index(&name),
            &*names.revoked_all(),
            &*(names.revoked_subject_prefix() + &name),
        ];
        let sessions = names.session_prefix();
        let reply = self
            .connection()
            .call(&script::LIST, &keys, &[sessions.as_bytes()])
            .await?;
        let now = self.inner().clock.now();
        let (listed, _) = reply.as_chunks();
        let listed = listed.iter().filter_map(|values| {
            let info = self.parse_info(&names, namespace, subject, values, now);
            if info.is_none() {
                debug!("redis: session not listed: its record cannot be decrypted or parsed");
            }
            info
        });
        Ok(listed.collect())
    }

    /// Parses digest, version, record and last use of a session.
    fn parse_info(
        &self,
        names: &SessionKeys,
        namespace: &Namespace,
        subject: &str,
        values: &[Value; 4],
        now: Timestamp,
    ) -> Option<SessionInfo> {
        let [
            Value::BulkString(digest),
            Value::BulkString(version),
            Value::BulkString(encrypted),
            Value::BulkString(used),
        ] = values
        else {
            return None;
        };
        if version != record::VERSION.as_bytes() {
            return None;
        }
        let digest = SessionDigest::from_bytes(hex::decode(str::from_utf8(digest).ok()?)?);
        let encryption = &self.inner().encryption;
        let record = encryption.decrypt(&names.session(digest.as_bytes()), encrypted)?;
        record::read_info::<I>(namespace, digest, subject, &record, last_used(used)?, now)
    }
}
