use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::super::connection::json;
use super::super::permits::{Permit, Permits};
use super::builder::WeikaClientBuilder;
use super::endpoint::{Endpoint, WeikaTokenSource};
use super::response;
use crate::coordination::Coordinator;
use crate::error::{ConfigErrorKind, Error};
use crate::identity::Manager;
use crate::secret::{AppSecret, AuthorizationCode};
use crate::token::{CurrentToken, IssuedToken, TokenCache};

/// Client of Weika for one application. Cheap to clone; clones share the access token.
///
/// See the [module](super) for the rules and an example.
#[derive(Clone)]
pub struct WeikaClient {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) tokens: TokenCache<WeikaTokenSource>,
}

impl WeikaClient {
    /// Returns a builder for the application with this key and secret (授权凭证, 授权凭证密钥).
    pub fn builder(
        app_key: impl Into<String>,
        app_secret: impl Into<AppSecret>,
    ) -> WeikaClientBuilder {
        WeikaClientBuilder::new(app_key.into(), app_secret.into())
    }

    pub(super) fn new(endpoint: Arc<Endpoint>, tokens: TokenCache<WeikaTokenSource>) -> Self {
        Self { endpoint, tokens }
    }

    /// Shares the access token with the other instances of the site, for this client and all its clones; see
    /// [`TokenCache::attach_coordinator`].
    ///
    /// A [login layer](crate::login::LoginLayer) does this for the client of its provider, if its store is shared.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::CoordinatorConflict`] if another coordinator is attached already.
    pub fn attach_coordinator(
        &self,
        coordinator: &Arc<dyn Coordinator>,
    ) -> Result<(), ConfigErrorKind> {
        self.tokens
            .attach_coordinator(coordinator, &self.endpoint.token_name())
    }

    /// Returns the key of the application (授权凭证), which is not secret.
    #[must_use]
    pub fn app_key(&self) -> &str {
        &self.endpoint.app_key
    }

    /// Returns the URL of the authorization page, which redirects the browser to `redirect_uri` with `wxcode` and
    /// `state`.
    ///
    /// `redirect_uri` should have no query: the documents do not say how Weika appends the parameters to one.
    #[must_use]
    pub fn authorize_url(&self, redirect_uri: &str, state: &str) -> String {
        self.endpoint.authorize_url(redirect_uri, state)
    }

    /// Fetches a new access token without the cache and the coordinator. This may invalidate the token that they hold.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) if key or secret are wrong; see
    /// [`ErrorKind`](crate::ErrorKind) for the rest.
    pub async fn fetch_access_token(&self) -> Result<IssuedToken, Error> {
        self.endpoint.fetch_access_token().await
    }

    /// Returns the application's access token, from the cache.
    ///
    /// # Errors
    ///
    /// Those of [`fetch_access_token`](Self::fetch_access_token), also during the back-off after a failure. With a
    /// [coordinator](Self::attach_coordinator) also [`Busy`](crate::ErrorKind::Busy), if tokens have a short lifetime and
    /// another one would be fetched too soon, and [`Unresponsive`](crate::ErrorKind::Unresponsive), if the coordinator is
    /// unreachable and this instance has just fetched one.
    pub async fn access_token(&self) -> Result<CurrentToken, Error> {
        self.tokens.get().await
    }

    /// Returns the permits for calls to the base URL's host, for monitoring.
    #[must_use]
    pub fn permits(&self) -> &Permits {
        &self.endpoint.connection.permits
    }

    /// Returns the token cache, for readiness probes and as a [`Service<()>`](tower_service::Service).
    #[must_use]
    pub fn tokens(&self) -> &TokenCache<WeikaTokenSource> {
        &self.tokens
    }

    /// Exchanges the code for the manager's identity (获取当前登录管理员身份态), step 3 of a login.
    ///
    /// # Errors
    ///
    /// * [`InvalidCode`](crate::ErrorKind::InvalidCode): the code is used, expired or of another application.
    /// * [`Lost`](crate::ErrorKind::Lost), [`Timeout`](crate::ErrorKind::Timeout): the code may be consumed; it is
    ///   not sent again.
    /// * [`Connect`](crate::ErrorKind::Connect): two attempts to connect failed; the code is not consumed.
    /// * [`TokenRejected`](crate::ErrorKind::TokenRejected): two access tokens in a row were rejected. Most likely
    ///   another process fetches tokens for the same key, so that each invalidates the other's, or the key has no right
    ///   to this call.
    /// * Every error of [`access_token`](Self::access_token); the code is not consumed, and so a lost response is a
    ///   [`Fault`](crate::ErrorKind::Fault) here, and a late one [`Unresponsive`](crate::ErrorKind::Unresponsive).
    /// * [`Overloaded`](crate::ErrorKind::Overloaded): too many calls to this host are in progress; nothing was sent.
    pub async fn manager(&self, code: AuthorizationCode) -> Result<Manager, Error> {
        let permit = self.admit().await?;
        self.manager_with(permit, code).await
    }

    /// Waits for the access token, then for a permit for a call to the base URL's host. The permit carries the token.
    pub(crate) async fn admit(&self) -> Result<Permit, Error> {
        self.endpoint
            .connection
            .permits
            .acquire_after(self.token())
            .await
            .map(|(token, permit)| permit.carrying(token))
    }

    /// [`manager`](Self::manager) with a permit, which returns to its pool when the call ends.
    pub(crate) async fn manager_with(
        &self,
        permit: Permit,
        code: AuthorizationCode,
    ) -> Result<Manager, Error> {
        const CONTEXT: &str = "weika manager info";

        #[derive(Serialize)]
        struct Body<'a> {
            wxcode: &'a str,
        }

        let body = json(
            &Body {
                wxcode: code.expose(),
            },
            CONTEXT,
        )?;
        let url = self
            .endpoint
            .connection
            .base
            .join("/open/cgi-bin/get-manager-info");
        let object = self.post_authorized(permit, &url, body, CONTEXT).await?;
        response::manager(&object, CONTEXT)
    }
}

impl fmt::Debug for WeikaClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeikaClient")
            .field("base_url", &self.endpoint.connection.base)
            .field("app_key", &self.endpoint.app_key)
            .field("tokens", &self.tokens)
            .finish_non_exhaustive()
    }
}
