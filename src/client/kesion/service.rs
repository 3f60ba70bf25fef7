//! The call as a Tower service.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tower_service::Service;

use super::KesionClient;
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
    type Future = OfficialAccountFuture;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, token: AppToken) -> OfficialAccountFuture {
        let client = self.client.clone();
        OfficialAccountFuture(Box::pin(async move { client.official_account(&token).await }))
    }
}

/// The future of [`OfficialAccountInfo`].
#[must_use = "futures do nothing unless polled"]
pub struct OfficialAccountFuture(Pin<Box<dyn Future<Output = Result<AccountAuthorization, Error>> + Send>>);

impl Future for OfficialAccountFuture {
    type Output = Result<AccountAuthorization, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for OfficialAccountFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OfficialAccountFuture")
    }
}
