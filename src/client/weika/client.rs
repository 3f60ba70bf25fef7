//! The client: the endpoints with the token cache before them.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use super::super::connection::json;
use super::super::envelope::check_identifiers;
use super::super::permits::{Permit, Permits};
use super::answer;
use super::builder::WeikaClientBuilder;
use super::endpoint::{Endpoint, WeikaTokenSource};
use super::service::ManagerInfo;
use crate::coordination::Coordinator;
use crate::error::{ConfigErrorKind, Error, ErrorKind};
use crate::identity::Manager;
use crate::secret::{AppSecret, AuthorizationCode};
use crate::token::{AccessToken, CurrentToken, IssuedToken, TokenCache};
use crate::trace;

/// One application at Weika. Cheap to clone; clones share the token.
///
/// See the [module](super) for the rules and an example.
#[derive(Clone)]
pub struct WeikaClient {
    endpoint: Arc<Endpoint>,
    tokens: TokenCache<WeikaTokenSource>,
}

impl WeikaClient {
    /// Settings for the application with this key and secret (授权凭证, 授权凭证密钥).
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

    /// The key of the application (授权凭证). No secret.
    #[must_use]
    pub fn app_key(&self) -> &str {
        &self.endpoint.app_key
    }

    /// Where to send a manager's browser. It comes back to `redirect_uri` with `wxcode` and `state`.
    ///
    /// `redirect_uri` should have no query of its own: the documents do not say how theirs is appended.
    #[must_use]
    pub fn authorize_url(&self, redirect_uri: &str, state: &str) -> String {
        self.endpoint.authorize_url(redirect_uri, state)
    }

    /// Asks for a new token, past the cache and the coordinator. It may end the one that they have.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] if key or secret are wrong; see [`ErrorKind`] for the rest.
    pub async fn fetch_access_token(&self) -> Result<IssuedToken, Error> {
        self.endpoint.fetch_access_token().await
    }

    /// The application's token, from the cache.
    ///
    /// # Errors
    ///
    /// Those of [`fetch_access_token`](Self::fetch_access_token), also while a failure is backed off from. With a
    /// [coordinator](Self::attach_coordinator) also [`ErrorKind::Busy`], if tokens do not live long and another one
    /// would be fetched too soon, and [`ErrorKind::Unresponsive`], if the coordinator is unreachable and this instance
    /// has just fetched one.
    pub async fn access_token(&self) -> Result<CurrentToken, Error> {
        self.tokens.get().await
    }

    /// The permits for calls to the base URL's host, for monitoring.
    #[must_use]
    pub fn permits(&self) -> &Permits {
        &self.endpoint.connection.permits
    }

    /// The token cache, for readiness probes and as a [`Service<()>`](tower_service::Service).
    #[must_use]
    pub fn tokens(&self) -> &TokenCache<WeikaTokenSource> {
        &self.tokens
    }

    /// Step 3: who the manager is (获取当前登录管理员身份态). Spends the code.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::InvalidCode`]: the code is spent, expired or foreign.
    /// * [`ErrorKind::Lost`], [`ErrorKind::Timeout`]: the code may be spent; it is not sent again.
    /// * [`ErrorKind::Connect`]: twice no connection; the code is not spent.
    /// * [`ErrorKind::TokenRejected`]: two tokens in a row were refused. Most likely another process fetches
    ///   tokens for the same key and each ends the other's, or the key has no right to this call.
    /// * Whatever [`access_token`](Self::access_token) reports; the code is not spent, and so a lost answer is a
    ///   [`Fault`](ErrorKind::Fault) here, and a late one [`Unresponsive`](ErrorKind::Unresponsive).
    /// * [`ErrorKind::Overloaded`]: too many calls to this host are under way; nothing was sent.
    pub async fn manager(&self, code: AuthorizationCode) -> Result<Manager, Error> {
        let permit = self.admit().await?;
        self.manager_with(permit, code).await
    }

    /// The access token at hand, then a permit for a call to the base URL's host.
    pub(crate) async fn admit(&self) -> Result<Permit, Error> {
        self.endpoint
            .connection
            .permits
            .acquire_after(self.token())
            .await
            .map(carrying)
    }

    /// [`manager`](Self::manager) with a permit, which ends with the call.
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
        answer::manager(&object, CONTEXT)
    }

    /// The same as a [`Service<AuthorizationCode>`](tower_service::Service).
    #[must_use]
    pub fn manager_service(&self) -> ManagerInfo {
        ManagerInfo::new(self.clone())
    }

    /// Any other call of Weika with the application's token: posts `body` to `path` and gives the whole answer
    /// if its `errcode` is 0.
    ///
    /// `host` is the [`School::host`](crate::identity::School::host) of the school that the call is about;
    /// `None` is the base URL. `path` is absolute, without query. The request may be sent twice, as in
    /// [`manager`](Self::manager), but never again after it may have taken effect.
    ///
    /// A string of the answer may contain U+FFFD in place of damaged text. If a member whose name ends in `id`, `code`,
    /// `key`, `number`, `secret` or `token` does, the answer is [`Malformed`](ErrorKind::Malformed).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ForbiddenHost`] if `host` is not on the list of those that may be called, before anything
    /// is sent; otherwise as [`manager`](Self::manager), with the [`upstream_code`](Error::upstream_code).
    pub async fn post_json(
        &self,
        host: Option<&str>,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<Map<String, Value>, Error> {
        const CONTEXT: &str = "weika call";

        let url = match host {
            Some(host) => self.endpoint.hosts.check(host)?.join_checked(path)?,
            None => self.endpoint.connection.base.join_checked(path)?,
        };
        let permits = self.endpoint.connection.permits_for(&url)?;
        let permit = permits.acquire_after(self.token()).await.map(carrying)?;
        let object = self
            .post_authorized(permit, &url, json(body, CONTEXT)?, CONTEXT)
            .await?;
        check_identifiers(&object, CONTEXT)?;
        Ok(object)
    }

    /// Sends a request with a fresh token: once, or once more after each of the two cases in which the first
    /// one cannot have taken effect. Keeps its permit while another token is fetched: that needs none, and a second
    /// wait could end without a permit, with the code still unused and its flow settled.
    async fn post_authorized(
        &self,
        mut permit: Permit,
        url: &str,
        body: Bytes,
        context: &'static str,
    ) -> Result<Map<String, Value>, Error> {
        let current = self.tokens.current().map(|token| (*token).clone());
        let mut token = match (current, permit.take()) {
            // Perhaps a newer one than at the admission.
            (Some(current), _) => current,
            // One without a usable lifetime serves those who waited for it, and is in no cache.
            (None, Some(admitted)) => admitted,
            (None, None) => self.token().await?,
        };
        let mut may_reconnect = true;
        let mut may_refresh = true;
        loop {
            let error = match self
                .endpoint
                .post_with(&token, url, body.clone(), context)
                .await
            {
                Ok(object) => return Ok(object),
                Err(error) => error,
            };
            match error.kind() {
                ErrorKind::Connect if may_reconnect => may_reconnect = false,
                ErrorKind::TokenRejected if may_refresh => {
                    may_refresh = false;
                    if let Some(suppressed) =
                        self.endpoint.refusals.admit(self.endpoint.clock.now())
                    {
                        trace::warn!(
                            error = %error.report(),
                            suppressed = %suppressed,
                            "weika refuses the access token, fetching another one"
                        );
                    }
                    self.tokens.invalidate(&token);
                    token = self.token().await?;
                }
                _ => return Err(error),
            }
        }
    }

    /// A token to keep for the length of a call.
    async fn token(&self) -> Result<AccessToken, Error> {
        const CONTEXT: &str = "weika access token";

        let token = self
            .tokens
            .get()
            .await
            .map_err(|error| error.before_the_code(CONTEXT))?;
        Ok((*token).clone())
    }
}

fn carrying((token, permit): (AccessToken, Permit)) -> Permit {
    permit.carrying(token)
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
