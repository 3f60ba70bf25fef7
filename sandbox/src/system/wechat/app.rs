//! Applications of WeChat: official accounts and website applications.

use std::fmt;

use sha2::{Digest, Sha256};

use super::authorize_request::AuthorizePage;

/// Application with its APPID and its secret.
pub(crate) struct WechatApp {
    pub(crate) app_id: String,
    pub(crate) secret: String,
    /// The page that gives it codes.
    pub(crate) page: AuthorizePage,
}

impl WechatApp {
    /// Returns an official account (公众号).
    pub(crate) fn official_account(app_id: impl Into<String>) -> Self {
        Self::new(app_id.into(), AuthorizePage::OfficialAccount)
    }

    /// Returns a website application (网站应用).
    pub(crate) fn website(app_id: impl Into<String>) -> Self {
        Self::new(app_id.into(), AuthorizePage::Website)
    }

    /// The secret has the form of WeChat's: 32 hexadecimal digits.
    fn new(app_id: String, page: AuthorizePage) -> Self {
        let digest = Sha256::new()
            .chain_update("sandbox secret")
            .chain_update([0])
            .chain_update(&app_id)
            .finalize();
        let secret = digest[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self {
            app_id,
            secret,
            page,
        }
    }
}

impl fmt::Debug for WechatApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WechatApp")
            .field("app_id", &self.app_id)
            .field("page", &self.page)
            .finish_non_exhaustive()
    }
}
