use super::account::Account;
use super::{Scope, WechatUserProvider};
use crate::client::BaseUrl;
use crate::client::binding::BindingClient;
use crate::error::{ConfigError, ConfigErrorKind};
#[cfg(feature = "memory")]
use crate::official_account::SchoolAccount;

const NAME: &str = "wechat";
const AUTHORIZE_URL: &str = "https://open.weixin.qq.com/connect/oauth2/authorize";

/// Settings of a [`WechatUserProvider`].
#[derive(Clone, Debug)]
#[must_use]
pub struct WechatUserProviderBuilder {
    binding: BindingClient,
    account: Account,
    application: Option<Box<str>>,
    authorize_url: String,
    allow_http: bool,
    scope: Scope,
    silent_login: Option<bool>,
    any_browser: bool,
    name: Box<str>,
}

impl WechatUserProviderBuilder {
    pub(super) fn new(binding: BindingClient) -> Self {
        Self {
            binding,
            account: Account::default(),
            application: None,
            authorize_url: AUTHORIZE_URL.to_owned(),
            allow_http: false,
            scope: Scope::default(),
            silent_login: None,
            any_browser: false,
            name: NAME.into(),
        }
    }

    /// Sets the APPID of the official account (公众号APPID).
    pub fn app_id(mut self, app_id: impl Into<Box<str>>) -> Self {
        self.account.app_id = Some(app_id.into());
        self
    }

    /// Takes APPID and auto-login switch (`iswechatautologin`) from Kesion's description of the
    /// school's account, unless they are set here. Without an APPID that is set,
    /// [`application`](Self::application) is required.
    #[cfg(feature = "memory")]
    pub fn official_account(mut self, account: SchoolAccount) -> Self {
        self.account.school = Some(account);
        self
    }

    /// Sets the name of the [application](crate::provider::IdentityProvider::application) that
    /// sessions belong to. Default: the APPID. Where that comes from Kesion it may change, so a
    /// name of the school is required here. All sessions expire when it changes. The school's token
    /// is a secret and no such name.
    pub fn application(self, application: impl Into<Box<str>>) -> Self {
        Self {
            application: Some(application.into()),
            ..self
        }
    }

    /// Sets WeChat's authorization page. Default:
    /// `https://open.weixin.qq.com/connect/oauth2/authorize`.
    pub fn authorize_url(self, url: impl Into<String>) -> Self {
        Self {
            authorize_url: url.into(),
            ..self
        }
    }

    /// Allows plain http in [`authorize_url`](Self::authorize_url) for other machines than this
    /// one.
    pub fn allow_http(self) -> Self {
        Self {
            allow_http: true,
            ..self
        }
    }

    /// Sets the scope that the page requests from the user. Default: [`Scope::Base`].
    pub fn scope(self, scope: Scope) -> Self {
        Self { scope, ..self }
    }

    /// Sets whether unauthenticated visitors in WeChat may be logged in silently, where
    /// [`LoginLayer::silent_login`](crate::login::LoginLayer::silent_login) is applied. Default:
    /// Kesion's switch (`iswechatautologin`), else no. Never with [`Scope::UserInfo`], because
    /// WeChat would show a page to the user.
    pub fn silent_login(self, is_on: bool) -> Self {
        Self {
            silent_login: Some(is_on),
            ..self
        }
    }

    /// Begins a login in any browser, for development with a sandbox: WeChat itself rejects other
    /// browsers.
    pub fn any_browser(self) -> Self {
        Self {
            any_browser: true,
            ..self
        }
    }

    /// Sets the [name](crate::provider::IdentityProvider::name) of the provider. Default: `wechat`.
    /// A second official account in one application needs another name and separate routes: around
    /// the same routes, each of two layers of one identity type would remove the identity that the
    /// other one inserted.
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
    pub fn build(self) -> Result<WechatUserProvider, ConfigError> {
        let mut errors = Vec::new();
        let authorize_url = BaseUrl::parse("authorize_url", &self.authorize_url, self.allow_http);
        let authorize_url = authorize_url.map_err(|error| errors.push(error)).ok();
        self.account.check(&mut errors);
        let application = self.application.or_else(|| self.account.app_id.clone());
        let application = application.unwrap_or_default();
        if application.is_empty() && self.account.is_named() {
            errors.push(ConfigErrorKind::Missing(
                "application (a name of the school, as the APPID comes from Kesion)",
            ));
        }
        match authorize_url {
            Some(authorize_url) if errors.is_empty() => Ok(WechatUserProvider {
                binding: self.binding,
                account: self.account,
                application,
                authorize_url,
                scope: self.scope,
                silent_login: self.silent_login,
                any_browser: self.any_browser,
                name: self.name,
            }),
            _ => Err(ConfigError::of(errors)),
        }
    }
}
