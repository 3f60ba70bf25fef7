//! The access token of google-cloud-auth, which a background task renews.

use std::sync::Arc;

use google_cloud_auth::credentials::AccessTokenCredentials;
use google_cloud_auth::credentials::user_account::Builder;
use serde_json::json;

use super::{Cache, Upstream};

pub struct Google(AccessTokenCredentials);

impl Cache for Google {
    const NAME: &'static str = "google-cloud-auth";

    fn new(upstream: &Arc<Upstream>) -> Self {
        let user = json!({
            "type": "authorized_user",
            "client_id": "app",
            "client_secret": "secret",
            "refresh_token": "secret",
        });
        let credentials = Builder::new(user)
            .with_token_uri(upstream.address())
            .build_access_token_credentials();
        Self(credentials.expect("valid settings"))
    }

    async fn read(&self) -> Option<usize> {
        self.0
            .access_token()
            .await
            .ok()
            .map(|token| token.token.len())
    }

    async fn due(_: &Arc<Upstream>) -> Option<Self> {
        // Its task sleeps until a time that a test cannot reach.
        None
    }
}
