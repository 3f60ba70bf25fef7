use serde_json::Value;

use crate::client::values::Members;
use crate::identity::AuthorizerInfo;

/// Parses WeChat's response inside Kesion's. `members` are those of `raw`.
pub(super) fn authorizer_info(members: Members<'_>, raw: &Value) -> Option<AuthorizerInfo> {
    let authorizer = members.object("authorizer_info");
    if authorizer.is_none() && members.object("authorization_info").is_none() {
        return None;
    }
    let mut info = AuthorizerInfo::new(raw.clone());
    if let Some(members) = authorizer {
        info.verify_type_id = id_of(members, "verify_type_info");
        info.account_status = members.whole_number("account_status");
    }
    Some(info)
}

fn id_of(members: Members<'_>, name: &'static str) -> Option<i64> {
    members.object(name)?.whole_number("id")
}
