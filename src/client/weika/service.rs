//! The manager call as a Tower service.

use std::task::{Context, Poll};

use tower_service::Service;

use super::super::call_future::CallFuture;
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
    type Future = CallFuture<Manager>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, code: AuthorizationCode) -> CallFuture<Manager> {
        let client = self.client.clone();
        CallFuture::new(async move { client.manager(code).await })
    }
}
