//! The calls of Weika, one request each, without the token cache.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::super::address::HostAllowList;
use super::super::connection::{Connection, JSON, encoded, json};
use super::super::envelope::Envelope;
use super::response;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::hex;
use crate::log_limit::LogLimit;
use crate::secret::AccessToken;
use crate::secret::AppSecret;
use crate::token::{IssuedToken, TokenSource};

#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) connection: Connection,
    pub(super) hosts: HostAllowList,
    pub(super) app_key: String,
    pub(super) app_secret: AppSecret,
    pub(super) envelope: Envelope,
    pub(super) clock: Clock,
    /// If the application loses its rights, every invalid code would cause such a line.
    pub(super) refusals: LogLimit,
}

impl Endpoint {
    /// Step 1: the URL of the authorization page (腾讯微卡管理员oauth).
    pub(super) fn authorize_url(&self, redirect_uri: &str, state: &str) -> String {
        let (app_key, redirect_uri, state) = (
            encoded(&self.app_key),
            encoded(redirect_uri),
            encoded(state),
        );
        self.connection.base.join(&format!(
            "/open/auth/manager-connect?app_key={app_key}&redirect_uri={redirect_uri}&state={state}"
        ))
    }

    /// Step 2: the application's token (获取应用access_token).
    pub(super) async fn fetch_access_token(&self) -> Result<IssuedToken, Error> {
        const CONTEXT: &str = "weika access token";

        #[derive(Serialize)]
        struct Body<'a> {
            app_key: &'a str,
            app_secret: &'a str,
        }

        let body = Body {
            app_key: &self.app_key,
            app_secret: self.app_secret.expose(),
        };
        let url = self.connection.base.join("/open/cgi-bin/access-token");
        let object = self
            .post(&url, json(&body, CONTEXT)?, CONTEXT)
            .await
            .map_err(of_application)?;
        response::issued_token(&object, CONTEXT)
    }

    /// The name of the application among all that may share a coordinator.
    pub(super) fn token_name(&self) -> String {
        token_name(&self.connection.base.join(""), &self.app_key)
    }

    /// Makes a call with the access token in its query, as Weika requires.
    pub(super) async fn post_with(
        &self,
        token: &AccessToken,
        url: &str,
        body: Bytes,
        context: &'static str,
    ) -> Result<Map<String, Value>, Error> {
        self.post(
            &format!("{url}?access_token={}", encoded(token.expose())),
            body,
            context,
        )
        .await
    }

    async fn post(
        &self,
        url: &str,
        body: Bytes,
        context: &'static str,
    ) -> Result<Map<String, Value>, Error> {
        let response = self.connection.post(url, JSON, body, context).await?;
        self.envelope.open(&response, context)
    }
}

/// Fetches Weika's access tokens for a [`TokenCache`](crate::token::TokenCache); see
/// [`WeikaClient::tokens`](super::WeikaClient::tokens).
#[derive(Clone, Debug)]
pub struct WeikaTokenSource(pub(super) Arc<Endpoint>);

impl TokenSource for WeikaTokenSource {
    async fn fetch(&self) -> Result<IssuedToken, Error> {
        self.0.fetch_access_token().await
    }
}

/// Returns the error of a call that concerns only the application. It sent no code of a user, so an
/// error code about a code must not lead to a new login, and one about permissions does not concern
/// the user.
fn of_application(error: Error) -> Error {
    let kind = match error.kind() {
        ErrorKind::Denied => ErrorKind::Configuration,
        ErrorKind::InvalidCode | ErrorKind::TokenRejected => ErrorKind::Fault,
        _ => return error,
    };
    error.with_kind(kind)
}

/// Digest of the application. Neither part can contain a zero byte.
fn token_name(base_url: &str, app_key: &str) -> String {
    let digest = Sha256::new()
        .chain_update(base_url)
        .chain_update([0])
        .chain_update(app_key)
        .finalize();
    hex::encode(&digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_application_has_a_different_token_name() {
        let first = token_name("https://weika.example/a", "b");
        assert!(
            first.len() == 64 && first.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{first}"
        );
        assert_eq!(first, token_name("https://weika.example/a", "b"));
        assert_ne!(first, token_name("https://weika.example/", "ab"));
        assert_ne!(first, token_name("https://weika.example/a", "c"));
    }
}
