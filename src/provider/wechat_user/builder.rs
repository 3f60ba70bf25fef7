use super::account::Account;
use super::page::Page;
use super::source::Source;
use super::{Scope, WechatUserProvider};
use crate::client::BaseUrl;
use crate::client::binding::BindingClient;
use crate::client::wechat::WechatClient;
use crate::error::{ConfigError, ConfigErrorKind};
#[cfg(feature = "memory")]
use crate::official_account::SchoolAccount;

/// Settings of a [`WechatUserProvider`].
#[derive(Clone, Debug)]
#[must_use]
pub struct WechatUserProviderBuilder {
    source: Source,
    page: Page,
    account: Account,
    application: Option<Box<str>>,
    authorize_url: Option<String>,
    allow_http: bool,
    silent_login: Option<bool>,
    any_browser: bool,
    name: Option<Box<str>>,
}

impl WechatUserProviderBuilder {
    pub(super) fn with_binding(binding: BindingClient) -> Self {
        let page = Page::OfficialAccount(Scope::default());
        Self::new(Source::Binding(binding), page, Account::default())
    }

    pub(super) fn with_secret(client: WechatClient, page: Page) -> Self {
        let account = Account::with_secret(client.app_id());
        Self::new(Source::Wechat(client), page, account)
    }

    fn new(source: Source, page: Page, account: Account) -> Self {
        Self {
            source,
            page,
            account,
            application: None,
            authorize_url: None,
            allow_http: false,
            silent_login: None,
            any_browser: false,
            name: None,
        }
    }

    /// Sets the APPID of the official account (公众号APPID). With a secret it is that of the
    /// [`WechatClient`], and is not set here.
    pub fn app_id(mut self, app_id: impl Into<Box<str>>) -> Self {
        self.account.app_id = Some(app_id.into());
        self
    }

    /// Takes APPID and auto-login switch (`iswechatautologin`) from Kesion's description of the
    /// school's account, unless they are set here. Without an APPID that is set,
    /// [`application`](Self::application) is required.
    ///
    /// With a secret, logins fail with [`Configuration`](crate::ErrorKind::Configuration) while
    /// Kesion names another APPID than that of the secret, and work while Kesion does not answer.
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
    /// `https://open.weixin.qq.com/connect/oauth2/authorize`, and of a website application
    /// `https://open.weixin.qq.com/connect/qrconnect`.
    pub fn authorize_url(self, url: impl Into<String>) -> Self {
        Self {
            authorize_url: Some(url.into()),
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

    /// Sets the scope that the page requests from the user. Default: [`Scope::Base`]. Ignored for
    /// a website application, which has one scope (`snsapi_login`).
    pub fn scope(mut self, scope: Scope) -> Self {
        if let Page::OfficialAccount(current) = &mut self.page {
            *current = scope;
        }
        self
    }

    /// Sets whether unauthenticated visitors in WeChat may be logged in silently, where
    /// [`LoginLayer::silent_login`](crate::login::LoginLayer::silent_login) is applied. Default:
    /// Kesion's switch (`iswechatautologin`), else no. Never with [`Scope::UserInfo`] or a website
    /// application, because WeChat would show a page to the user.
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

    /// Sets the [name](crate::provider::IdentityProvider::name) of the provider. Default: `wechat`,
    /// and of a website application `wechat-desk`. A second official account in one application needs another name and separate routes: around
    /// the same routes, each of two layers of one identity type would remove the identity that the
    /// other one inserted. [`map`](crate::provider::IdentityProvider::map) gives one of them another
    /// type.
    pub fn name(self, name: impl Into<Box<str>>) -> Self {
        Self {
            name: Some(name.into()),
            ..self
        }
    }

    /// Checks all settings and builds the provider.
    ///
    /// # Errors
    /// If a setting is invalid: all configuration errors at once.
    pub fn build(self) -> Result<WechatUserProvider, ConfigError> {
        let mut errors = Vec::new();
        let page = self.page;
        let authorize_url = self
            .authorize_url
            .unwrap_or_else(|| page.address().to_owned());
        let authorize_url = BaseUrl::parse("authorize_url", &authorize_url, self.allow_http);
        let authorize_url = authorize_url.map_err(|error| errors.push(error)).ok();
        self.account.check(&mut errors);
        check_source(&self.source, page, &self.account, &mut errors);
        let application = self.application.or_else(|| self.account.app_id.clone());
        let application = application.unwrap_or_default();
        if application.is_empty() && self.account.is_named() {
            errors.push(ConfigErrorKind::Missing(
                "application (a name of the school, as the APPID comes from Kesion)",
            ));
        }
        match authorize_url {
            Some(authorize_url) if errors.is_empty() => Ok(WechatUserProvider {
                source: self.source,
                page,
                account: self.account,
                application,
                authorize_url,
                silent_login: self.silent_login,
                any_browser: self.any_browser,
                name: self.name.unwrap_or_else(|| page.provider_name().into()),
            }),
            _ => Err(ConfigError::of(errors)),
        }
    }
}

/// Checks that the settings agree with the secret.
fn check_source(source: &Source, page: Page, account: &Account, errors: &mut Vec<ConfigErrorKind>) {
    if let (Source::Wechat(client), Some(app_id)) = (source, &account.app_id)
        && **app_id != *client.app_id()
    {
        errors.push(ConfigErrorKind::OutOfRange {
            name: "app_id",
            value: app_id.to_string(),
            expected: "the APPID of the WechatClient, whose secret it has",
        });
    }
    if page == Page::Website && account.has_school() {
        errors.push(ConfigErrorKind::OutOfRange {
            name: "official_account",
            value: "set".to_owned(),
            expected: "unset for a website application, which is no official account",
        });
    }
}
