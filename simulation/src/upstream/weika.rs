//! Weika: access tokens of the application, and the login of managers.

use serde_json::{Value, json};

#[derive(Debug)]
struct Token {
    value: String,
    expires: u64,
}

#[derive(Default, Debug)]
pub(crate) struct Weika {
    tokens: Vec<Token>,
    issued: u64,
}

impl Weika {
    /// 获取应用access_token
    pub(crate) fn issue_token(&mut self, lifetime: u64, is_single: bool, now: u64) -> Value {
        if is_single {
            self.revoke_tokens();
        }
        self.issued += 1;
        let value = format!("token-{}", self.issued);
        self.tokens.push(Token {
            value: value.clone(),
            expires: now + lifetime * 1_000,
        });
        json!({ "errcode": 0, "access_token": value, "expires_in": lifetime })
    }

    pub(crate) fn revoke_tokens(&mut self) {
        self.tokens.clear();
    }

    pub(crate) fn accepts(&self, token: &str, now: u64) -> bool {
        let is_live = |known: &Token| known.value == token && known.expires > now;
        self.tokens.iter().any(is_live)
    }
}

/// 获取当前登录管理员身份态: the user of the code, if it is valid.
pub(crate) fn manager(user: Option<String>) -> Value {
    match user {
        Some(user) => json!({ "errcode": 0, "user_id": user, "name": "王" }),
        None => json!({ "errcode": 6001, "errmsg": "invalid code" }),
    }
}
