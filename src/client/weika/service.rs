use std::task::{Context, Poll};

use tower_service::Service;

use super::WeikaClient;
use crate::client::ResponseFuture;
use crate::error::Error;
use crate::identity::Manager;
use crate::secret::AuthorizationCode;

/// [`WeikaClient::manager`] as a service. Do not wrap it in a retry: the client decides whether a code may be sent
/// again.
impl Service<AuthorizationCode> for WeikaClient {
    type Response = Manager;
    type Error = Error;
    type Future = ResponseFuture<Manager>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, code: AuthorizationCode) -> ResponseFuture<Manager> {
        let client = self.clone();
        ResponseFuture::new(async move { client.manager(code).await })
    }
}
