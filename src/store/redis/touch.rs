//! Record of the last use of a session.

use std::sync::Arc;

use super::store::RedisStore;
use super::{script, time_to_live};
use crate::error::Error;
use crate::session::Session;
use crate::store::StoredIdentity;
use crate::store::external::record;

impl<I: StoredIdentity> RedisStore<I> {
    /// Writes down the last use of a session, if it is still there.
    pub(super) async fn record_use(self, session: Arc<Session<I>>) -> Result<(), Error> {
        let digest = session.id().digest();
        let key = self.keys(session.namespace()).session(digest.as_bytes());
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
