use super::account::Account;
use super::{Scope, WechatUserProviderBuilder};
use crate::client::binding::BindingClient;
use crate::client::{BaseUrl, Permit, encoded};
use crate::error::Error;
use crate::identity::WechatUser;
use crate::provider::{AuthorizeRequest, ExchangeContext, IdentityProvider, Verified};
use crate::request::UserAgent;
use crate::secret::AuthorizationCode;

/// Provider for WeChat users: WeChat's authorize page (网页授权) issues the code, and the operator's binding service
/// returns the openid and whether it is bound to an account.
///
/// With [`Scope::Base`] the login shows the user no page. It works in WeChat's browser only; in other browsers the login
/// page says so. WeChat compares the host of the redirect URI with the registered one of the account, exactly, and accepts
/// no port.
///
/// WeChat requires `#wechat_redirect` at the end of its address, and a browser keeps that fragment through all redirects
/// (Fetch §4.4): it is still there on the page after the login, unless the return target has a fragment. A page with hash
/// routes names its route in `return_to`.
///
/// A logged-in user need not be bound: [`Authenticated<WechatUser>`](crate::session::Authenticated) alone, or a guard with
/// `logged_in`, admits every WeChat user. [`GuardLayer::bound`](crate::guard::GuardLayer::bound) requires an account.
///
/// ```
/// use tower_weika::client::binding::BindingClient;
/// use tower_weika::guard::GuardLayer;
/// use tower_weika::identity::WechatUser;
/// use tower_weika::login::LoginLayer;
/// use tower_weika::provider::WechatUserProvider;
///
/// let binding = BindingClient::builder("https://binding.example.edu.cn").build()?;
/// let wechat = WechatUserProvider::builder(binding).app_id("wx0123456789abcdef").build()?;
/// let login = LoginLayer::builder(wechat).public_url("https://campus.example.edu.cn").build()?;
/// let bound_users = GuardLayer::<WechatUser>::bound("/bind");
/// # Ok::<_, tower_weika::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct WechatUserProvider {
    pub(super) binding: BindingClient,
    pub(super) account: Account,
    pub(super) application: Box<str>,
    pub(super) authorize_url: BaseUrl,
    pub(super) scope: Scope,
    pub(super) silent_login: Option<bool>,
    pub(super) any_browser: bool,
    pub(super) name: Box<str>,
}

impl WechatUserProvider {
    /// Settings. The official account has to be named: by its APPID, or by the school at Kesion.
    pub fn builder(binding: BindingClient) -> WechatUserProviderBuilder {
        WechatUserProviderBuilder::new(binding)
    }

    /// The client of the binding service, for the operator's other calls.
    #[must_use]
    pub fn binding(&self) -> &BindingClient {
        &self.binding
    }
}

impl IdentityProvider for WechatUserProvider {
    type Identity = WechatUser;

    fn name(&self) -> &str {
        &self.name
    }

    fn application(&self) -> &str {
        &self.application
    }

    fn code_parameter(&self) -> &str {
        "code"
    }

    async fn authorize_url(&self, request: AuthorizeRequest<'_>) -> Result<String, Error> {
        let app_id = self.account.app_id().await?;
        // WeChat matches the whole with a regular expression: this order and no other, and the fragment.
        Ok(self.authorize_url.join(&format!(
            "?appid={}&redirect_uri={}&response_type=code&scope={}&state={}#wechat_redirect",
            encoded(&app_id),
            encoded(request.redirect_uri),
            self.scope.as_str(),
            encoded(request.state),
        )))
    }

    async fn exchange(
        &self,
        code: AuthorizationCode,
        context: ExchangeContext<'_>,
    ) -> Result<Verified<WechatUser>, Error> {
        let mut permit = context.permit;
        // Known since the admission: Kesion, which may be the same host, is not called while the permit is held.
        let app_id = match permit.take() {
            Some(app_id) => app_id,
            None => self.account.app_id().await?,
        };
        let user = self.binding.check_with(permit, &app_id, code).await?;
        let valid_until = user.expires_at();
        Ok(Verified::new(user).valid_until(valid_until))
    }

    async fn admit(&self) -> Result<Permit, Error> {
        let app_id = self.account.app_id();
        let (app_id, permit) = self.binding.permits().acquire_after(app_id).await?;
        Ok(permit.carrying(app_id))
    }

    fn supports(&self, user_agent: UserAgent) -> bool {
        self.any_browser || user_agent.has_web_login()
    }

    fn allows_silent_login(&self, user_agent: UserAgent) -> bool {
        self.scope == Scope::Base
            && self.silent_login != Some(false)
            && self.supports(user_agent)
            && self.account.allows_silent_login(self.silent_login)
    }
}
