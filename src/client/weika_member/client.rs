use std::fmt;
use std::sync::Arc;

use super::super::permits::{Permit, Permits};
use super::WeikaMemberClientBuilder;
use super::endpoint::{Endpoint, SchoolTokenSource};
use super::identity_types::IdentityTypes;
use crate::coordination::Coordinator;
use crate::error::{ConfigErrorKind, Error};
use crate::identity::Member;
use crate::secret::{AppSecret, AuthorizationCode};
use crate::token::{CurrentToken, TokenCache};

/// Client of Weika's member login for one application at one school. Cheap to clone; clones share
/// the school's token and its list of identity types.
///
/// See the [module](super) for the rules and an example.
#[derive(Clone)]
pub struct WeikaMemberClient {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) identity_types: IdentityTypes,
}

impl WeikaMemberClient {
    /// Returns a builder for the application with this key and secret (授权凭证, 授权凭证密钥) at
    /// the school with this `ocode` (主体代码, `school_code`).
    pub fn builder(
        app_key: impl Into<String>,
        app_secret: impl Into<AppSecret>,
        ocode: impl Into<String>,
    ) -> WeikaMemberClientBuilder {
        WeikaMemberClientBuilder::new(app_key.into(), app_secret.into(), ocode.into())
    }

    /// Returns the key of the application (授权凭证), which is not secret.
    #[must_use]
    pub fn app_key(&self) -> &str {
        &self.endpoint.app_key
    }

    /// Returns the code of the school (主体代码, `ocode`).
    #[must_use]
    pub fn school_code(&self) -> &str {
        &self.endpoint.school_code
    }

    /// Returns the URL of the authorization page in WeChat (H5), which redirects the browser to
    /// `redirect_uri` with `wxcode` and `state`.
    #[must_use]
    pub fn h5_authorize_url(&self, redirect_uri: &str, state: &str) -> String {
        let page = "/connect/oauth/authorize";
        self.endpoint.authorize_url(page, "", redirect_uri, state)
    }

    /// Returns the URL of the authorization page for all other browsers (PC): it shows a QR code,
    /// which the member scans with WeChat.
    #[must_use]
    pub fn pc_authorize_url(&self, redirect_uri: &str, state: &str) -> String {
        let (page, parameters) = ("/connect/oauth/pc-authorize", "&connect=curLogin");
        self.endpoint
            .authorize_url(page, parameters, redirect_uri, state)
    }

    /// Exchanges the code for the member: fetches the member's token, looks up the member once, and
    /// drops the token. `redirect_uri` is that of the authorization page.
    ///
    /// # Errors
    ///
    /// * [`InvalidCode`](crate::ErrorKind::InvalidCode): the code is used, expired, or of another
    ///   application or another `redirect_uri`.
    /// * [`Denied`](crate::ErrorKind::Denied): the application has no right to the call, or the
    ///   response is about a member of another school.
    /// * [`Lost`](crate::ErrorKind::Lost), [`Timeout`](crate::ErrorKind::Timeout): the code may be
    ///   consumed; it is not sent again.
    /// * [`Connect`](crate::ErrorKind::Connect): two attempts to connect failed; the code is not
    ///   consumed.
    /// * [`Overloaded`](crate::ErrorKind::Overloaded): too many calls to this host are in progress;
    ///   nothing was sent.
    ///
    /// See [`ErrorKind`](crate::ErrorKind) for the rest.
    pub async fn member(
        &self,
        code: AuthorizationCode,
        redirect_uri: &str,
    ) -> Result<Member, Error> {
        let permit = self.permits().acquire().await?;
        self.member_with(permit, code, redirect_uri).await
    }

    /// [`member`](Self::member) with a permit, which returns to its pool when both calls have
    /// ended.
    pub(crate) async fn member_with(
        &self,
        _permit: Permit,
        code: AuthorizationCode,
        redirect_uri: &str,
    ) -> Result<Member, Error> {
        let token = self.endpoint.member_token(&code, redirect_uri).await?;
        self.endpoint.user_info(&token).await
    }

    /// Returns the identity types of the school, through a cache.
    #[must_use]
    pub fn identity_types(&self) -> &IdentityTypes {
        &self.identity_types
    }

    /// Returns the school's token, from the cache: for calls that the crate does not make.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) if key, secret or `ocode` are wrong, or
    /// if the school has not enabled the application; see
    /// [`WeikaClient::access_token`](crate::client::weika::WeikaClient::access_token) for the rest.
    pub async fn school_token(&self) -> Result<CurrentToken, Error> {
        self.tokens().get().await
    }

    /// Returns the cache of the school's token, for readiness probes and as a
    /// [`Service<()>`](tower_service::Service). A login needs none.
    #[must_use]
    pub fn tokens(&self) -> &TokenCache<SchoolTokenSource> {
        self.identity_types.tokens()
    }

    /// Returns the permits for calls to the base URL's host, for monitoring.
    #[must_use]
    pub fn permits(&self) -> &Permits {
        &self.endpoint.connection.permits
    }

    /// Shares the school's token with the other instances of the application, for this client and
    /// all its clones; see [`TokenCache::attach_coordinator`].
    ///
    /// A [login layer](crate::login::LoginLayer) does this for the client of its provider, if its
    /// store is shared.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::CoordinatorConflict`] if another coordinator is attached already.
    pub fn attach_coordinator(
        &self,
        coordinator: &Arc<dyn Coordinator>,
    ) -> Result<(), ConfigErrorKind> {
        self.tokens()
            .attach_coordinator(coordinator, &self.endpoint.token_name())
    }
}

impl fmt::Debug for WeikaMemberClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeikaMemberClient")
            .field("base_url", &self.endpoint.connection.base)
            .field("app_key", &self.endpoint.app_key)
            .field("school_code", &self.endpoint.school_code)
            .finish_non_exhaustive()
    }
}
