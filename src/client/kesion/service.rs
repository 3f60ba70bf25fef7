use std::task::{Context, Poll};

use tower_service::Service;

use super::KesionClient;
use crate::client::ResponseFuture;
use crate::error::Error;
use crate::identity::AccountAuthorization;
use crate::secret::AppToken;

/// [`KesionClient::official_account`] as a service. The call only reads, so it may be wrapped in a retry.
impl Service<AppToken> for KesionClient {
    type Response = AccountAuthorization;
    type Error = Error;
    type Future = ResponseFuture<AccountAuthorization>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, token: AppToken) -> ResponseFuture<AccountAuthorization> {
        let client = self.clone();
        ResponseFuture::new(async move { client.official_account(&token).await })
    }
}
