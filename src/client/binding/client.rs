use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use super::super::connection::{Connection, JSON, json};
use super::super::envelope::{Envelope, check_identifiers};
use super::super::permits::{Permit, Permits};
use super::builder::BindingClientBuilder;
use super::response::{self, UNBOUND};
use crate::clock::Clock;
use crate::error::Error;
use crate::identity::WechatUser;
use crate::secret::AuthorizationCode;

/// Client of one operator's service. Cheap to clone.
///
/// See the [module](super) for the rules and an example.
#[derive(Clone)]
pub struct BindingClient(Arc<Inner>);

pub(super) struct Inner {
    pub(super) connection: Connection,
    pub(super) envelope: Envelope,
    pub(super) company_users: bool,
    pub(super) clock: Clock,
}

impl BindingClient {
    /// Returns a builder for the service at `base_url`, which must be https, except on this
    /// machine.
    pub fn builder(base_url: impl Into<String>) -> BindingClientBuilder {
        BindingClientBuilder::new(base_url.into())
    }

    pub(super) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Exchanges the code for the WeChat user and the account that is linked to the user
    /// (获取openId判断绑定).
    ///
    /// `app_id` is the official account (微信公众号APPID) for which WeChat gave the code.
    ///
    /// # Errors
    ///
    /// * [`InvalidCode`](crate::ErrorKind::InvalidCode): the code is most likely used, expired or
    ///   of another application.
    /// * [`Lost`](crate::ErrorKind::Lost), [`Timeout`](crate::ErrorKind::Timeout): the code may be
    ///   consumed; it is not sent again.
    /// * [`Connect`](crate::ErrorKind::Connect): two attempts to connect failed; the code is not
    ///   consumed.
    /// * [`Busy`](crate::ErrorKind::Busy): the user may try again later, with a new code.
    /// * [`Overloaded`](crate::ErrorKind::Overloaded): too many calls to this host are in progress;
    ///   nothing was sent.
    /// * [`Malformed`](crate::ErrorKind::Malformed): for example, a bound user without a valid
    ///   credential.
    ///
    /// See [`ErrorKind`](crate::ErrorKind) for the rest.
    pub async fn check(&self, app_id: &str, code: AuthorizationCode) -> Result<WechatUser, Error> {
        let permit = self.permits().acquire().await?;
        self.check_with(permit, app_id, code).await
    }

    /// Returns the permits for calls to this service's host, for monitoring.
    #[must_use]
    pub fn permits(&self) -> &Permits {
        &self.0.connection.permits
    }

    /// [`check`](Self::check) with a permit, which returns to its pool when the call ends.
    pub(crate) async fn check_with(
        &self,
        permit: Permit,
        app_id: &str,
        code: AuthorizationCode,
    ) -> Result<WechatUser, Error> {
        const CONTEXT: &str = "openid binding check";

        #[derive(Serialize)]
        struct Body<'a> {
            appid: &'a str,
            code: &'a str,
            #[serde(rename = "companyFlag")]
            company_flag: u8,
        }

        let Inner {
            connection,
            envelope,
            company_users,
            clock,
        } = &*self.0;
        let body = Body {
            appid: app_id,
            code: code.expose(),
            company_flag: u8::from(*company_users),
        };
        let (url, body) = (
            connection.base.join("/app/wx/openId"),
            json(&body, CONTEXT)?,
        );
        let requested_at = clock.now();
        let response = connection
            .post_or_reconnect(&url, JSON, body, CONTEXT)
            .await;
        drop(permit);
        let response = response?;
        let (errcode, object) = envelope.open_or(&[UNBOUND], &response, CONTEXT)?;
        response::wechat_user(errcode, &object, app_id, requested_at, CONTEXT)
    }

    /// Makes any other call of the operator's service, such as those that send an SMS or bind a
    /// user: posts `body` to `path` and returns the whole response if its `code` is 0.
    ///
    /// `path` is absolute, without query. The request is sent once, and a second time only if the
    /// connection failed before anything was sent. An openid in `body` must come from a
    /// [`check`](Self::check), never from the browser: an attacker who can choose it takes over
    /// another user's login.
    ///
    /// A string of the response may contain U+FFFD in place of damaged text. If it is in a member
    /// whose name ends in `id`, `code`, `key`, `number`, `secret` or `token`, the response is
    /// [`Malformed`](crate::ErrorKind::Malformed).
    ///
    /// # Errors
    ///
    /// [`ForbiddenHost`](crate::ErrorKind::ForbiddenHost) if `path` is anything else, before a
    /// request is sent; otherwise as [`check`](Self::check), with the
    /// [`upstream_code`](Error::upstream_code).
    pub async fn post_json(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<Map<String, Value>, Error> {
        const CONTEXT: &str = "binding service call";

        let Inner {
            connection,
            envelope,
            ..
        } = &*self.0;
        let (url, body) = (connection.base.join_checked(path)?, json(body, CONTEXT)?);
        let permit = connection.permits.acquire().await?;
        let response = connection
            .post_or_reconnect(&url, JSON, body, CONTEXT)
            .await;
        drop(permit);
        let response = response?;
        let object = envelope.open(&response, CONTEXT)?;
        check_identifiers(&object, CONTEXT)?;
        Ok(object)
    }
}

impl fmt::Debug for BindingClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BindingClient")
            .field("base_url", &self.0.connection.base)
            .field("company_users", &self.0.company_users)
            .finish_non_exhaustive()
    }
}
