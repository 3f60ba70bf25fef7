//! Parser of Kesion's responses.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::official_account::{auth_url, official_account};
use crate::client::address::HostAllowList;
use crate::client::envelope::{ParseError, errcode, object};
use crate::client::error_codes::ErrorCodes;
use crate::client::values::Members;
use crate::error::{Error, ErrorKind};
use crate::identity::AccountAuthorization;
use crate::trace;

/// 没有开通第三方公众号授权.
const NOT_OPENED: i64 = 3001;
/// 当前机构未授权公众号过来.
const NOT_AUTHORIZED: i64 = 3002;

/// Returns the outcome that `body` states; see the [module](super) for the rules. `context` names the call.
pub(super) fn account_authorization(
    body: &[u8],
    error_codes: &ErrorCodes,
    hosts: &HostAllowList,
    context: &'static str,
) -> Result<AccountAuthorization, Error> {
    let object = object(body, context)?;
    let members = Members::new(&object, context);
    let errcode = return_code(&object).map_err(|error| error.error(context))?;
    match (object.get("result"), errcode) {
        (Some(Value::Bool(true)), None) => {
            let account =
                official_account(&object, members, hosts).map_err(|error| error.error(context))?;
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
            Err(ParseError::Member("result").error(context))
        }
        (_, Some(errcode)) => Err(error_codes.error(errcode, context)),
        // Kesion passes on the message of WeChat here, for example "access_token missing rid: …".
        (Some(Value::Bool(false)), None) if members.text("msg").contains("access_token") => {
            Err(Error::new(ErrorKind::Busy, context))
        }
        (Some(Value::Bool(false)), None) => Err(Error::new(ErrorKind::Fault, context)),
        (_, None) => Err(ParseError::Member("result").error(context)),
    }
}

/// Logs the meaning of an error code that is an outcome of the call, not an error.
fn explain(error_codes: &ErrorCodes, errcode: i64, context: &'static str) {
    trace::debug!(outcome = %error_codes.error(errcode, context), "kesion: the school has no usable official account");
}

/// Returns the error code unless it is absent or 0.
fn return_code(object: &Map<String, Value>) -> Result<Option<i64>, ParseError> {
    const NAME: &str = "returnCode";

    match object.get(NAME) {
        None | Some(Value::Null) => Ok(None),
        value => errcode(value, &[])
            .map(|errcode| Some(errcode).filter(|errcode| *errcode != 0))
            .ok_or(ParseError::Errcode(NAME)),
    }
}
