//! Reader of the answers of Kesion.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::super::envelope::{self, Flaw};
use super::super::error_codes::ErrorCodes;
use super::super::host::HostAllowList;
use super::super::lenient::Members;
use crate::error::{Error, ErrorKind};
use crate::identity::{
    AccountAuthorization, AuthorizerInfo, BusinessInfo, Confirmation, OfficialAccount, Permission,
};
use crate::trace;

/// 没有开通第三方公众号授权.
const NOT_OPENED: i64 = 3001;
/// 当前机构未授权公众号过来.
const NOT_AUTHORIZED: i64 = 3002;

/// The outcome that `body` states; see the [module](super) for the rules. `context` names the call.
pub(super) fn read(
    body: &[u8],
    error_codes: &ErrorCodes,
    hosts: &HostAllowList,
    context: &'static str,
) -> Result<AccountAuthorization, Error> {
    let object = envelope::object(body, context)?;
    let members = Members::new(&object, context);
    let code = return_code(&object).map_err(|flaw| flaw.error(context))?;
    match (object.get("result"), code) {
        (Some(Value::Bool(true)), None) => {
            let account = account(members, hosts).map_err(|flaw| flaw.error(context))?;
            Ok(AccountAuthorization::Authorized(Arc::new(account)))
        }
        (Some(Value::Bool(false)), Some(NOT_OPENED)) => {
            explain(error_codes, NOT_OPENED, context);
            Ok(AccountAuthorization::NotOpened)
        }
        (Some(Value::Bool(false)), Some(NOT_AUTHORIZED)) => {
            explain(error_codes, NOT_AUTHORIZED, context);
            Ok(AccountAuthorization::NotAuthorized {
                auth_url: auth_url(members, hosts),
            })
        }
        (Some(Value::Bool(true)), Some(_)) | (_, Some(NOT_OPENED | NOT_AUTHORIZED)) => {
            Err(Flaw::Member("result").error(context))
        }
        (_, Some(code)) => Err(error_codes.error(code, context)),
        // Here Kesion passes on what WeChat told it, for example "access_token missing rid: …".
        (Some(Value::Bool(false)), None) if members.text("msg").contains("access_token") => {
            Err(Error::new(ErrorKind::Busy, context))
        }
        (Some(Value::Bool(false)), None) => Err(Error::new(ErrorKind::Fault, context)),
        (_, None) => Err(Flaw::Member("result").error(context)),
    }
}

/// Logs the meaning of a number that is an answer and no error.
fn explain(error_codes: &ErrorCodes, code: i64, context: &'static str) {
    trace::debug!(answer = %error_codes.error(code, context), "kesion: the school has no usable official account");
}

/// The error number, if there is one that is not 0.
fn return_code(object: &Map<String, Value>) -> Result<Option<i64>, Flaw> {
    const NAME: &str = "returnCode";

    match object.get(NAME) {
        None | Some(Value::Null) => Ok(None),
        value => envelope::code(value, &[])
            .map(|code| Some(code).filter(|code| *code != 0))
            .ok_or(Flaw::Code(NAME)),
    }
}

fn account(members: Members<'_>, hosts: &HostAllowList) -> Result<OfficialAccount, Flaw> {
    let app_id = members.identifier("appid").ok_or(Flaw::Member("appid"))?;
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
    if let Some(info) = members.object("info").and_then(info) {
        account = account.info(info);
    }
    Ok(account.build())
}

/// The link, if it leads to an address on the list (rule E8).
fn auth_url(members: Members<'_>, hosts: &HostAllowList) -> Option<String> {
    let link = Some(members.url("auth_url")).filter(|link| !link.is_empty())?;
    hosts
        .check_link(link)
        .or_else(|| members.ignore("auth_url", "the address is not on the list of allowed ones"))
}

/// WeChat's answer within Kesion's. `authorizer_refresh_token` is in it and not read.
fn info(members: Members<'_>) -> Option<AuthorizerInfo> {
    let (authorizer, authorization) = (
        members.object("authorizer_info"),
        members.object("authorization_info"),
    );
    if authorizer.is_none() && authorization.is_none() {
        return None;
    }
    let mut info = AuthorizerInfo::builder();
    if let Some(members) = authorizer {
        info = info
            .nick_name(members.text("nick_name"))
            .head_image(members.url("head_img"))
            .user_name(
                members
                    .identifier_or_number("user_name")
                    .unwrap_or_default(),
            )
            .alias(members.text("alias"))
            .qr_image(members.url("qrcode_url"))
            .principal_name(members.text("principal_name"))
            .signature(members.text("signature"));
        if let Some(id) = id_of(members, "service_type_info") {
            info = info.service_type_id(id);
        }
        if let Some(id) = id_of(members, "verify_type_info") {
            info = info.verify_type_id(id);
        }
        if let Some(business) = members.object("business_info") {
            info = info.business_info(business_info(business));
        }
        if let Some(idc) = members.whole_number("idc") {
            info = info.idc(idc);
        }
        if let Some(number) = members.whole_number("account_status") {
            info = info.state_number(number);
        }
    }
    if let Some(members) = authorization {
        info = info.app_id(
            members
                .identifier_or_number("authorizer_appid")
                .unwrap_or_default(),
        );
        for permission in members.objects("func_info").filter_map(permission) {
            info = info.permission(permission);
        }
    }
    Some(info.build())
}

fn id_of(members: Members<'_>, name: &'static str) -> Option<i64> {
    members.object(name)?.whole_number("id")
}

fn business_info(members: Members<'_>) -> BusinessInfo {
    let open = |name| members.flag(name).unwrap_or(false);
    BusinessInfo {
        open_pay: open("open_pay"),
        open_shake: open("open_shake"),
        open_scan: open("open_scan"),
        open_card: open("open_card"),
        open_store: open("open_store"),
    }
}

fn permission(members: Members<'_>) -> Option<Permission> {
    let Some(id) = id_of(members, "funcscope_category") else {
        return members.ignore(
            "funcscope_category",
            "the permission has no usable number and is left out",
        );
    };
    let permission = Permission::new(id);
    Some(match members.object("confirm_info") {
        Some(members) => permission.with_confirmation(confirmation(members)),
        None => permission,
    })
}

fn confirmation(members: Members<'_>) -> Confirmation {
    let is = |name| members.flag(name).unwrap_or(false);
    Confirmation {
        need_confirm: is("need_confirm"),
        already_confirm: is("already_confirm"),
        can_confirm: is("can_confirm"),
    }
}
