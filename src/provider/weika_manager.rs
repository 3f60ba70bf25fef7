//! Managers of schools, through Weika.

use std::sync::Arc;

use super::IdentityProvider;
use crate::client::Permit;
use crate::client::weika::{WeikaClient, WeikaClientBuilder};
use crate::coordination::Coordinator;
use crate::error::{ConfigError, Error};
use crate::identity::Manager;
use crate::secret::{AppSecret, AuthorizationCode};

const NAME: &str = "weika";

/// Logs managers in through Weika's `manager-connect` page
/// ([获取管理员信息](https://wiki.weixiao.qq.com/api/third/admin.html)).
#[derive(Clone, Debug)]
pub struct WeikaManagerProvider {
    client: WeikaClient,
    name: Box<str>,
}

impl WeikaManagerProvider {
    /// Settings for the application with this key and secret (授权凭证, 授权凭证密钥).
    pub fn builder(
        app_key: impl Into<String>,
        app_secret: impl Into<AppSecret>,
    ) -> WeikaManagerProviderBuilder {
        WeikaManagerProviderBuilder {
            client: WeikaClient::builder(app_key, app_secret),
            name: NAME.into(),
        }
    }

    /// Logs in through a client that is there already.
    #[must_use]
    pub fn new(client: WeikaClient) -> Self {
        Self {
            client,
            name: NAME.into(),
        }
    }

    /// The client, for other calls to Weika with the same access token.
    #[must_use]
    pub fn client(&self) -> &WeikaClient {
        &self.client
    }
}

impl IdentityProvider for WeikaManagerProvider {
    type Identity = Manager;

    fn name(&self) -> &str {
        &self.name
    }

    fn application(&self) -> &str {
        self.client.app_key()
    }

    fn code_parameter(&self) -> &str {
        "wxcode"
    }

    async fn authorize_url(&self, redirect_uri: &str, state: &str) -> Result<String, Error> {
        Ok(self.client.authorize_url(redirect_uri, state))
    }

    async fn exchange(&self, code: AuthorizationCode) -> Result<Manager, Error> {
        self.client.manager(code).await
    }

    async fn admit(&self) -> Result<Permit, Error> {
        self.client.admit().await
    }

    async fn exchange_with_permit(
        &self,
        permit: Permit,
        code: AuthorizationCode,
    ) -> Result<Manager, Error> {
        self.client.manager_with(permit, code).await
    }

    fn join(&self, coordinator: &Arc<dyn Coordinator>) {
        if let Err(conflict) = self.client.attach_coordinator(coordinator) {
            crate::trace::warn!(provider = %self.name, error = %conflict, "access token not shared");
        }
    }
}

/// Settings of a [`WeikaManagerProvider`].
#[derive(Clone, Debug)]
#[must_use]
pub struct WeikaManagerProviderBuilder {
    client: WeikaClientBuilder,
    name: Box<str>,
}

impl WeikaManagerProviderBuilder {
    /// Where Weika is. Default: `https://uni.weixiao.qq.com`.
    pub fn base_url(self, base_url: impl Into<String>) -> Self {
        self.client(|client| client.base_url(base_url))
    }

    /// Anything else about the [client](WeikaClientBuilder): transport, error codes, limits.
    pub fn client(self, change: impl FnOnce(WeikaClientBuilder) -> WeikaClientBuilder) -> Self {
        Self {
            client: change(self.client),
            ..self
        }
    }

    /// The [name](IdentityProvider::name) of the provider. Default: `weika`. A second application on one site
    /// needs another one.
    pub fn name(self, name: impl Into<Box<str>>) -> Self {
        Self {
            name: name.into(),
            ..self
        }
    }

    /// Checks all settings.
    ///
    /// # Errors
    /// Every mistake at once.
    pub fn build(self) -> Result<WeikaManagerProvider, ConfigError> {
        Ok(WeikaManagerProvider {
            client: self.client.build()?,
            name: self.name,
        })
    }
}
