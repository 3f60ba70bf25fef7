//! Provider for managers of schools: Weika's manager OAuth.

use std::sync::Arc;

use super::{AuthorizeRequest, ExchangeContext, IdentityProvider, Verified};
use crate::client::Permit;
use crate::client::weika::{WeikaClient, WeikaClientBuilder};
use crate::coordination::Coordinator;
use crate::error::{ConfigError, ConfigErrorKind, Error};
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

    /// A provider over an existing client.
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

    async fn authorize_url(&self, request: AuthorizeRequest<'_>) -> Result<String, Error> {
        Ok(self
            .client
            .authorize_url(request.redirect_uri, request.state))
    }

    async fn exchange(
        &self,
        code: AuthorizationCode,
        context: ExchangeContext<'_>,
    ) -> Result<Verified<Manager>, Error> {
        let manager = self.client.manager_with(context.permit, code).await?;
        Ok(Verified::new(manager))
    }

    async fn admit(&self) -> Result<Permit, Error> {
        self.client.admit().await
    }

    fn attach_coordinator(
        &self,
        coordinator: &Arc<dyn Coordinator>,
    ) -> Result<(), ConfigErrorKind> {
        self.client.attach_coordinator(coordinator)
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
    /// The address of Weika. Default: `https://uni.weixiao.qq.com`.
    pub fn base_url(self, base_url: impl Into<String>) -> Self {
        self.client(|client| client.base_url(base_url))
    }

    /// Changes other settings of the [client](WeikaClientBuilder): transport, error codes, limits.
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
    /// All configuration errors at once.
    pub fn build(self) -> Result<WeikaManagerProvider, ConfigError> {
        Ok(WeikaManagerProvider {
            client: self.client.build()?,
            name: self.name,
        })
    }
}
