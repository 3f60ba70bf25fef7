use std::fmt;

use super::super::connection::{ConnectionSettings, connection_methods};
use super::super::envelope::Envelope;
use super::super::error_codes::ErrorCodes;
use super::client::{Inner, WechatClient};
use crate::error::{ConfigError, ConfigErrorKind};
use crate::secret::AppSecret;

const BASE_URL: &str = "https://api.weixin.qq.com";

/// Settings of a [`WechatClient`].
#[derive(Clone)]
#[must_use]
pub struct WechatClientBuilder {
    connection: ConnectionSettings,
    app_id: Box<str>,
    app_secret: AppSecret,
    allow_snapshot_users: bool,
    error_codes: ErrorCodes,
}

impl WechatClientBuilder {
    pub(super) fn new(app_id: Box<str>, app_secret: AppSecret) -> Self {
        Self {
            connection: ConnectionSettings::new(BASE_URL.to_owned()),
            app_id,
            app_secret,
            allow_snapshot_users: false,
            error_codes: ErrorCodes::wechat(),
        }
    }

    /// Sets the base URL, which must be https, except on this machine. Default:
    /// `https://api.weixin.qq.com`.
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.connection.base_url = base_url.into();
        self
    }

    /// Allows plain http in the base URL. The secret and the codes then cross the network in plain
    /// text.
    pub fn allow_http(mut self) -> Self {
        self.connection.allow_http = true;
        self
    }

    connection_methods!();

    /// Accepts users of snapshots (快照页), with
    /// [`is_snapshot_user`](crate::identity::WechatUser::is_snapshot_user) set. By default they
    /// are denied: the openid and the unionid are those of a virtual account, which is another one
    /// at the next visit. Never bind an account to it.
    pub fn allow_snapshot_users(self) -> Self {
        Self {
            allow_snapshot_users: true,
            ..self
        }
    }

    /// Sets the error codes. Default: [`ErrorCodes::wechat`]. 0 is never looked up.
    pub fn error_codes(self, error_codes: ErrorCodes) -> Self {
        Self {
            error_codes,
            ..self
        }
    }

    /// Returns the client.
    ///
    /// # Errors
    ///
    /// All configuration errors at once, without the secret.
    pub fn build(self) -> Result<WechatClient, ConfigError> {
        let mut errors = Vec::new();
        if self.app_id.is_empty() {
            errors.push(ConfigErrorKind::Missing("app_id"));
        } else if !self.app_id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            errors.push(ConfigErrorKind::InvalidCharacters {
                name: "app_id",
                value: self.app_id.to_string(),
                expected: "letters and digits",
            });
        }
        errors.extend(ConfigErrorKind::in_secret(
            "app_secret",
            self.app_secret.expose(),
        ));
        let connection = self.connection.check(&mut errors);
        let Some(connection) = connection.filter(|_| errors.is_empty()) else {
            return Err(ConfigError::of(errors));
        };
        Ok(WechatClient::new(Inner {
            connection,
            envelope: Envelope::new("errcode", self.error_codes),
            app_id: self.app_id,
            app_secret: self.app_secret,
            allow_snapshot_users: self.allow_snapshot_users,
        }))
    }
}

impl fmt::Debug for WechatClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WechatClientBuilder")
            .field("app_id", &self.app_id)
            .field("connection", &self.connection)
            .field("allow_snapshot_users", &self.allow_snapshot_users)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn all_configuration_errors_are_reported_without_secrets() {
        let builder = WechatClient::builder("wx 0", "s3cr3t value")
            .base_url("https://u:pa55@api.example")
            .total_timeout(Duration::ZERO)
            .max_body(0);
        let error = builder.clone().build().unwrap_err();
        assert_eq!(error.errors().len(), 5, "{error}");
        let shown = format!("{builder:?} {error} {error:?}");
        assert!(
            !shown.contains("s3cr3t") && !shown.contains("pa55"),
            "{shown}"
        );
        let error = WechatClient::builder("", "").build().unwrap_err();
        assert_eq!(error.errors().len(), 2, "{error}");
    }

    #[test]
    fn plain_http_is_accepted_for_loopback_or_with_allow_http() {
        let builder = |base| WechatClient::builder("wx0", "s3cr3t").base_url(base);
        assert!(builder("http://127.0.0.1:3001").build().is_ok());
        let other = builder("http://api.example");
        assert!(other.clone().build().is_err());
        assert!(other.allow_http().build().is_ok());
    }
}
