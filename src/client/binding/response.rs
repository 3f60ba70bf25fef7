//! Parser of the successful responses to a check.

use std::time::Duration;

use serde_json::{Map, Value};

use super::super::envelope::{ParseError, members};
use crate::clock::Timestamp;
use crate::error::Error;
use crate::identity::WechatUser;

/// 微信openid未绑定用户.
pub(super) const UNBOUND: i64 = 2000;

/// The longest lifetime of a credential that is accepted.
const MAX_LIFETIME: Duration = Duration::from_secs(7 * 24 * 3_600);

/// Returns the user in a response with this error code, which is 0 or [`UNBOUND`].
pub(super) fn wechat_user(
    errcode: i64,
    object: &Map<String, Value>,
    app_id: &str,
    asked_at: Timestamp,
    context: &'static str,
) -> Result<WechatUser, Error> {
    let missing = |name| move || ParseError::Member(name).error(context);
    let members = members(object, "openId", context);
    let open_id = members.identifier("openId").ok_or_else(missing("openId"))?;
    if errcode != 0 {
        return Ok(WechatUser::unbound(open_id, app_id));
    }
    let token = members.bearer("token").ok_or_else(missing("token"))?;
    let lifetime = members.seconds("expire").ok_or_else(missing("expire"))?;
    Ok(WechatUser::bound(
        open_id,
        app_id,
        token,
        asked_at.plus(lifetime.min(MAX_LIFETIME)),
    ))
}
