use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use super::BindingClient;
use crate::client::ResponseFuture;
use crate::error::Error;
use crate::identity::WechatUser;
use crate::secret::AuthorizationCode;

/// [`BindingClient::check`] as a service; a request is the APPID of the official account and the code. Do not wrap it
/// in a retry: the client decides whether a code may be sent again.
impl Service<(Arc<str>, AuthorizationCode)> for BindingClient {
    type Response = WechatUser;
    type Error = Error;
    type Future = ResponseFuture<WechatUser>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(
        &mut self,
        (app_id, code): (Arc<str>, AuthorizationCode),
    ) -> ResponseFuture<WechatUser> {
        let client = self.clone();
        ResponseFuture::new(async move { client.check(&app_id, code).await })
    }
}
