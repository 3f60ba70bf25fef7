//! Provider for members of a school: Weika's member OAuth.

use std::sync::Arc;

use super::{AuthorizeRequest, ExchangeContext, IdentityProvider, Verified};
use crate::client::Permit;
use crate::client::weika_member::{
    IdentityTypes, MemberScope, WeikaMemberClient, WeikaMemberClientBuilder,
};
use crate::coordination::Coordinator;
use crate::error::{ConfigError, ConfigErrorKind, Error};
use crate::identity::{Member, MemberField};
use crate::secret::{AppSecret, AuthorizationCode};

const NAME: &str = "weika-member";

/// Logs the members of one school in, students and staff, through Weika
/// ([获取用户授权凭证](https://wiki.weixiao.qq.com/api/third/oauth/access_token.html)).
///
/// In WeChat the browser goes to Weika's H5 page; in every other browser, WeCom included, to the PC
/// page, whose QR code the member scans with WeChat. No document says that either page is silent,
/// so visitors are never logged in silently.
///
/// ```
/// # #[cfg(feature = "client")]
/// # fn main() -> Result<(), tower_weika::ConfigError> {
/// use axum::Router;
/// use axum::routing::get;
/// use tower_weika::guard::GuardLayer;
/// use tower_weika::identity::{Member, MemberField};
/// use tower_weika::login::LoginLayer;
/// use tower_weika::provider::WeikaMemberProvider;
/// use tower_weika::session::Authenticated;
///
/// async fn card(member: Authenticated<Member>) -> String {
///     format!("你好, {} ({})", member.name, member.field(MemberField::College).unwrap_or("—"))
/// }
///
/// let weika = WeikaMemberProvider::builder("0123456789ABCDEF", "app-secret", "1014714333")
///     .fields([MemberField::College])
///     .build()?;
/// let login = LoginLayer::builder(weika).public_url("https://campus.example.edu.cn").build()?;
///
/// let members = Router::new().route("/card", get(card));
/// let members = members.route_layer(GuardLayer::<Member>::logged_in());
/// let app: Router = Router::new().merge(members).layer(login);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "client"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug)]
pub struct WeikaMemberProvider {
    client: WeikaMemberClient,
    application: Box<str>,
    name: Box<str>,
}

impl WeikaMemberProvider {
    /// Returns a builder for the application with this key and secret (授权凭证, 授权凭证密钥) at
    /// the school with this `ocode` (主体代码, `school_code`).
    pub fn builder(
        app_key: impl Into<String>,
        app_secret: impl Into<AppSecret>,
        ocode: impl Into<String>,
    ) -> WeikaMemberProviderBuilder {
        WeikaMemberProviderBuilder {
            client: WeikaMemberClient::builder(app_key, app_secret, ocode),
            name: NAME.into(),
        }
    }

    /// Creates a provider over an existing client.
    #[must_use]
    pub fn new(client: WeikaMemberClient) -> Self {
        Self::named(client, NAME.into())
    }

    fn named(client: WeikaMemberClient, name: Box<str>) -> Self {
        // No `ocode` has a colon, so that no two pairs are the same text.
        let application = format!("{}:{}", client.app_key(), client.school_code()).into();
        Self {
            client,
            application,
            name,
        }
    }

    /// Returns the client, for the school's token and other calls.
    #[must_use]
    pub fn client(&self) -> &WeikaMemberClient {
        &self.client
    }

    /// Returns the identity types of the school, through a cache.
    #[must_use]
    pub fn identity_types(&self) -> &IdentityTypes {
        self.client.identity_types()
    }
}

impl IdentityProvider for WeikaMemberProvider {
    type Identity = Member;

    fn name(&self) -> &str {
        &self.name
    }

    /// The key and the school: two schools with one key never accept each other's sessions.
    fn application(&self) -> &str {
        &self.application
    }

    fn code_parameter(&self) -> &str {
        "wxcode"
    }

    async fn authorize_url(&self, request: AuthorizeRequest<'_>) -> Result<String, Error> {
        let (redirect_uri, state) = (request.redirect_uri, request.state);
        Ok(if request.user_agent.is_wechat() {
            self.client.h5_authorize_url(redirect_uri, state)
        } else {
            self.client.pc_authorize_url(redirect_uri, state)
        })
    }

    async fn exchange(
        &self,
        code: AuthorizationCode,
        context: ExchangeContext<'_>,
    ) -> Result<Verified<Member>, Error> {
        let (permit, redirect_uri) = (context.permit, context.redirect_uri);
        let member = self.client.member_with(permit, code, redirect_uri).await?;
        Ok(Verified::new(member))
    }

    async fn admit(&self) -> Result<Permit, Error> {
        self.client.permits().acquire().await
    }

    fn attach_coordinator(
        &self,
        coordinator: &Arc<dyn Coordinator>,
    ) -> Result<(), ConfigErrorKind> {
        self.client.attach_coordinator(coordinator)
    }
}

/// Settings of a [`WeikaMemberProvider`].
#[derive(Clone, Debug)]
#[must_use]
pub struct WeikaMemberProviderBuilder {
    client: WeikaMemberClientBuilder,
    name: Box<str>,
}

impl WeikaMemberProviderBuilder {
    /// Sets the address of Weika. Default: `https://open.wecard.qq.com`. A school with a private
    /// platform (私有化) is reachable at its own address only.
    pub fn base_url(self, base_url: impl Into<String>) -> Self {
        self.client(|client| client.base_url(base_url))
    }

    /// Sets the scope that the login requests. Default: [`MemberScope::UserInfo`].
    pub fn scope(self, scope: MemberScope) -> Self {
        self.client(|client| client.scope(scope))
    }

    /// Sets the fields that are read beside card number, name and identity type. Default: none.
    pub fn fields(self, fields: impl IntoIterator<Item = MemberField>) -> Self {
        self.client(|client| client.fields(fields))
    }

    /// Changes other settings of the [client](WeikaMemberClientBuilder): transport, error codes,
    /// limits.
    pub fn client(
        self,
        change: impl FnOnce(WeikaMemberClientBuilder) -> WeikaMemberClientBuilder,
    ) -> Self {
        Self {
            client: change(self.client),
            ..self
        }
    }

    /// Sets the [name](IdentityProvider::name) of the provider. Default: `weika-member`. A second
    /// member login in one application needs another name.
    pub fn name(self, name: impl Into<Box<str>>) -> Self {
        Self {
            name: name.into(),
            ..self
        }
    }

    /// Checks all settings and builds the provider.
    ///
    /// # Errors
    /// If a setting is invalid: all configuration errors at once.
    pub fn build(self) -> Result<WeikaMemberProvider, ConfigError> {
        Ok(WeikaMemberProvider::named(self.client.build()?, self.name))
    }
}

#[cfg(all(test, feature = "client"))]
mod tests {
    use super::*;
    use crate::request::UserAgent;

    fn provider(ocode: &str) -> WeikaMemberProvider {
        let builder = WeikaMemberProvider::builder("KEY", "s", ocode);
        builder.build().expect("valid settings")
    }

    #[tokio::test]
    async fn every_browser_gets_the_page_that_works_in_it() {
        let provider = provider("1014714333");
        let wechat = [
            UserAgent::WechatPhone,
            UserAgent::WechatWindows,
            UserAgent::WechatMac,
            UserAgent::MiniProgramPage,
        ];
        for (user_agent, page) in wechat
            .map(|user_agent| (user_agent, "/connect/oauth/authorize?"))
            .into_iter()
            .chain([
                (UserAgent::Other, "/connect/oauth/pc-authorize?"),
                (UserAgent::Wecom, "/connect/oauth/pc-authorize?"),
            ])
        {
            let mut request = AuthorizeRequest::new("https://campus.example/back", "S");
            request.user_agent = user_agent;
            let url = provider.authorize_url(request).await.unwrap();
            assert!(url.contains(page), "{user_agent:?}: {url}");
            assert!(provider.supports(user_agent));
            assert!(!provider.allows_silent_login(user_agent));
        }
    }

    #[test]
    fn s1_application_names_the_key_and_the_school() {
        assert_eq!(provider("1").application(), "KEY:1");
        assert_ne!(provider("1").application(), provider("2").application());
    }
}
