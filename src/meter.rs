//! Counters and durations for the `metrics` crate, or nothing at all without the feature; call
//! sites carry no `cfg`. The crate documentation lists them.
//!
//! Nothing is counted on the path of an ordinary request. A label is the name of a provider or a tenant, a
//! literal, or [`ErrorKind::as_str`](crate::ErrorKind::as_str).

use std::time::Duration;

/// The label for a success.
pub(crate) const SUCCESS: &str = "success";

/// Returns the label for an outcome.
pub(crate) fn outcome<T>(outcome: &Result<T, crate::Error>) -> &'static str {
    outcome
        .as_ref()
        .map_or_else(|error| error.kind().as_str(), |_| SUCCESS)
}

/// The login layer that a metric of logins is about.
#[derive(Clone, Copy)]
#[cfg_attr(
    not(feature = "metrics"),
    expect(dead_code, reason = "nothing is counted")
)]
pub(crate) struct Source<'a> {
    pub(crate) provider: &'a str,
    /// A label only where the application names the tenant.
    pub(crate) tenant: Option<&'a str>,
}

#[cfg(feature = "metrics")]
mod counting {
    use super::{Duration, Source};

    impl Source<'_> {
        fn labels(self, more: Option<(&'static str, &'static str)>) -> Vec<metrics::Label> {
            let provider = metrics::Label::new("provider", self.provider.to_owned());
            let tenant = self
                .tenant
                .map(|tenant| metrics::Label::new("tenant", tenant.to_owned()));
            let more = more.map(|(name, value)| metrics::Label::new(name, value));
            [Some(provider), tenant, more]
                .into_iter()
                .flatten()
                .collect()
        }
    }

    pub(crate) fn login_begun(source: Source<'_>) {
        metrics::counter!("tower_weika_logins_begun_total", source.labels(None)).increment(1);
    }

    pub(crate) fn login_ended(source: Source<'_>, outcome: &'static str) {
        let labels = source.labels(Some(("outcome", outcome)));
        metrics::counter!("tower_weika_logins_total", labels).increment(1);
    }

    pub(crate) fn code_refused(source: Source<'_>) {
        metrics::counter!("tower_weika_codes_refused_total", source.labels(None)).increment(1);
    }

    pub(crate) fn exchange_rejected(source: Source<'_>, reason: &'static str) {
        let labels = source.labels(Some(("reason", reason)));
        metrics::counter!("tower_weika_exchanges_rejected_total", labels).increment(1);
    }

    pub(crate) fn callback_refused(source: Source<'_>) {
        metrics::counter!("tower_weika_callbacks_refused_total", source.labels(None)).increment(1);
    }

    pub(crate) fn logged_out(source: Source<'_>) {
        metrics::counter!("tower_weika_logouts_total", source.labels(None)).increment(1);
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
    use super::{Duration, Source};

    pub(crate) fn login_begun(_: Source<'_>) {}

    pub(crate) fn login_ended(_: Source<'_>, _: &'static str) {}

    pub(crate) fn code_refused(_: Source<'_>) {}

    pub(crate) fn exchange_rejected(_: Source<'_>, _: &'static str) {}

    pub(crate) fn callback_refused(_: Source<'_>) {}

    pub(crate) fn logged_out(_: Source<'_>) {}

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
