use std::fmt;

use crate::session::{Namespace, SessionDigest};

/// Receiver of invalidations: a [`LocalCache`](super::LocalCache) of any identity type.
pub trait Invalidate: fmt::Debug + Send + Sync {
    /// Drops one session.
    fn invalidate(&self, session: &SessionDigest);

    /// Drops the sessions of the namespaces and subjects for which `is_revoked` is true.
    fn invalidate_where(&self, is_revoked: &dyn Fn(&Namespace, &str) -> bool);

    /// Drops all sessions.
    fn invalidate_all(&self);
}
