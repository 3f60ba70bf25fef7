//! Calls with the application's access token.

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use super::WeikaClient;
use crate::client::connection::json;
use crate::client::envelope::check_identifiers;
use crate::client::permits::Permit;
use crate::error::{Error, ErrorKind};
use crate::secret::AccessToken;
use crate::trace;

impl WeikaClient {
    /// Makes any other call of Weika with the application's access token: posts `body` to `path`
    /// and returns the whole response if its `errcode` is 0.
    ///
    /// `host` is the [`School::host`](crate::identity::School::host) of the school that the call
    /// concerns; `None` is the base URL. `path` is absolute, without query. The request may be sent
    /// twice, as in [`manager`](Self::manager), but never again after it may have taken effect.
    ///
    /// A string of the response may contain U+FFFD in place of damaged text. If it is in a member
    /// whose name ends in `id`, `code`, `key`, `number`, `secret` or `token`, the response is
    /// [`Malformed`](ErrorKind::Malformed).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ForbiddenHost`] if `host` is not on the list of those that may be called,
    /// before anything is sent; otherwise as [`manager`](Self::manager), with the
    /// [`upstream_code`](Error::upstream_code).
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
        let permit = permits
            .acquire_after(self.token())
            .await
            .map(|(token, permit)| permit.carrying(token))?;
        let object = self
            .post_authorized(permit, &url, json(body, CONTEXT)?, CONTEXT)
            .await?;
        check_identifiers(&object, CONTEXT)?;
        Ok(object)
    }

    /// Sends a request with the access token, and again after each of the two failures that prove
    /// that the first request had no effect: no connection, or a rejected token. The call keeps its
    /// permit while it fetches another token: the fetch needs none, and a second wait could end
    /// without a permit, with the code unused and its flow settled.
    pub(super) async fn post_authorized(
        &self,
        mut permit: Permit,
        url: &str,
        body: Bytes,
        context: &'static str,
    ) -> Result<Map<String, Value>, Error> {
        let current = self.tokens.current().map(|token| (*token).clone());
        let mut token = match (current, permit.take()) {
            // It may be newer than the token of the admission.
            (Some(current), _) => current,
            // A token without a usable lifetime serves the callers that waited for it, and is in no
            // cache.
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
                            "weika: access token rejected; another one is fetched"
                        );
                    }
                    self.tokens.invalidate(&token);
                    token = self.token().await?;
                }
                _ => return Err(error),
            }
        }
    }

    /// Returns an access token to keep for the duration of a call.
    pub(super) async fn token(&self) -> Result<AccessToken, Error> {
        const CONTEXT: &str = "weika access token";

        let token = self
            .tokens
            .get()
            .await
            .map_err(|error| error.before_the_code(CONTEXT))?;
        Ok((*token).clone())
    }
}
