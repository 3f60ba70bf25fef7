use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use super::WeikaMemberClient;
use crate::client::ResponseFuture;
use crate::error::Error;
use crate::identity::Member;
use crate::secret::AuthorizationCode;

/// [`WeikaMemberClient::member`] as a service; a request is the code and the `redirect_uri`. Do not
/// wrap it in a retry: the client decides whether a code may be sent again.
impl Service<(AuthorizationCode, Arc<str>)> for WeikaMemberClient {
    type Response = Member;
    type Error = Error;
    type Future = ResponseFuture<Member>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(
        &mut self,
        (code, redirect_uri): (AuthorizationCode, Arc<str>),
    ) -> ResponseFuture<Member> {
        let client = self.clone();
        ResponseFuture::new(async move { client.member(code, &redirect_uri).await })
    }
}
