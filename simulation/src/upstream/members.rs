//! Weika: the login of members, which needs two calls.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::login::SCHOOL;

/// Tokens of members, with their users.
#[derive(Default, Debug)]
pub(crate) struct Members(BTreeMap<String, String>);

impl Members {
    /// Issues a token to the user of a code, if the code is valid.
    pub(crate) fn issue_token(&mut self, user: Option<String>) -> Value {
        let Some(user) = user else {
            return json!({ "error": "invalid_grant" });
        };
        let token = format!("member-token-{}", self.0.len());
        self.0.insert(token.clone(), user);
        json!({ "access_token": token, "expires_in": 7200, "refresh_token": "r", "ocode": SCHOOL })
    }

    /// 通过access_token换取用户信息
    pub(crate) fn info(&self, token: &str) -> Value {
        match self.0.get(token) {
            Some(user) => json!({
                "errcode": 0, "ocode": SCHOOL, "card_number": user, "name": "李",
            }),
            None => json!({ "errcode": 40005, "errmsg": "invalid access_token" }),
        }
    }
}
