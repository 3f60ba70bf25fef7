//! The identities of the client.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use tower_weika::identity::{Member, WechatUser};
use tower_weika::request::UserAgent;
use tower_weika::response::Rejection;
use tower_weika::session::Authenticated;

use crate::staff::Staff;

/// The identities of a visitor: any of a member of staff, a member of the school and a WeChat user,
/// as the three logins are independent.
pub(crate) struct Visitor {
    pub(crate) staff: Option<Authenticated<Staff>>,
    pub(crate) member: Option<Authenticated<Member>>,
    pub(crate) wechat: Option<Authenticated<WechatUser>>,
}

impl Visitor {
    /// Whether the visitor has no identity.
    pub(crate) fn is_anonymous(&self) -> bool {
        self.staff.is_none() && self.member.is_none() && self.wechat.is_none()
    }
}

/// Rejects a request that needs any of the logins. The response leads to one that the browser
/// supports.
pub(crate) fn login_required(
    browser: UserAgent,
    method: &Method,
    headers: &HeaderMap,
) -> Rejection {
    if browser.has_web_login() {
        Rejection::login_required::<WechatUser>(method, headers)
    } else {
        Rejection::login_required::<Staff>(method, headers)
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let staff =
            <Authenticated<Staff> as OptionalFromRequestParts<S>>::from_request_parts(parts, state)
                .await?;
        let member = <Authenticated<Member> as OptionalFromRequestParts<S>>::from_request_parts(
            parts, state,
        )
        .await?;
        let wechat =
            <Authenticated<WechatUser> as OptionalFromRequestParts<S>>::from_request_parts(
                parts, state,
            )
            .await?;
        Ok(Self {
            staff,
            member,
            wechat,
        })
    }
}
