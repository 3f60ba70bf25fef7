//! Reader of the answers of Kesion.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::super::code::CodeTable;
use super::super::envelope::{self, Flaw};
use super::super::host::HostAllowList;
use super::super::lenient::Members;
use crate::error::{Error, ErrorKind};
use crate::identity::{AccountAuthorization, AuthorizerInfo, OfficialAccount};
use crate::trace;

/// 没有开通第三方公众号授权.
const NOT_OPENED: i64 = 3001;
/// 当前机构未授权公众号过来.
const NOT_AUTHORIZED: i64 = 3002;

/// The outcome that `body` states; see the [module](super) for the rules. `context` names the call.
pub(super) fn read(
    body: &[u8],
    codes: &CodeTable,
    hosts: &HostAllowList,
    context: &'static str,
) -> Result<AccountAuthorization, Error> {
    let object = envelope::object(body, context)?;
    let members = Members::new(&object, context);
    let code = return_code(&object).map_err(|flaw| flaw.error(context))?;
    match (object.get("result"), code) {
        (Some(Value::Bool(true)), None) => {
            let account = account(&object, members, hosts).map_err(|flaw| flaw.error(context))?;
            Ok(AccountAuthorization::Authorized(Arc::new(account)))
        }
        (Some(Value::Bool(false)), Some(NOT_OPENED)) => {
            explain(codes, NOT_OPENED, context);
            Ok(AccountAuthorization::NotOpened)
        }
        (Some(Value::Bool(false)), Some(NOT_AUTHORIZED)) => {
            explain(codes, NOT_AUTHORIZED, context);
            Ok(AccountAuthorization::NotAuthorized {
                auth_url: auth_url(members, hosts),
            })
        }
        (Some(Value::Bool(true)), Some(_)) | (_, Some(NOT_OPENED | NOT_AUTHORIZED)) => {
            Err(Flaw::Member("result").error(context))
        }
        (_, Some(code)) => Err(codes.error(code, context)),
        // Here Kesion passes on what WeChat told it, for example "access_token missing rid: …".
        (Some(Value::Bool(false)), None) if members.text("msg").contains("access_token") => {
            Err(Error::new(ErrorKind::Busy, context))
        }
        (Some(Value::Bool(false)), None) => Err(Error::new(ErrorKind::Fault, context)),
        (_, None) => Err(Flaw::Member("result").error(context)),
    }
}

/// Logs the meaning of a number that is an answer and no error.
fn explain(codes: &CodeTable, code: i64, context: &'static str) {
    trace::debug!(answer = %codes.error(code, context), "kesion: the school has no usable official account");
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

fn account(
    object: &Map<String, Value>,
    members: Members<'_>,
    hosts: &HostAllowList,
) -> Result<OfficialAccount, Flaw> {
    let app_id = members.identifier("appid").ok_or(Flaw::Member("appid"))?;
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
        .and_then(|(members, raw)| info(members, raw));
    Ok(account)
}

/// The link, if it leads to an address on the list (rule E8).
fn auth_url(members: Members<'_>, hosts: &HostAllowList) -> Option<String> {
    let link = Some(members.url("auth_url")).filter(|link| !link.is_empty())?;
    hosts
        .check_link(link)
        .or_else(|| members.ignore("auth_url", "the address is not on the list of allowed ones"))
}

/// WeChat's response within Kesion's.
fn info(members: Members<'_>, raw: &Value) -> Option<AuthorizerInfo> {
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
