use std::task::{Context, Poll};

use tower_service::Service;

use super::WechatClient;
use crate::client::ResponseFuture;
use crate::error::Error;
use crate::identity::WechatUser;
use crate::secret::AuthorizationCode;

/// [`WechatClient::user`] as a service. Do not wrap it in a retry: the client decides whether a
/// code may be sent again.
impl Service<AuthorizationCode> for WechatClient {
    type Response = WechatUser;
    type Error = Error;
    type Future = ResponseFuture<WechatUser>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, code: AuthorizationCode) -> ResponseFuture<WechatUser> {
        let client = self.clone();
        ResponseFuture::new(async move { client.user(code).await })
    }
}
