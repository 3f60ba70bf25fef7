use super::authorizer::authorizer_info;
use crate::client::address::HostAllowList;
use crate::client::envelope::ParseError;
use crate::client::values::Members;
use crate::identity::OfficialAccount;

/// Parses the account of a school that has authorized the platform.
pub(super) fn official_account(
    members: Members<'_>,
    hosts: &HostAllowList,
) -> Result<OfficialAccount, ParseError> {
    let app_id = members
        .identifier("appid")
        .ok_or(ParseError::Member("appid"))?;
    let mut account = OfficialAccount::builder(app_id)
        .original_id(
            members
                .identifier_or_number("weixinopenid")
                .unwrap_or_default(),
        )
        .name(members.text("weixinname"))
        .owner(members.text("openname"))
        .head_image(members.url("url"))
        .qr_image(members.url("ercodeimg"))
        .auto_login(members.flag("iswechatautologin").unwrap_or(false));
    if let Some(number) = members.whole_number("weixintype") {
        account = account.kind_number(number);
    }
    if let Some(url) = auth_url(members, hosts) {
        account = account.auth_url(url);
    }
    if let Some(info) = members.object("info").and_then(authorizer_info) {
        account = account.info(info);
    }
    Ok(account.build())
}

/// Returns the link if it leads to an allowed address (rule E8).
pub(super) fn auth_url(members: Members<'_>, hosts: &HostAllowList) -> Option<String> {
    let link = Some(members.url("auth_url")).filter(|link| !link.is_empty())?;
    hosts
        .check_link(link)
        .or_else(|| members.ignore("auth_url", "the address is not on the list of allowed ones"))
}
