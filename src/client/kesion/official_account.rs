use serde_json::{Map, Value};

use super::authorizer::authorizer_info;
use crate::client::address::HostAllowList;
use crate::client::envelope::ParseError;
use crate::client::values::Members;
use crate::identity::OfficialAccount;

/// Parses the account of a school that has authorized the platform. `members` are those of `object`.
pub(super) fn official_account(
    object: &Map<String, Value>,
    members: Members<'_>,
    hosts: &HostAllowList,
) -> Result<OfficialAccount, ParseError> {
    let app_id = members
        .identifier("appid")
        .ok_or(ParseError::Member("appid"))?;
    let mut account = OfficialAccount::new(app_id);
    account.original_id = members
        .identifier_or_number("weixinopenid")
        .unwrap_or_default();
    account.name = members.text("weixinname");
    account.owner = members.text("openname");
    account.kind_number = members.whole_number("weixintype");
    account.head_image = members.url("url").to_owned();
    account.qr_image = members.url("ercodeimg").to_owned();
    account.auth_url = auth_url(members, hosts);
    account.auto_login = members.flag("iswechatautologin").unwrap_or(false);
    account.info = members
        .object("info")
        .zip(object.get("info"))
        .and_then(|(members, raw)| authorizer_info(members, raw));
    Ok(account)
}

/// Returns the link if it leads to an allowed address (rule E8).
pub(super) fn auth_url(members: Members<'_>, hosts: &HostAllowList) -> Option<String> {
    let link = Some(members.url("auth_url")).filter(|link| !link.is_empty())?;
    hosts
        .check_link(link)
        .or_else(|| members.ignore("auth_url", "the address is not on the list of allowed ones"))
}
