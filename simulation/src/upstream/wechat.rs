//! WeChat: the login of users with the secret of a website application.

use serde_json::{Value, json};

use super::codes::Codes;

#[derive(Default, Debug)]
pub(crate) struct Wechat {
    pub(crate) codes: Codes,
}

impl Wechat {
    /// 通过 code 获取 access_token
    pub(crate) fn user(&mut self, code: &str, now: u64) -> Value {
        match self.codes.consume(code, now) {
            Some(user) => json!({
                "access_token": "user-token", "expires_in": 7200, "refresh_token": "r",
                "openid": user, "scope": "snsapi_login",
            }),
            None => json!({ "errcode": 40029, "errmsg": "invalid code" }),
        }
    }
}
