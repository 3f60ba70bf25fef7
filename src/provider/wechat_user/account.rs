//! The application of the login: a fixed APPID, with or without its secret, or the official account
//! that Kesion reports for a school.

use crate::error::{ConfigErrorKind, Error, ErrorKind};
#[cfg(feature = "memory")]
use crate::identity::{AccountAuthorization, OfficialAccount};
#[cfg(feature = "memory")]
use crate::official_account::SchoolAccount;
#[cfg(feature = "memory")]
use crate::trace::warn;

const CONTEXT: &str = "official account of the login";

#[derive(Clone, Debug, Default)]
pub(super) struct Account {
    pub(super) app_id: Option<Box<str>>,
    /// Whether the application has the secret of `app_id`, so that no other APPID can be used.
    #[cfg(feature = "memory")]
    has_secret: bool,
    #[cfg(feature = "memory")]
    pub(super) school: Option<SchoolAccount>,
}

impl Account {
    /// Returns the application with this APPID, whose secret is known.
    pub(super) fn with_secret(app_id: &str) -> Self {
        Self {
            app_id: Some(app_id.into()),
            #[cfg(feature = "memory")]
            has_secret: true,
            #[cfg(feature = "memory")]
            school: None,
        }
    }

    pub(super) fn check(&self, errors: &mut Vec<ConfigErrorKind>) {
        match &self.app_id {
            None if !self.has_school() => {
                errors.push(ConfigErrorKind::Missing("app_id (or official_account)"));
            }
            Some(app_id) if app_id.is_empty() => errors.push(ConfigErrorKind::Missing("app_id")),
            Some(app_id) if !app_id.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                errors.push(ConfigErrorKind::InvalidCharacters {
                    name: "app_id",
                    value: app_id.to_string(),
                    expected: "letters and digits",
                });
            }
            Some(_) | None => {}
        }
    }

    pub(super) fn has_school(&self) -> bool {
        #[cfg(feature = "memory")]
        return self.school.is_some();
        #[cfg(not(feature = "memory"))]
        return false;
    }

    /// Whether anything names the account.
    pub(super) fn is_named(&self) -> bool {
        self.app_id.is_some() || self.has_school()
    }

    /// Returns the APPID.
    pub(super) async fn app_id(&self) -> Result<Box<str>, Error> {
        if let Some(app_id) = &self.app_id {
            #[cfg(feature = "memory")]
            if let Some(school) = self.school.as_ref().filter(|_| self.has_secret) {
                check_secret_of(app_id, school).await?;
            }
            return Ok(app_id.clone());
        }
        #[cfg(feature = "memory")]
        if let Some(school) = &self.school {
            return app_id_of(school).await;
        }
        Err(Error::new(ErrorKind::Internal, CONTEXT).with_source("no official account is named"))
    }

    /// Whether visitors may be logged in silently: the setting, or else Kesion's switch
    /// (`iswechatautologin`). Never while the school's account is unknown or WeChat would show an
    /// error page.
    pub(super) fn allows_silent_login(&self, setting: Option<bool>) -> bool {
        #[cfg(feature = "memory")]
        if let Some(school) = &self.school {
            return match school.cached() {
                Some(AccountAuthorization::Authorized(account)) => {
                    account.can_web_oauth()
                        && self.secret_is_of(&account)
                        && setting.unwrap_or_else(|| account.auto_login)
                }
                _ => false,
            };
        }
        setting == Some(true)
    }

    #[cfg(feature = "memory")]
    fn secret_is_of(&self, account: &OfficialAccount) -> bool {
        !self.has_secret || self.app_id.as_deref() == Some(&*account.app_id)
    }
}

/// Fails if Kesion names another account than the one whose secret is configured. If Kesion does
/// not say, the login works without it.
#[cfg(feature = "memory")]
async fn check_secret_of(app_id: &str, school: &SchoolAccount) -> Result<(), Error> {
    let known = match school.cached() {
        Some(authorization) => Some(authorization),
        None => school.get().await.ok(),
    };
    match known {
        Some(AccountAuthorization::Authorized(account)) if *account.app_id != *app_id => {
            let text = format!(
                "the secret is of {app_id}, and Kesion names another official account ({}): configure the APPID and the \
                 secret of the account that the school has authorized",
                account.app_id
            );
            Err(Error::new(ErrorKind::Configuration, CONTEXT).with_source(text))
        }
        _ => Ok(()),
    }
}

#[cfg(feature = "memory")]
async fn app_id_of(school: &SchoolAccount) -> Result<Box<str>, Error> {
    let app_id = |account: &OfficialAccount| Box::from(&*account.app_id);
    // An APPID stays for years: a known one is used while it is refreshed.
    if let Some(AccountAuthorization::Authorized(account)) = school.cached() {
        return Ok(app_id(&account));
    }
    let authorization = school.get().await;
    let authorization = authorization.map_err(|error| error.before_the_code(CONTEXT))?;
    let missing = match authorization {
        AccountAuthorization::Authorized(account) => {
            if !account.can_web_oauth() {
                warn!(app_id = %account.app_id, "wechat: the official account is not known to be a verified service account; WeChat will most likely reject its logins");
            }
            return Ok(app_id(&account));
        }
        AccountAuthorization::NotAuthorized { .. } => {
            "the school has not authorized an official account"
        }
        AccountAuthorization::NotOpened => "the school has no official accounts at Kesion",
    };
    Err(Error::new(ErrorKind::Configuration, CONTEXT).with_source(missing))
}
