//! Record of the last use of a session.

use std::sync::Arc;

use super::store::RedisStore;
use super::{record, script, time_to_live};
use crate::error::Error;
use crate::session::Session;
use crate::store::StoredIdentity;
use crate::store::local_cache::SessionDigest;

impl<I: StoredIdentity> RedisStore<I> {
    /// Writes down the last use of a session, if it is still there.
    pub(super) async fn record_use(self, session: Arc<Session<I>>) -> Result<(), Error> {
        let digest = SessionDigest::new(session.id());
        let key = self.keys(session.namespace()).session(&digest.0);
        let read = self.start_read();
        let used = session.last_used().unix_millis().to_string();
        let (idle, _) = time_to_live::of(&session);
        let arguments = [record::VERSION.as_bytes(), used.as_bytes(), idle.as_bytes()];
        let reply = self
            .connection()
            .call(&script::TOUCH, &[&key], &arguments)
            .await?;
        if let (Some(cache), Some(read)) = (&self.cache, read) {
            if script::is_word(&reply, b"present") {
                cache.touch(&digest, session.last_used(), read);
            } else {
                cache.drop_absent(&digest);
            }
        }
        Ok(())
    }
}
