//! The system that exchanges the codes.

use crate::client::binding::BindingClient;
use crate::client::wechat::WechatClient;
use crate::client::{Permit, Permits};
use crate::error::Error;
use crate::identity::WechatUser;
use crate::secret::AuthorizationCode;

#[derive(Clone, Debug)]
pub(super) enum Source {
    /// The operator's binding service, which has the secret.
    Binding(BindingClient),
    /// WeChat itself, with the secret of the application.
    Wechat(WechatClient),
}

impl Source {
    pub(super) fn permits(&self) -> &Permits {
        match self {
            Self::Binding(client) => client.permits(),
            Self::Wechat(client) => client.permits(),
        }
    }

    /// Exchanges a code that was issued to the application `app_id`.
    pub(super) async fn user(
        &self,
        permit: Permit,
        app_id: &str,
        code: AuthorizationCode,
    ) -> Result<WechatUser, Error> {
        match self {
            Self::Binding(client) => client.check_with(permit, app_id, code).await,
            Self::Wechat(client) => client.user_with(permit, code).await,
        }
    }
}
