//! Parser of the successful responses.

use serde_json::{Map, Value};

use super::super::envelope::ParseError;
use super::super::values::Members;
use crate::error::{Error, ErrorKind};
use crate::identity::WechatUser;

/// The reason for the user, on the page of the denial.
const SNAPSHOT: &str = "请点击“使用完整服务”后重新登录 · Tap “Use full service”, then log in again";

/// Returns the user in a response without error code.
pub(super) fn wechat_user(
    object: &Map<String, Value>,
    app_id: &str,
    context: &'static str,
) -> Result<WechatUser, Error> {
    let missing = |name| move || ParseError::Member(name).error(context);
    let members = Members::new(object, context);
    // Not kept, but without it the response is no success.
    let _token = members
        .bearer("access_token")
        .ok_or_else(missing("access_token"))?;
    let open_id = members.identifier("openid").ok_or_else(missing("openid"))?;
    let mut user = WechatUser::unchecked(open_id, app_id);
    user.union_id = members.identifier("unionid").map(Into::into);
    // Failing closed: a value that cannot be parsed counts as 1.
    let flag = members.flag("is_snapshotuser");
    user.is_snapshot_user = flag.unwrap_or_else(|| members.has("is_snapshotuser"));
    Ok(user)
}

/// Returns the error for a user to whom WeChat shows a snapshot.
pub(super) fn snapshot_user() -> Error {
    Error::new(
        ErrorKind::Denied,
        "wechat user: WeChat shows a snapshot (快照页) with a virtual account; the user opens the full page (使用完整服务) \
         and logs in again",
    )
    .with_reason(SNAPSHOT)
}
