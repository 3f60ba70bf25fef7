//! Body of a token call, in both of its encodings.

use serde_json::{Map, Value};
use url::form_urlencoded;

use super::refusal::MemberRefusal;
use crate::message::call::Call;

/// Parameters of a token call: JSON with `app_key` and `app_secret`, or a form with `client_id` and
/// `client_secret`.
pub(crate) struct TokenRequest(Map<String, Value>);

impl TokenRequest {
    pub(crate) fn of(call: &Call<'_>) -> Result<Self, MemberRefusal> {
        if call.is_json() {
            let body = call.members().ok_or(MemberRefusal::ParameterWrong)?;
            return Ok(Self(body));
        }
        let form = form_urlencoded::parse(call.body);
        let form = form.map(|(name, value)| {
            let name = match &*name {
                "client_id" => "app_key".to_owned(),
                "client_secret" => "app_secret".to_owned(),
                "code" => "wxcode".to_owned(),
                _ => name.into_owned(),
            };
            (name, Value::String(value.into_owned()))
        });
        Ok(Self(form.collect()))
    }

    /// Returns a required parameter.
    pub(crate) fn text(&self, name: &str) -> Result<&str, MemberRefusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Err(MemberRefusal::ParameterMissing),
            Some(Value::String(text)) if text.is_empty() => Err(MemberRefusal::ParameterMissing),
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(MemberRefusal::ParameterWrong),
        }
    }

    /// Checks `grant_type`, which may be missing.
    pub(crate) fn check_grant_type(&self, expected: &str) -> Result<(), MemberRefusal> {
        match self.0.get("grant_type") {
            None => Ok(()),
            Some(Value::String(text)) if text == expected => Ok(()),
            Some(_) => Err(MemberRefusal::ParameterWrong),
        }
    }
}
