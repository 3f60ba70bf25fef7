//! The credential of azure_identity that works like ours: an id and a secret for a token.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::http::headers::Headers;
use azure_core::http::{
    AsyncRawResponse, ClientOptions, HttpClient, Request, StatusCode, Transport,
};
use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};

use super::{Cache, Upstream, with_a_token_for};

const SCOPES: [&str; 1] = ["https://management.azure.com/.default"];

pub(crate) struct Azure(Arc<ClientSecretCredential>);

struct Wire(Arc<Upstream>);

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wire")
    }
}

#[async_trait]
impl HttpClient for Wire {
    async fn execute_request(&self, _: &Request) -> azure_core::Result<AsyncRawResponse> {
        let (status, body) = match self.0.answer().await {
            Some(body) => (StatusCode::Ok, body),
            None => (StatusCode::ServiceUnavailable, String::new()),
        };
        Ok(AsyncRawResponse::from_bytes(status, Headers::new(), body))
    }
}

impl Cache for Azure {
    const NAME: &'static str = "azure_identity";

    fn new(upstream: &Arc<Upstream>) -> Self {
        let wire = Transport::new(Arc::new(Wire(Arc::clone(upstream))));
        let client_options = ClientOptions {
            transport: Some(wire),
            ..ClientOptions::default()
        };
        let options = ClientSecretCredentialOptions { client_options };
        let credential = ClientSecretCredential::new(
            "tenant",
            "app".to_owned(),
            Secret::new("secret"),
            Some(options),
        );
        Self(credential.expect("valid settings"))
    }

    async fn read(&self) -> Option<usize> {
        self.0
            .get_token(&SCOPES, None)
            .await
            .ok()
            .map(|token| token.token.secret().len())
    }

    async fn due(upstream: &Arc<Upstream>) -> Option<Self> {
        // It wants a new one five minutes before the end.
        Some(with_a_token_for(Duration::from_secs(200), upstream).await)
    }
}
