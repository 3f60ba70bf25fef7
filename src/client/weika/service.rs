//! The manager call as a Tower service.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tower_service::Service;

use super::WeikaClient;
use crate::error::Error;
use crate::identity::Manager;
use crate::secret::AuthorizationCode;

/// [`WeikaClient::manager`] as a service; from [`WeikaClient::manager_service`].
///
/// Put no retry around it: whether a code may be sent again is decided inside.
#[derive(Clone, Debug)]
pub struct ManagerInfo {
    client: WeikaClient,
}

impl ManagerInfo {
    pub(super) fn new(client: WeikaClient) -> Self {
        Self { client }
    }
}

impl Service<AuthorizationCode> for ManagerInfo {
    type Response = Manager;
    type Error = Error;
    type Future = ManagerFuture;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, code: AuthorizationCode) -> ManagerFuture {
        let client = self.client.clone();
        ManagerFuture(Box::pin(async move { client.manager(code).await }))
    }
}

/// The future of [`ManagerInfo`].
#[must_use = "futures do nothing unless polled"]
pub struct ManagerFuture(Pin<Box<dyn Future<Output = Result<Manager, Error>> + Send>>);

impl Future for ManagerFuture {
    type Output = Result<Manager, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for ManagerFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ManagerFuture")
    }
}
