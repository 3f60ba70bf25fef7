use redis::RedisError;

use crate::store::redis::handle::Inner;
use crate::trace::{info, warn};

/// This many failures in a row are logged, once. Fewer may be those of a server that is shutting down.
const LOGGED_AFTER: u32 = 8;

/// Log of failed subscriptions: one line for each reason, and one when a subscription succeeds again.
#[derive(Default)]
pub(super) struct SubscriptionLog {
    /// Failures in a row.
    failures: u32,
    reason: Option<String>,
}

impl SubscriptionLog {
    pub(super) fn subscribed(&mut self) {
        self.failures = 0;
        if self.reason.take().is_some() {
            info!("redis: subscribed to invalidations again; local session cache enabled");
        }
    }

    /// Without an error, the subscription has ended.
    pub(super) fn failed(&mut self, inner: &Inner, error: Option<&RedisError>) {
        if inner.connection.outage().is_some() {
            // The outage is logged by the connection.
            self.failures = 0;
            return;
        }
        self.failures = self.failures.saturating_add(1);
        let (reason, rule) = error
            .map(|error| inner.connection.explain_failed_subscription(error))
            .unwrap_or_default();
        // A missing right is permanent; other failures may be those of a server that is shutting down.
        let is_early = rule.is_none() && self.failures < LOGGED_AFTER;
        if self.reason.as_ref() == Some(&reason) || is_early {
            return;
        }
        self.failures = 0;
        let rule = rule
            .map(|rule| format!("; allow it: {rule}"))
            .unwrap_or_default();
        warn!(
            "redis: cannot subscribe to invalidations: {}; local session cache disabled, so every request asks Redis{}",
            if reason.is_empty() {
                "the connection ends"
            } else {
                reason.as_str()
            },
            rule.as_str()
        );
        self.reason = Some(reason);
    }
}
