//! The identities of the client.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use tower_weika::identity::WechatUser;
use tower_weika::session::Authenticated;

use crate::staff::Staff;

/// The identities of a visitor: none, a member of staff, a WeChat user, or both, as the two logins are
/// independent.
pub(crate) struct Visitor {
    pub(crate) staff: Option<Authenticated<Staff>>,
    pub(crate) wechat: Option<Authenticated<WechatUser>>,
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let staff =
            <Authenticated<Staff> as OptionalFromRequestParts<S>>::from_request_parts(parts, state)
                .await?;
        let wechat =
            <Authenticated<WechatUser> as OptionalFromRequestParts<S>>::from_request_parts(
                parts, state,
            )
            .await?;
        Ok(Self { staff, wechat })
    }
}
