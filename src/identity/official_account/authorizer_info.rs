use serde_json::Value;

use super::AccountState;

/// WeChat's description of an official account (`api_get_authorizer_info`), which Kesion passes on.
///
/// Source: <https://developers.weixin.qq.com/doc/oplatform/openApi/authorization-management/api_getauthorizerinfo>.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct AuthorizerInfo {
    /// How the account was verified (`verify_type_info.id`): -1 not at all (未认证), 0 by WeChat, 1 through Weibo, 3 and 4
    /// its owner is verified, its name is not yet.
    pub verify_type_id: Option<i64>,
    /// The number of the state (`account_status`); see [`state`](Self::state).
    pub account_status: Option<i64>,
    /// The response of WeChat as Kesion passed it on, without its tokens. Its values are unchecked user input.
    pub raw: Value,
}

impl AuthorizerInfo {
    /// Creates a description from WeChat's response. Its tokens are removed: an attacker who knows
    /// `authorizer_refresh_token` can act for the account.
    #[must_use]
    pub fn new(mut raw: Value) -> Self {
        remove_tokens(&mut raw);
        Self {
            verify_type_id: None,
            account_status: None,
            raw,
        }
    }

    /// Whether WeChat has verified the account (微信认证): [`verify_type_id`](Self::verify_type_id) is 0.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.verify_type_id == Some(0)
    }

    /// Returns the state of the account (帐号状态), if it is one that WeChat's page names.
    #[must_use]
    pub fn state(&self) -> Option<AccountState> {
        self.account_status.and_then(AccountState::of)
    }
}

/// Removes every member whose name contains `token`, at any depth.
fn remove_tokens(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !name.to_ascii_lowercase().contains("token"));
            members.values_mut().for_each(remove_tokens);
        }
        Value::Array(entries) => entries.iter_mut().for_each(remove_tokens),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn states_are_those_of_wechats_page_and_no_others() {
        let state = |number| {
            let mut info = AuthorizerInfo::new(Value::Null);
            info.account_status = number;
            info.state()
        };
        assert_eq!(state(Some(1)), Some(AccountState::Normal));
        assert_eq!(state(Some(14)), Some(AccountState::Cancelled));
        assert_eq!(state(Some(16)), Some(AccountState::Banned));
        assert_eq!(state(Some(18)), Some(AccountState::Warned));
        assert_eq!(state(Some(19)), Some(AccountState::Frozen));
        assert_eq!((state(Some(99)), state(None)), (None, None));
    }

    #[test]
    fn account_without_a_verify_type_is_not_verified() {
        let mut info = AuthorizerInfo::new(Value::Null);
        assert!(!info.is_verified());
        info.verify_type_id = Some(0);
        assert!(info.is_verified());
    }

    #[test]
    fn tokens_are_removed_at_any_depth() {
        let info = AuthorizerInfo::new(json!({
            "authorization_info": { "authorizer_refresh_token": "s3cr3t", "authorizer_appid": "wx1" },
            "more": [{ "Access_Token": { "a": "s3cr3t" }, "kept": 1 }],
        }));
        let expected = json!({
            "authorization_info": { "authorizer_appid": "wx1" },
            "more": [{ "kept": 1 }],
        });
        assert_eq!(info.raw, expected);
    }
}
