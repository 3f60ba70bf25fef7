use crate::session::Namespace;

/// Receiver of invalidations.
pub(in crate::store) trait Invalidate: Send + Sync {
    /// Drops one session.
    fn invalidate(&self, session: &super::SessionDigest);

    /// Drops the sessions of the namespaces and subjects for which `is_revoked` is true.
    fn invalidate_where(&self, is_revoked: &dyn Fn(&Namespace, &str) -> bool);

    /// Drops all sessions.
    fn invalidate_all(&self);
}
