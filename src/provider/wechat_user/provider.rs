use super::account::Account;
use super::page::Page;
use super::source::Source;
use super::{Scope, WechatUserProviderBuilder};
use crate::client::binding::BindingClient;
use crate::client::wechat::WechatClient;
use crate::client::{BaseUrl, Permit, encoded};
use crate::error::Error;
use crate::identity::WechatUser;
use crate::provider::{AuthorizeRequest, ExchangeContext, IdentityProvider, Verified};
use crate::request::UserAgent;
use crate::secret::AuthorizationCode;

/// Provider for WeChat users: WeChat's authorize page issues the code, and one of two systems
/// exchanges it.
///
/// | constructor | page | exchange | binding |
/// |---|---|---|---|
/// | [`builder`](Self::builder) | of an official account (网页授权), in WeChat | the operator's binding service | bound or unbound |
/// | [`builder_with_secret`](Self::builder_with_secret) | of an official account (网页授权), in WeChat | WeChat, with the application's own secret | [`Unchecked`](crate::identity::Binding::Unchecked) |
/// | [`builder_for_website`](Self::builder_for_website) | of a website application (网站应用), with a QR code, in any browser | WeChat, with the application's own secret | [`Unchecked`](crate::identity::Binding::Unchecked) |
///
/// # Official account
/// With [`Scope::Base`] the login shows the user no page. It works in WeChat's browser only; in
/// other browsers the login page says so. WeChat compares the host of the redirect URI with the
/// registered one of the account, exactly, and accepts no port.
///
/// WeChat requires `#wechat_redirect` at the end of its address, and a browser keeps that fragment
/// through all redirects (Fetch §4.4): it is still there on the page after the login, unless the
/// return target has a fragment. A page with hash routes names its route in `return_to`.
///
/// # Linked accounts
/// A logged-in user need not be bound: [`Authenticated<WechatUser>`](crate::session::Authenticated)
/// alone, or a guard with `logged_in`, admits every WeChat user.
/// [`GuardLayer::bound`](crate::guard::GuardLayer::bound) requires an account.
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
///
/// With the application's own secret no service is asked about an account, so that guard rejects
/// every user. The application looks its account up by [subject](crate::identity::Identity::subject)
/// or unionid, best in [`map`](IdentityProvider::map), which runs once per login.
///
/// # On a computer
/// A website application has another APPID than the official account, and **another openid for the
/// same user**. The [`union_id`](WechatUser::union_id) joins the two if both applications belong to
/// one account of WeChat's Open Platform (微信开放平台); the official account gets it with
/// [`Scope::UserInfo`] only. A login of one of them is never a login of the other: they are two
/// providers with two names. Around the same routes they need two identity types, because each
/// layer inserts the identity of its type: [`map`](IdentityProvider::map) one of them.
///
/// ```
/// use tower_weika::client::wechat::WechatClient;
/// use tower_weika::guard::GuardLayer;
/// use tower_weika::identity::{Identity, WechatUser};
/// use tower_weika::login::LoginLayer;
/// use tower_weika::provider::{IdentityProvider, WechatUserProvider};
///
/// /// A user who has logged in on a computer.
/// #[derive(Debug)]
/// struct DeskUser(WechatUser);
///
/// impl Identity for DeskUser {
///     fn subject(&self) -> &str {
///         self.0.subject()
///     }
/// }
///
/// let account = WechatClient::builder("wx0123456789abcdef", "secret-of-the-account").build()?;
/// let phone = WechatUserProvider::builder_with_secret(account).silent_login(true).build()?;
/// let website = WechatClient::builder("wxfedcba9876543210", "secret-of-the-website").build()?;
/// let desk = WechatUserProvider::builder_for_website(website).build()?;
/// let desk = desk.map(|user: WechatUser| async { Ok(DeskUser(user)) });
///
/// let public_url = "https://campus.example.edu.cn";
/// let phone_login = LoginLayer::builder(phone).public_url(public_url).build()?;
/// let desk_login = LoginLayer::builder(desk).public_url(public_url).build()?;
/// assert_eq!(phone_login.login_path(), "/auth/wechat/login");
/// assert_eq!(desk_login.login_path(), "/auth/wechat-desk/login");
/// let users = GuardLayer::<WechatUser>::logged_in();
/// # Ok::<_, tower_weika::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct WechatUserProvider {
    pub(super) source: Source,
    pub(super) page: Page,
    pub(super) account: Account,
    pub(super) application: Box<str>,
    pub(super) authorize_url: BaseUrl,
    pub(super) silent_login: Option<bool>,
    pub(super) any_browser: bool,
    pub(super) name: Box<str>,
}

impl WechatUserProvider {
    /// Returns a builder over an operator's binding service. The official account is required: by
    /// its APPID, or by the school at Kesion.
    pub fn builder(binding: BindingClient) -> WechatUserProviderBuilder {
        WechatUserProviderBuilder::with_binding(binding)
    }

    /// Returns a builder for an official account whose secret the application has.
    pub fn builder_with_secret(client: WechatClient) -> WechatUserProviderBuilder {
        let page = Page::OfficialAccount(Scope::default());
        WechatUserProviderBuilder::with_secret(client, page)
    }

    /// Returns a builder for a website application (网站应用) whose secret the application has:
    /// logins on a computer, with a QR code that the user scans with WeChat.
    pub fn builder_for_website(client: WechatClient) -> WechatUserProviderBuilder {
        WechatUserProviderBuilder::with_secret(client, Page::Website)
    }

    /// Returns the client of the binding service, for the operator's other calls. `None` with the
    /// application's own secret.
    #[must_use]
    pub fn binding(&self) -> Option<&BindingClient> {
        match &self.source {
            Source::Binding(client) => Some(client),
            Source::Wechat(_) => None,
        }
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
        // WeChat matches the whole with a regular expression: this order and no other, and the
        // fragment.
        Ok(self.authorize_url.join(&format!(
            "?appid={}&redirect_uri={}&response_type=code&scope={}&state={}#wechat_redirect",
            encoded(&app_id),
            encoded(request.redirect_uri),
            self.page.scope(),
            encoded(request.state),
        )))
    }

    async fn exchange(
        &self,
        code: AuthorizationCode,
        context: ExchangeContext<'_>,
    ) -> Result<Verified<WechatUser>, Error> {
        let mut permit = context.permit;
        // Cached since the admission: Kesion, which may be the same host, is not called while the
        // permit is held.
        let app_id = match permit.take() {
            Some(app_id) => app_id,
            None => self.account.app_id().await?,
        };
        let user = self.source.user(permit, &app_id, code).await?;
        let valid_until = user.expires_at();
        Ok(Verified::new(user).valid_until(valid_until))
    }

    async fn admit(&self) -> Result<Permit, Error> {
        let app_id = self.account.app_id();
        let (app_id, permit) = self.source.permits().acquire_after(app_id).await?;
        Ok(permit.carrying(app_id))
    }

    fn supports(&self, user_agent: UserAgent) -> bool {
        self.any_browser || self.page == Page::Website || user_agent.has_web_login()
    }

    fn allows_silent_login(&self, user_agent: UserAgent) -> bool {
        self.page.is_silent()
            && self.silent_login != Some(false)
            && self.supports(user_agent)
            && self.account.allows_silent_login(self.silent_login)
    }
}
