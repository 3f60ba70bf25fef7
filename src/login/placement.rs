//! The place of a login layer in the application: logs the mistakes that keep its callback away.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use super::flow::FLOW_LIFETIME;
use super::inner::Inner;
use crate::clock::Timestamp;
use crate::provider::IdentityProvider;
use crate::request::tenant::Tenant;
use crate::trace::{error, outside, warn};

/// Number of logins that must have begun, and expired, before missing callbacks are logged.
const EXPIRED_LOGINS: u32 = 3;

/// The requests to its endpoints that a login layer has seen. Each mistake is reported once.
#[derive(Debug, Default)]
pub(super) struct Placement {
    begun: AtomicU32,
    /// When the last of the first [`EXPIRED_LOGINS`] logins began, in milliseconds; 0 before.
    last_counted: AtomicU64,
    callback_has_arrived: AtomicBool,
    callback_reported: AtomicBool,
    /// Whether the application may route the endpoints by name.
    has_routed_endpoints: AtomicBool,
    nest_reported: AtomicBool,
}

impl Placement {
    /// Records a callback. Later missing callbacks are those of users who did not log in.
    pub(super) fn callback_arrived(&self) {
        self.callback_has_arrived.store(true, Ordering::Relaxed);
    }

    pub(super) fn endpoints_routed(&self) {
        self.has_routed_endpoints.store(true, Ordering::Relaxed);
    }

    /// Records a login that begins at `now`. Returns the number of logins before it, once, if they
    /// have expired and no callback has arrived yet.
    pub(super) fn login_begins(&self, now: Timestamp) -> Option<u32> {
        if self.callback_has_arrived.load(Ordering::Relaxed)
            || self.callback_reported.load(Ordering::Relaxed)
        {
            return None;
        }
        let before = self.begun.fetch_add(1, Ordering::Relaxed);
        if before + 1 == EXPIRED_LOGINS {
            let now = now.unix_millis().max(1);
            self.last_counted.store(now, Ordering::Relaxed);
        }
        let last = self.last_counted.load(Ordering::Relaxed);
        let is_due = last != 0 && now.since(Timestamp::from_unix_millis(last)) >= FLOW_LIFETIME;
        (is_due && !self.callback_reported.swap(true, Ordering::Relaxed)).then_some(before)
    }

    /// Whether to report now that a router around the layer shortens paths. Endpoints that are
    /// routed by name work there.
    pub(super) fn nest_is_to_be_reported(&self) -> bool {
        !self.has_routed_endpoints.load(Ordering::Relaxed)
            && !self.callback_has_arrived.load(Ordering::Relaxed)
            && !self.nest_reported.swap(true, Ordering::Relaxed)
    }
}

impl<P: IdentityProvider, St> Inner<P, St> {
    /// Logs that a router around the layer shortens paths, unless it removes the prefix of the
    /// public URL.
    pub(super) fn observe_nest(&self, full_path: &str, path_length: usize) {
        let removed = full_path.len().saturating_sub(path_length);
        let is_expected =
            removed == 0 || full_path.get(..removed) == Some(self.endpoints.prefix.as_str());
        if !is_expected && self.placement.nest_is_to_be_reported() {
            error!(
                provider = %self.provider.name(),
                path = %outside(full_path),
                callback = %self.endpoints.requested_callback,
                "login: the layer is inside a router that shortens paths (`nest`): the callback does not arrive. Move \
                 the layer to the outermost router, or route `login.endpoints()` there"
            );
        }
    }

    /// Logs that the list of tenants has this login at the origin of another one.
    pub(super) fn report_other_tenant(&self, tenant: &Tenant) {
        if let Some(suppressed) = self.limits.other_tenant.admit(self.sessions.clock.now()) {
            error!(
                provider = %self.provider.name(),
                tenant = %tenant.origin(),
                public_url = %self.endpoints.public_url(),
                suppressed = %suppressed,
                "login: the tenant has another origin than the public URL of its login; the response is 421. Correct \
                 the list of tenants"
            );
        }
    }

    /// Logs that callbacks do not arrive at the layer, as far as the logins that begin show it.
    pub(super) fn observe_begin(&self) {
        if let Some(begun) = self.placement.login_begins(self.sessions.clock.now()) {
            warn!(
                provider = %self.provider.name(),
                begun = %begun,
                callback = %self.endpoints.requested_callback,
                redirect_uri = %self.endpoints.redirect_uri,
                "login: no callback has arrived yet at this instance, although logins began and expired. If users \
                 did log in: the application has no route for the callback (`route_layer`, a `fallback` that is set \
                 after the layer or merged, `nest`, salvo without a route: route `login.endpoints()`), or a proxy \
                 changes its path (`public_url`, `strips_prefix`)"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const START: Timestamp = Timestamp::from_unix_seconds(1_760_000_000);

    fn after(seconds: u64) -> Timestamp {
        START.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn missing_callbacks_are_reported_once_after_three_expired_logins() {
        let placement = Placement::default();
        for seconds in [0, 700, 800, 801, 1_399] {
            assert_eq!(placement.login_begins(after(seconds)), None, "{seconds}");
        }
        assert_eq!(placement.login_begins(after(1_400)), Some(5));
        assert_eq!(placement.login_begins(after(9_000)), None);
    }

    #[test]
    fn abandoned_logins_are_not_reported_after_one_callback() {
        let placement = Placement::default();
        assert_eq!(placement.login_begins(START), None);
        placement.callback_arrived();
        for seconds in 1..5_000 {
            assert_eq!(placement.login_begins(after(seconds)), None);
        }
    }

    #[test]
    fn shortened_path_is_reported_once_unless_the_endpoints_are_reachable() {
        let placement = Placement::default();
        assert!(placement.nest_is_to_be_reported());
        assert!(!placement.nest_is_to_be_reported());
        let routed = Placement::default();
        routed.endpoints_routed();
        let reached = Placement::default();
        reached.callback_arrived();
        assert!(!routed.nest_is_to_be_reported() && !reached.nest_is_to_be_reported());
    }
}
