//! WeChat: the login of users with the secret of the website application or the official account.

use serde_json::{Value, json};

/// 通过 code 获取 access_token: the user of the code, if it is valid.
pub(super) fn user(user: Option<String>, scope: &str) -> Value {
    match user {
        Some(user) => json!({
            "access_token": "user-token", "expires_in": 7200, "refresh_token": "r",
            "openid": user, "scope": scope,
        }),
        None => json!({ "errcode": 40029, "errmsg": "invalid code" }),
    }
}
