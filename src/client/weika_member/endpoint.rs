//! The calls of the member login, one request each, without the token cache.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::super::connection::{Connection, JSON, encoded, json};
use super::super::envelope::Envelope;
use super::MemberScope;
use super::response::{self, Errcode};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::hex;
use crate::identity::{Member, MemberField, SchoolIdentityType};
use crate::secret::{AccessToken, AppSecret, AuthorizationCode};
use crate::token::{IssuedToken, TokenSource};

#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) connection: Connection,
    pub(super) app_key: String,
    pub(super) app_secret: AppSecret,
    pub(super) school_code: String,
    pub(super) scope: MemberScope,
    pub(super) fields: Vec<MemberField>,
    pub(super) envelope: Envelope,
    pub(super) clock: Clock,
}

impl Endpoint {
    /// Step 1: the URL of an authorization page; `page` is its path, and its own parameters follow
    /// in `parameters`.
    pub(super) fn authorize_url(
        &self,
        page: &str,
        parameters: &str,
        redirect_uri: &str,
        state: &str,
    ) -> String {
        let (app_key, ocode) = (encoded(&self.app_key), encoded(&self.school_code));
        let (redirect_uri, state) = (encoded(redirect_uri), encoded(state));
        let scope = self.scope.as_str();
        self.connection.base.join(&format!(
            "{page}?app_key={app_key}&response_type=code&scope={scope}&ocode={ocode}\
             &redirect_uri={redirect_uri}{parameters}&state={state}"
        ))
    }

    /// Step 2: the member's token for the code.
    pub(super) async fn member_token(
        &self,
        code: &AuthorizationCode,
        redirect_uri: &str,
    ) -> Result<AccessToken, Error> {
        const CONTEXT: &str = "weika member token";

        #[derive(Serialize)]
        struct Body<'a> {
            wxcode: &'a str,
            app_key: &'a str,
            app_secret: &'a str,
            grant_type: &'a str,
            redirect_uri: &'a str,
        }

        let body = Body {
            wxcode: code.expose(),
            app_key: &self.app_key,
            app_secret: self.app_secret.expose(),
            grant_type: "authorization_code",
            redirect_uri,
        };
        let url = self.connection.base.join("/connect/oauth2/token");
        let body = json(&body, CONTEXT)?;
        let object = self.post(&url, body, Errcode::Optional, CONTEXT).await;
        // There is no token of the application here that another one could replace.
        let object = object.map_err(|error| match error.kind() {
            ErrorKind::TokenRejected => error.with_kind(ErrorKind::Fault),
            _ => error,
        })?;
        let issued = response::token(&object, &self.school_code, CONTEXT)?;
        Ok(issued.token().clone())
    }

    /// Step 3: the member to whom the token was issued.
    pub(super) async fn user_info(&self, token: &AccessToken) -> Result<Member, Error> {
        const CONTEXT: &str = "weika member info";

        #[derive(Serialize)]
        struct Body<'a> {
            access_token: &'a str,
        }

        let body = Body {
            access_token: token.expose(),
        };
        let url = self.connection.base.join("/connect/oauth/get-user-info");
        let body = json(&body, CONTEXT)?;
        let object = self.post(&url, body, Errcode::Required, CONTEXT).await;
        let object = object.map_err(|error| after_the_code(error, CONTEXT))?;
        response::member(&object, &self.school_code, &self.fields, CONTEXT)
    }

    /// The school's token.
    pub(super) async fn school_token(&self) -> Result<IssuedToken, Error> {
        const CONTEXT: &str = "weika school token";

        #[derive(Serialize)]
        struct Body<'a> {
            app_key: &'a str,
            app_secret: &'a str,
            grant_type: &'a str,
            scope: &'a str,
            ocode: &'a str,
        }

        let body = Body {
            app_key: &self.app_key,
            app_secret: self.app_secret.expose(),
            grant_type: "client_credentials",
            scope: "base",
            ocode: &self.school_code,
        };
        let url = self.connection.base.join("/cgi-bin/oauth2/token");
        let body = json(&body, CONTEXT)?;
        let object = self.post(&url, body, Errcode::Optional, CONTEXT).await;
        let object = object.map_err(of_application)?;
        response::token(&object, &self.school_code, CONTEXT).map_err(of_application)
    }

    /// The identity types of the school (成员身份类型).
    pub(super) async fn identity_types(
        &self,
        token: &AccessToken,
    ) -> Result<Vec<SchoolIdentityType>, Error> {
        const CONTEXT: &str = "weika identity types";

        let token = encoded(token.expose());
        let url = format!("/cgi-bin/user/get-identity-type?access_token={token}");
        let url = self.connection.base.join(&url);
        let body = Bytes::from_static(b"{}");
        let object = self.post(&url, body, Errcode::Required, CONTEXT).await?;
        response::identity_types(&object, CONTEXT)
    }

    /// Digest of the application and the school, among all that may share a coordinator. None of
    /// the parts can contain a zero byte.
    pub(super) fn token_name(&self) -> String {
        let base_url = self.connection.base.join("");
        let parts = [&*base_url, &self.app_key, &self.school_code];
        let digest = parts
            .iter()
            .fold(Sha256::new(), |digest, part| {
                digest.chain_update(part).chain_update([0])
            })
            .finalize();
        hex::encode(&digest)
    }

    /// Posts `body`, and a second time if the first connection failed before anything was sent.
    async fn post(
        &self,
        url: &str,
        body: Bytes,
        rule: Errcode,
        context: &'static str,
    ) -> Result<Map<String, Value>, Error> {
        let response = self
            .connection
            .post_or_reconnect(url, JSON, body, context)
            .await?;
        response::open(&response, rule, &self.envelope, context)
    }
}

/// Fetches a school's tokens for a [`TokenCache`](crate::token::TokenCache); see
/// [`WeikaMemberClient::tokens`](super::WeikaMemberClient::tokens).
#[derive(Clone, Debug)]
pub struct SchoolTokenSource(pub(super) Arc<Endpoint>);

impl TokenSource for SchoolTokenSource {
    async fn fetch(&self) -> Result<IssuedToken, Error> {
        self.0.school_token().await
    }
}

/// Returns the failure of the call behind the exchange. The code is consumed: without a connection
/// the member has to log in again. The token is new, so its rejection is a fault of Weika.
fn after_the_code(error: Error, context: &'static str) -> Error {
    match error.kind() {
        ErrorKind::Connect => Error::new(ErrorKind::Lost, context).with_source(error),
        ErrorKind::TokenRejected | ErrorKind::InvalidCode => error.with_kind(ErrorKind::Fault),
        _ => error,
    }
}

/// Returns the error of a call that concerns only the application and its school.
pub(super) fn of_application(error: Error) -> Error {
    let kind = match error.kind() {
        ErrorKind::Denied => ErrorKind::Configuration,
        ErrorKind::InvalidCode | ErrorKind::TokenRejected => ErrorKind::Fault,
        _ => return error,
    };
    error.with_kind(kind)
}
