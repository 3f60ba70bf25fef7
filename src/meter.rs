//! Counters and durations for the `metrics` crate, or nothing at all without the feature; call sites carry no
//! `cfg`. The crate documentation lists them.
//!
//! Nothing is counted on the path of an ordinary request. A label is a provider's name, a literal, or
//! [`ErrorKind::as_str`](crate::ErrorKind::as_str).

use std::time::Duration;

/// The label for a success.
pub(crate) const SUCCESS: &str = "success";

/// Returns the label for an outcome.
pub(crate) fn outcome<T>(outcome: &Result<T, crate::Error>) -> &'static str {
    outcome
        .as_ref()
        .map_or_else(|error| error.kind().as_str(), |_| SUCCESS)
}

#[cfg(feature = "metrics")]
mod counting {
    use super::Duration;

    pub(crate) fn login_begun(provider: &str) {
        metrics::counter!("tower_weika_logins_begun_total", "provider" => provider.to_owned())
            .increment(1);
    }

    pub(crate) fn login_ended(provider: &str, outcome: &'static str) {
        let labels = [
            ("provider", provider.to_owned()),
            ("outcome", outcome.to_owned()),
        ];
        metrics::counter!("tower_weika_logins_total", &labels).increment(1);
    }

    pub(crate) fn code_refused(provider: &str) {
        metrics::counter!("tower_weika_codes_refused_total", "provider" => provider.to_owned())
            .increment(1);
    }

    pub(crate) fn exchange_rejected(provider: &str, reason: &'static str) {
        let labels = [
            ("provider", provider.to_owned()),
            ("reason", reason.to_owned()),
        ];
        metrics::counter!("tower_weika_exchanges_rejected_total", &labels).increment(1);
    }

    pub(crate) fn callback_refused(provider: &str) {
        metrics::counter!("tower_weika_callbacks_refused_total", "provider" => provider.to_owned())
            .increment(1);
    }

    pub(crate) fn logged_out(provider: &str) {
        metrics::counter!("tower_weika_logouts_total", "provider" => provider.to_owned())
            .increment(1);
    }

    pub(crate) fn token_fetched(outcome: &'static str) {
        metrics::counter!("tower_weika_token_fetches_total", "outcome" => outcome).increment(1);
    }

    pub(crate) fn store_failed() {
        metrics::counter!("tower_weika_store_failures_total").increment(1);
    }

    #[cfg(feature = "redis")]
    pub(crate) fn foreign_reply() {
        metrics::counter!("tower_weika_foreign_replies_total").increment(1);
    }

    pub(crate) fn upstream_called(call: &'static str, outcome: &'static str, took: Duration) {
        metrics::histogram!("tower_weika_upstream_seconds", "call" => call, "outcome" => outcome)
            .record(took);
    }
}

#[cfg(not(feature = "metrics"))]
mod counting {
    use super::Duration;

    pub(crate) fn login_begun(_: &str) {}

    pub(crate) fn login_ended(_: &str, _: &'static str) {}

    pub(crate) fn code_refused(_: &str) {}

    pub(crate) fn exchange_rejected(_: &str, _: &'static str) {}

    pub(crate) fn callback_refused(_: &str) {}

    pub(crate) fn logged_out(_: &str) {}

    pub(crate) fn token_fetched(_: &'static str) {}

    pub(crate) fn store_failed() {}

    #[cfg(feature = "redis")]
    pub(crate) fn foreign_reply() {}

    pub(crate) fn upstream_called(_: &'static str, _: &'static str, _: Duration) {}
}

#[cfg(feature = "redis")]
pub(crate) use counting::foreign_reply;
pub(crate) use counting::{
    callback_refused, code_refused, exchange_rejected, logged_out, login_begun, login_ended,
    store_failed, token_fetched, upstream_called,
};
