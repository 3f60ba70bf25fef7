//! The calls as they are on the wire, one request each.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use super::super::connection::{Connection, JSON, encoded, json};
use super::super::envelope::Envelope;
use super::super::host::HostAllowList;
use super::answer;
use crate::error::{Error, ErrorKind};
use crate::secret::AppSecret;
use crate::token::{AccessToken, IssuedToken, TokenSource};

/// Everything that does not change from call to call.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) connection: Connection,
    pub(super) hosts: HostAllowList,
    pub(super) app_key: String,
    pub(super) app_secret: AppSecret,
    pub(super) envelope: Envelope,
}

impl Endpoint {
    /// Step 1: where the browser goes (腾讯微卡管理员oauth).
    pub(super) fn authorize_url(&self, redirect_uri: &str, state: &str) -> String {
        let (app_key, redirect_uri, state) = (encoded(&self.app_key), encoded(redirect_uri), encoded(state));
        self.connection
            .base
            .join(&format!("/open/auth/manager-connect?app_key={app_key}&redirect_uri={redirect_uri}&state={state}"))
    }

    /// Step 2: the application's token (获取应用access_token).
    pub(super) async fn fetch_access_token(&self) -> Result<IssuedToken, Error> {
        const CONTEXT: &str = "weika access token";

        #[derive(Serialize)]
        struct Body<'a> {
            app_key: &'a str,
            app_secret: &'a str,
        }

        let body = Body { app_key: &self.app_key, app_secret: self.app_secret.expose() };
        let url = self.connection.base.join("/open/cgi-bin/access-token");
        let object = self.post(&url, json(&body, CONTEXT)?, CONTEXT).await.map_err(|error| about_us(error, CONTEXT))?;
        answer::issued_token(&object, CONTEXT)
    }

    /// A call with the token in its query, as Weika wants it.
    pub(super) async fn post_with(
        &self,
        token: &AccessToken,
        url: &str,
        body: Bytes,
        context: &'static str,
    ) -> Result<Map<String, Value>, Error> {
        self.post(&format!("{url}?access_token={}", encoded(token.expose())), body, context).await
    }

    async fn post(&self, url: &str, body: Bytes, context: &'static str) -> Result<Map<String, Value>, Error> {
        let answer = self.connection.post(url, JSON, body, context).await?;
        self.envelope.open(&answer, context)
    }
}

/// Fetches Weika's access tokens for a [`TokenCache`](crate::token::TokenCache); see
/// [`WeikaClient::tokens`](super::WeikaClient::tokens).
#[derive(Clone, Debug)]
pub struct WeikaTokenSource(pub(super) Arc<Endpoint>);

impl TokenSource for WeikaTokenSource {
    fn fetch(&self) -> impl Future<Output = Result<IssuedToken, Error>> + Send {
        self.0.fetch_access_token()
    }
}

/// The error of a call that is about the application alone. Nobody's code was sent, so a number that speaks of
/// one must not lead to a new login; nor is it the person who may not.
fn about_us(error: Error, context: &'static str) -> Error {
    let kind = match error.kind() {
        ErrorKind::Denied => ErrorKind::Configuration,
        ErrorKind::InvalidCode | ErrorKind::TokenRejected => ErrorKind::Fault,
        _ => return error,
    };
    let about_us = Error::new(kind, context);
    match error.upstream_code() {
        Some(code) => about_us.with_upstream_code(code),
        None => about_us,
    }
}
