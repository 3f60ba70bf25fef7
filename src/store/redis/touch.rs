//! Record of the last use of a session.

use std::sync::Arc;

use super::store::RedisStore;
use super::{keys, script, time_to_live};
use crate::error::Error;
use crate::session::Session;
use crate::store::StoredIdentity;
use crate::store::external::record;

impl<I: StoredIdentity> RedisStore<I> {
    /// Writes down the last use of a session, if it is still there, and adds it to the index of its
    /// subject, if it is not in there.
    pub(super) async fn record_use(self, session: Arc<Session<I>>) -> Result<(), Error> {
        let digest = session.id().digest();
        let names = self.keys(session.namespace());
        let key = names.session(digest.as_bytes());
        let index = names.index(&keys::subject(session.identity().subject()));
        let read = self.start_read();
        let used = session.last_used().unix_millis().to_string();
        let (idle, absolute) = time_to_live::of(&session);
        let arguments = [
            record::VERSION.as_bytes(),
            used.as_bytes(),
            idle.as_bytes(),
            absolute.as_bytes(),
        ];
        let reply = self
            .connection()
            .call(&script::TOUCH, &[&key, &index], &arguments)
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
