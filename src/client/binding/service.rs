//! The check as a Tower service.

use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use super::super::call_future::CallFuture;
use super::BindingClient;
use crate::error::Error;
use crate::identity::WechatUser;
use crate::secret::AuthorizationCode;

/// [`BindingClient::check`] as a service; from [`BindingClient::binding_service`].
///
/// Put no retry around it: whether a code may be sent again is decided inside.
#[derive(Clone, Debug)]
pub struct BindingCheck {
    client: BindingClient,
    app_id: Arc<str>,
}

impl BindingCheck {
    pub(super) fn new(client: BindingClient, app_id: Arc<str>) -> Self {
        Self { client, app_id }
    }
}

impl Service<AuthorizationCode> for BindingCheck {
    type Response = WechatUser;
    type Error = Error;
    type Future = CallFuture<WechatUser>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, code: AuthorizationCode) -> CallFuture<WechatUser> {
        let Self { client, app_id } = self.clone();
        CallFuture::new(async move { client.check(&app_id, code).await })
    }
}
