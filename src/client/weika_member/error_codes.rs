//! Error codes of Weika's member login, and the errors of OAuth that it uses beside them.

use serde_json::{Map, Value};

use crate::client::ErrorAction::{
    self, Configure, Deny, Fail, LogInAgain, RefreshToken, RetryLater,
};
use crate::client::error_codes::{Entry, ErrorCodes, LOG_IN_AGAIN};
use crate::error::Error;

impl ErrorCodes {
    /// Returns the known error codes of Weika's member login.
    #[must_use]
    pub fn weika_member() -> Self {
        Self::of(ENTRIES)
    }
}

/// <https://cloud.tencent.com/document/api/1523/87715>.
const ENTRIES: &[Entry] = &[
    (
        40001,
        Configure,
        "app_key or app_secret is wrong (不合法)",
        "compare app_key and app_secret with the application's page in the Weika console",
    ),
    (
        40002,
        RefreshToken,
        "the access_token has expired (过期)",
        ONE_TOKEN,
    ),
    (
        40003,
        LogInAgain,
        "the wxcode is invalid (不合法)",
        LOG_IN_AGAIN,
    ),
    (
        40005,
        RefreshToken,
        "the access_token is invalid (无效)",
        ONE_TOKEN,
    ),
    (
        40006,
        Configure,
        "the school_code does not exist",
        "compare the ocode with the school's code in the Weika console",
    ),
    (
        40007,
        Deny,
        "the card number (电子卡号) does not exist",
        "the school checks the member's card number at Weika",
    ),
    (
        40008,
        Deny,
        "no permission (权限不足)",
        "request the right to this call and its fields for the app_key at Tencent",
    ),
    (40009, Fail, "a parameter is missing", FIX_REQUEST),
    (40010, Fail, "a parameter is wrong", FIX_REQUEST),
    (
        40018,
        Configure,
        "the school has not enabled the application (没有开启应用)",
        "the school's administrator enables the application in Weika",
    ),
];

const ONE_TOKEN: &str = "the client fetches a school's token again, once; if it repeats, another process fetches tokens with the same app_key";
const FIX_REQUEST: &str = "compare the redirect_uri, the ocode and the scope with the application's page in the Weika console";

/// Returns the failure that the member `error` of RFC 6749 §5.2 describes, if there is one. An
/// empty `error` is none. The response is not quoted.
pub(super) fn oauth_error(object: &Map<String, Value>, context: &'static str) -> Option<Error> {
    let error = object.get("error").filter(|error| !error.is_null())?;
    if error.as_str() == Some("") {
        return None;
    }
    let known = OAUTH_ERRORS
        .iter()
        .find(|(name, ..)| error.as_str() == Some(name));
    let (action, text) = known.map_or(
        (Fail, "the response is an unknown OAuth error"),
        |&(_, action, text)| (action, text),
    );
    Some(Error::new(action.kind(), context).with_source(text))
}

const OAUTH_ERRORS: [(&str, ErrorAction, &str); 8] = [
    (
        "invalid_grant",
        LogInAgain,
        "OAuth error invalid_grant: the wxcode is used, expired or of another redirect_uri",
    ),
    (
        "invalid_client",
        Configure,
        "OAuth error invalid_client: app_key or app_secret is wrong",
    ),
    (
        "unauthorized_client",
        Configure,
        "OAuth error unauthorized_client: the school has not enabled the application",
    ),
    (
        "invalid_scope",
        Configure,
        "OAuth error invalid_scope: the application has no right to the scope",
    ),
    (
        "access_denied",
        Deny,
        "OAuth error access_denied: the member is denied access",
    ),
    (
        "temporarily_unavailable",
        RetryLater,
        "OAuth error temporarily_unavailable",
    ),
    ("server_error", Fail, "OAuth error server_error"),
    ("invalid_request", Fail, "OAuth error invalid_request"),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn no_error_code_is_listed_twice() {
        assert_eq!(ErrorCodes::weika_member().listed().count(), ENTRIES.len());
    }

    #[test]
    fn oauth_errors_have_their_kinds_and_are_never_quoted() {
        let kind = |error: Value| {
            let object = json!({ "error": error, "error_description": "s3cr3t" });
            let error = oauth_error(object.as_object()?, "call")?;
            assert!(!error.report().to_string().contains("s3cr3t"));
            Some(error.kind())
        };
        assert_eq!(kind(json!("invalid_grant")), Some(ErrorKind::InvalidCode));
        assert_eq!(
            kind(json!("invalid_client")),
            Some(ErrorKind::Configuration)
        );
        assert_eq!(kind(json!("access_denied")), Some(ErrorKind::Denied));
        assert_eq!(
            kind(json!("temporarily_unavailable")),
            Some(ErrorKind::Busy)
        );
        for unknown in [json!("s3cr3t"), json!(0), json!(false), json!({})] {
            assert_eq!(kind(unknown), Some(ErrorKind::Fault));
        }
        for none in [json!(null), json!("")] {
            assert_eq!(kind(none), None);
        }
    }
}
