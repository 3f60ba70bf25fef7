//! The call as a Tower service.

use std::task::{Context, Poll};

use tower_service::Service;

use super::KesionClient;
use crate::client::CallFuture;
use crate::error::Error;
use crate::identity::AccountAuthorization;
use crate::secret::AppToken;

/// [`KesionClient::official_account`] as a service; from [`KesionClient::official_account_service`].
///
/// The call only reads, so a retry may be put around it.
#[derive(Clone, Debug)]
pub struct OfficialAccountInfo {
    client: KesionClient,
}

impl OfficialAccountInfo {
    pub(super) fn new(client: KesionClient) -> Self {
        Self { client }
    }
}

impl Service<AppToken> for OfficialAccountInfo {
    type Response = AccountAuthorization;
    type Error = Error;
    type Future = CallFuture<AccountAuthorization>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, token: AppToken) -> CallFuture<AccountAuthorization> {
        let client = self.client.clone();
        CallFuture::new(async move { client.official_account(&token).await })
    }
}
