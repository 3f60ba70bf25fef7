use std::fmt;
use std::time::Duration;

use super::Connection;
use crate::client::address::{BaseUrl, host_of};
use crate::client::permits::{CallLimits, Permits};
use crate::client::transport::{Limits, Transport};
use crate::error::{ConfigErrorKind, shown_url};

/// The settings of a [`Connection`]: a part of each client's builder.
#[derive(Clone)]
pub(in crate::client) struct ConnectionSettings {
    pub(in crate::client) base_url: String,
    pub(in crate::client) allow_http: bool,
    pub(in crate::client) transport: Option<Transport>,
    pub(in crate::client) limits: Limits,
    pub(in crate::client) call_limits: CallLimits,
}

impl ConnectionSettings {
    pub(in crate::client) fn new(base_url: String) -> Self {
        let (limits, call_limits) = (Limits::default(), CallLimits::default());
        Self {
            base_url,
            allow_http: false,
            transport: None,
            limits,
            call_limits,
        }
    }

    /// Returns the connection, or `None` if it adds to `errors`.
    pub(in crate::client) fn check(self, errors: &mut Vec<ConfigErrorKind>) -> Option<Connection> {
        let Limits { total, max_body } = self.limits;
        if !(Duration::from_millis(1)..=Duration::from_secs(300)).contains(&total) {
            let (value, expected) = (format!("{total:?}"), "between 1 ms and 300 s");
            errors.push(ConfigErrorKind::OutOfRange {
                name: "total_timeout",
                value,
                expected,
            });
        }
        if !(1024..=16 * 1024 * 1024).contains(&max_body) {
            let (value, expected) = (max_body.to_string(), "between 1 KiB and 16 MiB");
            errors.push(ConfigErrorKind::OutOfRange {
                name: "max_body",
                value,
                expected,
            });
        }
        let base = BaseUrl::parse("base_url", &self.base_url, self.allow_http);
        let base = base.map_err(|error| errors.push(error)).ok();
        let transport = self
            .transport
            .map_or_else(|| default_transport(self.limits), Ok);
        let transport = transport.map_err(|error| errors.push(error)).ok();
        self.call_limits.check(errors);
        let (base, transport) = (base?, transport?);
        let host = host_of(&base.join("")).unwrap_or_default();
        let permits = Permits::of_host(&host, self.call_limits)
            .map_err(|error| errors.push(error))
            .ok();
        let (limits, call_limits) = (self.limits, self.call_limits);
        Some(Connection {
            base,
            transport,
            limits,
            permits: permits?,
            call_limits,
        })
    }
}

impl fmt::Debug for ConnectionSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionSettings")
            // Not validated yet, so it could contain a password.
            .field("base_url", &shown_url(&self.base_url))
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "client")]
fn default_transport(limits: Limits) -> Result<Transport, ConfigErrorKind> {
    Transport::reqwest_within(limits.total)
}

#[cfg(not(feature = "client"))]
fn default_transport(_limits: Limits) -> Result<Transport, ConfigErrorKind> {
    Err(ConfigErrorKind::MissingFeature {
        name: "transport",
        feature: "client",
    })
}
