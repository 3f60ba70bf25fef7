use std::sync::Arc;
use std::time::Duration;

use ::reqwest::redirect::Policy;
use ::reqwest::{Client, retry};

use super::proxy;
use crate::client::Transport;
use crate::error::{ConfigError, ConfigErrorKind, Error, ErrorKind};
use crate::remedy;
use crate::trace::{outside, warn};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(5);
/// Shorter than the idle timeout of common servers: a request on a connection that the server closes is lost, and with
/// it an authorization code.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

impl Transport {
    /// Returns `reqwest` with rustls: 2 s to connect, 5 s in all, no redirects, no retries, connections kept for 30 s.
    /// `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` are respected.
    ///
    /// Servers are authenticated by the system's CA certificates (Debian: the package `ca-certificates`), or by those
    /// in `SSL_CERT_FILE` and `SSL_CERT_DIR`, where a private CA can be added.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] with a [`ConfigError`] as its source if TLS cannot be set up, for instance because
    /// there are no CA certificates; it names the remedy.
    pub fn reqwest() -> Result<Self, Error> {
        Self::reqwest_within(TOTAL_TIMEOUT).map_err(|error| {
            let context = "the HTTP client could not be set up (without CA certificates: install `ca-certificates`, \
                           or set SSL_CERT_FILE or SSL_CERT_DIR)";
            Error::new(ErrorKind::Configuration, context).with_source(ConfigError::from(error))
        })
    }

    /// Returns the same with another total time.
    pub(in crate::client) fn reqwest_within(total: Duration) -> Result<Self, ConfigErrorKind> {
        if let Some(name) = proxy::ignored_variable() {
            warn!(
                "client: {} is not an http:// URL of a proxy; requests may be sent without a proxy",
                name.to_owned()
            );
        }
        Client::builder()
            .user_agent(concat!("tower-weika/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(total)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .redirect(Policy::none())
            .retry(retry::never())
            .build()
            .map(Self::from)
            .map_err(setup_error)
    }
}

/// Returns the configuration error for a client that cannot be built.
fn setup_error(error: ::reqwest::Error) -> ConfigErrorKind {
    let text = remedy::chain_text(&error);
    let is_about_certificates = text.contains("CA certificates");
    let reason = if is_about_certificates {
        remedy::missing_certificates()
    } else {
        outside(&text).to_string()
    };
    ConfigErrorKind::SetupFailed {
        name: "transport",
        reason,
        source: Arc::new(error),
    }
}
