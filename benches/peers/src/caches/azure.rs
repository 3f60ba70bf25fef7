//! The client-secret credential of azure_identity.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::http::headers::Headers;
use azure_core::http::{
    AsyncRawResponse, ClientOptions, HttpClient, Request, StatusCode, Transport,
};
use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};

use super::{Cache, Upstream, with_a_token_for};

pub struct Azure(Arc<ClientSecretCredential>);

#[derive(Debug)]
struct Client(Arc<Upstream>);

#[async_trait]
impl HttpClient for Client {
    async fn execute_request(&self, _: &Request) -> azure_core::Result<AsyncRawResponse> {
        let (status, body) = match self.0.response().await {
            Some(body) => (StatusCode::Ok, body),
            None => (StatusCode::ServiceUnavailable, String::new()),
        };
        Ok(AsyncRawResponse::from_bytes(status, Headers::new(), body))
    }
}

impl Cache for Azure {
    const NAME: &'static str = "azure_identity";

    fn new(upstream: &Arc<Upstream>) -> Self {
        let transport = Some(Transport::new(Arc::new(Client(Arc::clone(upstream)))));
        let client_options = ClientOptions {
            transport,
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
        let token = self
            .0
            .get_token(&["https://management.azure.com/.default"], None)
            .await;
        token.ok().map(|token| token.token.secret().len())
    }

    async fn due(upstream: &Arc<Upstream>) -> Option<Self> {
        // It renews a token five minutes before the expiry.
        with_a_token_for(200, upstream).await
    }
}
