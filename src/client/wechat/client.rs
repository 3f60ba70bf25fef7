use std::fmt;
use std::sync::Arc;

use super::super::connection::{Connection, encoded};
use super::super::envelope::{Envelope, object};
use super::super::permits::{Permit, Permits};
use super::builder::WechatClientBuilder;
use super::response;
use crate::error::Error;
use crate::identity::WechatUser;
use crate::secret::{AppSecret, AuthorizationCode};

const CONTEXT: &str = "wechat user";

/// Client of WeChat's API for one application. Cheap to clone.
///
/// See the [module](super) for the rules and an example.
#[derive(Clone)]
pub struct WechatClient(Arc<Inner>);

pub(super) struct Inner {
    pub(super) connection: Connection,
    pub(super) envelope: Envelope,
    pub(super) app_id: Box<str>,
    pub(super) app_secret: AppSecret,
    pub(super) allow_snapshot_users: bool,
}

impl WechatClient {
    /// Returns a builder for the official account (公众号) or the website application (网站应用)
    /// with this APPID and this secret (AppSecret, 开发者密钥).
    pub fn builder(
        app_id: impl Into<Box<str>>,
        app_secret: impl Into<AppSecret>,
    ) -> WechatClientBuilder {
        WechatClientBuilder::new(app_id.into(), app_secret.into())
    }

    pub(super) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Returns the APPID.
    #[must_use]
    pub fn app_id(&self) -> &str {
        &self.0.app_id
    }

    /// Exchanges the code for the WeChat user to whom it was issued.
    ///
    /// # Errors
    ///
    /// * [`InvalidCode`](crate::ErrorKind::InvalidCode): the code is used, expired or of another
    ///   application.
    /// * [`Denied`](crate::ErrorKind::Denied): WeChat shows the user a snapshot; see
    ///   [`allow_snapshot_users`](WechatClientBuilder::allow_snapshot_users).
    /// * [`Configuration`](crate::ErrorKind::Configuration): the secret is wrong, or the IP address
    ///   of this server is not in WeChat's list.
    /// * [`Lost`](crate::ErrorKind::Lost), [`Timeout`](crate::ErrorKind::Timeout): the code may be
    ///   consumed; it is not sent again.
    /// * [`Connect`](crate::ErrorKind::Connect): two attempts to connect failed; the code is not
    ///   consumed.
    /// * [`Busy`](crate::ErrorKind::Busy): the user may try again later, with a new code.
    /// * [`Overloaded`](crate::ErrorKind::Overloaded): too many calls to this host are in progress;
    ///   nothing was sent.
    ///
    /// See [`ErrorKind`](crate::ErrorKind) for the rest.
    pub async fn user(&self, code: AuthorizationCode) -> Result<WechatUser, Error> {
        let permit = self.permits().acquire().await?;
        self.user_with(permit, code).await
    }

    /// Returns the permits for calls to WeChat's host, for monitoring.
    #[must_use]
    pub fn permits(&self) -> &Permits {
        &self.0.connection.permits
    }

    /// [`user`](Self::user) with a permit, which returns to its pool when the call ends.
    pub(crate) async fn user_with(
        &self,
        permit: Permit,
        code: AuthorizationCode,
    ) -> Result<WechatUser, Error> {
        let Inner {
            connection,
            envelope,
            app_id,
            app_secret,
            allow_snapshot_users,
        } = &*self.0;
        let url = connection.base.join(&format!(
            "/sns/oauth2/access_token?appid={}&secret={}&code={}&grant_type=authorization_code",
            encoded(app_id),
            encoded(app_secret.expose()),
            encoded(code.expose()),
        ));
        let response = connection.get_or_reconnect(&url, CONTEXT).await;
        drop(permit);
        let response = response?;
        // The exception to the rule that a success has an error code (E2): the documents of this
        // endpoint, `/sns/oauth2/access_token`, show none.
        let object = envelope.accept_without_errcode(object(&response, CONTEXT)?, CONTEXT)?;
        let user = response::wechat_user(&object, app_id, CONTEXT)?;
        if user.is_snapshot_user && !allow_snapshot_users {
            return Err(response::snapshot_user());
        }
        Ok(user)
    }
}

impl fmt::Debug for WechatClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WechatClient")
            .field("base_url", &self.0.connection.base)
            .field("app_id", &self.0.app_id)
            .finish_non_exhaustive()
    }
}
