//! WeChat users, through the silent page of an official account and the openid binding check.

use super::IdentityProvider;
use crate::client::binding::BindingClient;
use crate::client::{BaseUrl, Permit, encoded};
use crate::clock::Timestamp;
use crate::error::{ConfigError, ConfigErrorKind, Error, ErrorKind};
use crate::identity::WechatUser;
#[cfg(feature = "memory")]
use crate::official_account::SchoolAccount;
use crate::request::UserAgent;
use crate::secret::AuthorizationCode;

const NAME: &str = "wechat";
const AUTHORIZE_URL: &str = "https://open.weixin.qq.com/connect/oauth2/authorize";

/// Logs WeChat users in: WeChat's authorization page (网页授权) gives the code, the operator's binding service says
/// whose openid it is and whether that is bound to an account.
///
/// The login is silent with [`Scope::Base`]: the person sees nothing of it. It works in WeChat's own browser only;
/// in others the login page says so. WeChat compares the host of the redirect URI with the one that is registered
/// for the account, exactly, and takes no port.
///
/// WeChat wants `#wechat_redirect` at the end of its address, and a browser keeps that fragment through all redirects
/// (Fetch §4.4): it is still there on the page after the login, unless the return target has a fragment of its own. A
/// page that routes by hash names its route in `return_to`.
///
/// Being logged in is not being bound: [`Authenticated<WechatUser>`](crate::session::Authenticated) alone, or a guard
/// for `logged_in`, lets in everybody who has WeChat. [`GuardLayer::bound`](crate::guard::GuardLayer::bound) asks for an
/// account.
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
/// let for_those_who_are_bound = GuardLayer::<WechatUser>::bound("/bind");
/// # Ok::<_, tower_weika::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct WechatUserProvider {
    binding: BindingClient,
    app_id: Option<Box<str>>,
    application: Box<str>,
    #[cfg(feature = "memory")]
    school: Option<SchoolAccount>,
    authorize_url: BaseUrl,
    scope: Scope,
    auto_login: Option<bool>,
    any_browser: bool,
    name: Box<str>,
}

/// What WeChat's page asks for (应用授权作用域).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Scope {
    /// `snsapi_base`: the openid, without asking the person.
    #[default]
    Base,
    /// `snsapi_userinfo`: the person is asked for name and picture. WeChat may show a snapshot of the page then
    /// (快照页), whose openid belongs to nobody: do not bind accounts to it.
    UserInfo,
}

impl Scope {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Base => "snsapi_base",
            Self::UserInfo => "snsapi_userinfo",
        }
    }
}

impl WechatUserProvider {
    /// Settings; the official account has to be named, by its APPID or by whom to ask.
    pub fn builder(binding: BindingClient) -> WechatUserProviderBuilder {
        WechatUserProviderBuilder {
            binding,
            app_id: None,
            application: None,
            #[cfg(feature = "memory")]
            school: None,
            authorize_url: AUTHORIZE_URL.to_owned(),
            allow_http: false,
            scope: Scope::default(),
            auto_login: None,
            any_browser: false,
            name: NAME.into(),
        }
    }

    /// The client of the binding service, for the operator's other calls.
    #[must_use]
    pub fn binding(&self) -> &BindingClient {
        &self.binding
    }

    async fn app_id(&self) -> Result<Box<str>, Error> {
        #[cfg(feature = "memory")]
        if let (None, Some(school)) = (&self.app_id, &self.school) {
            return kesion::app_id(school).await;
        }
        // The builder has made sure that one of the two is there.
        self.app_id
            .clone()
            .ok_or_else(|| Error::new(ErrorKind::Internal, "no official account is named"))
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

    fn code_parameter(&self) -> &'static str {
        "code"
    }

    async fn authorize_url(&self, redirect_uri: &str, state: &str) -> Result<String, Error> {
        let app_id = self.app_id().await?;
        let (app_id, redirect_uri, state) =
            (encoded(&app_id), encoded(redirect_uri), encoded(state));
        // WeChat matches the whole with a regular expression: this order and no other, and the fragment.
        Ok(self.authorize_url.join(&format!(
            "?appid={app_id}&redirect_uri={redirect_uri}&response_type=code&scope={}&state={state}#wechat_redirect",
            self.scope.as_str(),
        )))
    }

    async fn exchange(&self, code: AuthorizationCode) -> Result<WechatUser, Error> {
        let app_id = self.app_id().await?;
        self.binding.check(&app_id, code).await
    }

    async fn admit(&self) -> Result<Permit, Error> {
        self.binding
            .permits()
            .acquire_after(self.app_id())
            .await
            .map(|(app_id, permit)| permit.carrying(app_id))
    }

    async fn exchange_with_permit(
        &self,
        mut permit: Permit,
        code: AuthorizationCode,
    ) -> Result<WechatUser, Error> {
        // Known since the admission: Kesion, which may be the same host, is not called while the permit is held.
        let app_id = match permit.take() {
            Some(app_id) => app_id,
            None => self.app_id().await?,
        };
        self.binding.check_with(permit, &app_id, code).await
    }

    fn valid_until(&self, user: &WechatUser) -> Option<Timestamp> {
        user.expires_at()
    }

    fn supports(&self, browser: UserAgent) -> bool {
        self.any_browser || browser.has_web_login()
    }

    fn allows_silent_login(&self, browser: UserAgent) -> bool {
        if !self.supports(browser) || self.scope != Scope::Base || self.auto_login == Some(false) {
            return false;
        }
        #[cfg(feature = "memory")]
        if let Some(school) = &self.school {
            return kesion::allows_silent_login(school, self.auto_login);
        }
        self.auto_login == Some(true)
    }
}

#[cfg(feature = "memory")]
mod kesion {
    use crate::error::{Error, ErrorKind};
    use crate::identity::AccountAuthorization;
    use crate::official_account::SchoolAccount;
    use crate::trace;

    const CONTEXT: &str = "official account of the login";

    pub(super) async fn app_id(account: &SchoolAccount) -> Result<Box<str>, Error> {
        // An APPID stays for years: what is known will do, while somebody asks whether it still holds.
        if let Some(AccountAuthorization::Authorized(account)) = account.known() {
            return Ok(account.app_id.as_str().into());
        }
        let authorization = account
            .get()
            .await
            .map_err(|error| error.before_the_code(CONTEXT))?;
        let missing = match authorization {
            AccountAuthorization::Authorized(account) => {
                if !account.can_web_oauth() {
                    trace::warn!(app_id = %account.app_id, "WeChat will most likely refuse this account's logins");
                }
                return Ok(account.app_id.as_str().into());
            }
            AccountAuthorization::NotAuthorized { .. } => {
                "the school has not authorized an official account"
            }
            AccountAuthorization::NotOpened => "the school has no official accounts at Kesion",
        };
        Err(Error::new(ErrorKind::Configuration, CONTEXT).with_source(missing))
    }

    /// Kesion's switch (`iswechatautologin`), unless `configured`. Nobody is sent to WeChat unasked if that could
    /// end on an error page there, or as long as nothing is known.
    pub(super) fn allows_silent_login(account: &SchoolAccount, configured: Option<bool>) -> bool {
        match account.known() {
            Some(AccountAuthorization::Authorized(account)) => {
                account.can_web_oauth() && configured.unwrap_or_else(|| account.auto_login)
            }
            _ => false,
        }
    }
}

/// Settings of a [`WechatUserProvider`].
#[derive(Clone, Debug)]
#[must_use]
pub struct WechatUserProviderBuilder {
    binding: BindingClient,
    app_id: Option<Box<str>>,
    application: Option<Box<str>>,
    #[cfg(feature = "memory")]
    school: Option<SchoolAccount>,
    authorize_url: String,
    allow_http: bool,
    scope: Scope,
    auto_login: Option<bool>,
    any_browser: bool,
    name: Box<str>,
}

impl WechatUserProviderBuilder {
    /// The APPID of the official account (公众号APPID).
    pub fn app_id(self, app_id: impl Into<Box<str>>) -> Self {
        Self {
            app_id: Some(app_id.into()),
            ..self
        }
    }

    /// Takes APPID and auto-login switch (`iswechatautologin`) from what Kesion says of the school's account, unless
    /// they are set here. Without an APPID that is set, [`application`](Self::application) is required.
    #[cfg(feature = "memory")]
    pub fn official_account(self, account: SchoolAccount) -> Self {
        Self {
            school: Some(account),
            ..self
        }
    }

    /// The name of the [application](IdentityProvider::application) that sessions belong to. Default: the APPID. Where
    /// that comes from Kesion it may change, so a name of the school is required here. It stays the same as long as
    /// sessions shall, and is not the school's token, which is a secret.
    pub fn application(self, application: impl Into<Box<str>>) -> Self {
        Self {
            application: Some(application.into()),
            ..self
        }
    }

    /// WeChat's authorization page. Default: `https://open.weixin.qq.com/connect/oauth2/authorize`.
    pub fn authorize_url(self, url: impl Into<String>) -> Self {
        Self {
            authorize_url: url.into(),
            ..self
        }
    }

    /// Allows plain http in [`authorize_url`](Self::authorize_url) for other machines than this one.
    pub fn allow_http(self) -> Self {
        Self {
            allow_http: true,
            ..self
        }
    }

    /// What the page asks for. Default: [`Scope::Base`].
    pub fn scope(self, scope: Scope) -> Self {
        Self { scope, ..self }
    }

    /// Whether strangers in WeChat may be logged in without being asked, where
    /// [`LoginLayer::auto_login`](crate::login::LoginLayer::auto_login) is applied. Default: what Kesion says, or
    /// no. With [`Scope::UserInfo`] never, because the person would be asked.
    pub fn auto_login(self, is_on: bool) -> Self {
        Self {
            auto_login: Some(is_on),
            ..self
        }
    }

    /// Begins a login in any browser, for development with a sandbox: WeChat itself turns other browsers away.
    pub fn any_browser(self) -> Self {
        Self {
            any_browser: true,
            ..self
        }
    }

    /// The [name](IdentityProvider::name) of the provider. Default: `wechat`. A second official account on one
    /// site needs another one, and routes of its own: around the same routes, two layers of one identity type would
    /// take each other's users away.
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
    pub fn build(self) -> Result<WechatUserProvider, ConfigError> {
        let mut errors = Vec::new();
        let authorize_url = BaseUrl::parse("authorize_url", &self.authorize_url, self.allow_http);
        let authorize_url = authorize_url.map_err(|mistake| errors.push(mistake)).ok();
        #[cfg(feature = "memory")]
        let is_named = self.school.is_some();
        #[cfg(not(feature = "memory"))]
        let is_named = false;
        match &self.app_id {
            None if !is_named => {
                errors.push(ConfigErrorKind::Missing("app_id (or official_account)"))
            }
            Some(app_id) if app_id.is_empty() => errors.push(ConfigErrorKind::Missing("app_id")),
            Some(app_id) if !app_id.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                let (value, expected) = (app_id.to_string(), "letters and digits");
                errors.push(ConfigErrorKind::InvalidCharacters {
                    name: "app_id",
                    value,
                    expected,
                });
            }
            Some(_) | None => {}
        }
        let application = self
            .application
            .or_else(|| self.app_id.clone())
            .unwrap_or_default();
        if application.is_empty() && (is_named || self.app_id.is_some()) {
            errors.push(ConfigErrorKind::Missing(
                "application (a name of the school, as the APPID comes from Kesion)",
            ));
        }
        match authorize_url {
            Some(authorize_url) if errors.is_empty() => Ok(WechatUserProvider {
                binding: self.binding,
                app_id: self.app_id,
                application,
                #[cfg(feature = "memory")]
                school: self.school,
                authorize_url,
                scope: self.scope,
                auto_login: self.auto_login,
                any_browser: self.any_browser,
                name: self.name,
            }),
            _ => Err(ConfigError::of(errors)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn builder() -> WechatUserProviderBuilder {
        WechatUserProvider::builder(
            BindingClient::builder("https://binding.example")
                .build()
                .unwrap(),
        )
    }

    #[tokio::test]
    async fn authorize_url_has_wechats_order_and_ends_with_its_fragment() {
        let provider = builder().app_id("wx0123456789abcdef").build().unwrap();
        let url = provider
            .authorize_url("https://campus.example/auth/wechat/callback", "S7a7e")
            .await
            .unwrap();
        assert_eq!(
            url,
            "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx0123456789abcdef\
             &redirect_uri=https%3A%2F%2Fcampus.example%2Fauth%2Fwechat%2Fcallback\
             &response_type=code&scope=snsapi_base&state=S7a7e#wechat_redirect"
        );
        let asking = builder()
            .app_id("wx0")
            .scope(Scope::UserInfo)
            .build()
            .unwrap();
        assert!(
            asking
                .authorize_url("https://c.example/", "S")
                .await
                .unwrap()
                .contains("&scope=snsapi_userinfo&")
        );
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let error = builder()
            .authorize_url("http://wechat.example/authorize")
            .build()
            .unwrap_err();
        assert_eq!(error.errors().len(), 2, "{error}");
        assert!(
            builder()
                .app_id("wx0")
                .authorize_url("http://wechat.example/a")
                .allow_http()
                .build()
                .is_ok()
        );
        for app_id in ["", "wx 0", "wx0&x=1", "wx0#"] {
            assert!(builder().app_id(app_id).build().is_err(), "{app_id}");
        }
    }

    #[cfg(feature = "memory")]
    #[tokio::test]
    async fn s1_application_is_the_appid_or_a_configured_name() {
        use crate::client::kesion::KesionClient;
        use crate::official_account::OfficialAccounts;
        use crate::secret::AppToken;

        assert_eq!(
            builder().app_id("wx0").build().unwrap().application(),
            "wx0"
        );
        assert_eq!(
            builder()
                .app_id("wx0")
                .application("campus")
                .build()
                .unwrap()
                .application(),
            "campus"
        );
        let kesion = KesionClient::builder("https://kesion.example")
            .build()
            .unwrap();
        let school = OfficialAccounts::new(kesion).school(AppToken::new("secret-token"));
        let error = builder()
            .official_account(school.clone())
            .build()
            .unwrap_err();
        assert!(error.to_string().contains("application"), "{error}");
        assert!(
            builder()
                .official_account(school.clone())
                .application("")
                .build()
                .is_err()
        );
        let provider = builder()
            .official_account(school)
            .application("campus")
            .build()
            .unwrap();
        assert_eq!(provider.application(), "campus");
    }

    #[test]
    fn other_browsers_are_turned_away_unless_that_is_wanted() {
        let provider = builder().app_id("wx0").build().unwrap();
        assert!(
            provider.supports(UserAgent::WechatPhone)
                && provider.supports(UserAgent::MiniProgramPage)
        );
        for other in [
            UserAgent::Other,
            UserAgent::Wecom,
            UserAgent::MiniProgramRuntime,
        ] {
            assert!(!provider.supports(other), "{other:?}");
            assert!(
                builder()
                    .app_id("wx0")
                    .any_browser()
                    .build()
                    .unwrap()
                    .supports(other)
            );
        }
    }

    #[test]
    fn nobody_is_logged_in_unasked_unless_it_is_switched_on_and_silent() {
        let phone = UserAgent::WechatPhone;
        assert!(
            !builder()
                .app_id("wx0")
                .build()
                .unwrap()
                .allows_silent_login(phone)
        );
        let on = builder().app_id("wx0").auto_login(true);
        assert!(on.clone().build().unwrap().allows_silent_login(phone));
        assert!(
            !on.clone()
                .build()
                .unwrap()
                .allows_silent_login(UserAgent::Other)
        );
        assert!(
            !on.scope(Scope::UserInfo)
                .build()
                .unwrap()
                .allows_silent_login(phone)
        );
    }
}
