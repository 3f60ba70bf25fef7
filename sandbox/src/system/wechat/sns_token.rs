//! Call that exchanges a code for the openid, with the secret of the application.

use serde_json::{Map, Value, json};

use super::authorize_request::Scope;
use super::service::Wechat;
use super::sns_refusal::WechatSnsRefusal;
use crate::message::call::Call;
use crate::message::query::parameter;
use crate::message::reply::Reply;
use crate::random;
use crate::response_format::ResponseFormat;
use crate::state::code::CodeRefusal;

impl Wechat {
    /// Exchanges a code. A success has no `errcode`.
    pub(crate) fn sns_token(&self, call: &Call<'_>) -> Reply {
        match self.exchanged(call.query()) {
            Ok(body) => Reply::json(ResponseFormat::Wechat, body, None),
            Err(refusal) => {
                let errcode = json!(refusal.errcode());
                Reply::refusal(ResponseFormat::Wechat, errcode, refusal.errmsg())
            }
        }
    }

    fn exchanged(&self, query: &str) -> Result<Map<String, Value>, WechatSnsRefusal> {
        let text = |name: &str, missing| {
            let sent = parameter(query, name).filter(|text| !text.is_empty());
            sent.ok_or(missing)
        };
        let app_id = text("appid", WechatSnsRefusal::AppIdMissing)?;
        let secret = text("secret", WechatSnsRefusal::SecretMissing)?;
        let app = self.apps.iter().position(|it| it.app_id == app_id);
        let app = app.ok_or(WechatSnsRefusal::InvalidAppId)?;
        if self.apps[app].secret != secret {
            return Err(WechatSnsRefusal::InvalidSecret);
        }
        let code = text("code", WechatSnsRefusal::CodeMissing)?;
        let grant_type = text("grant_type", WechatSnsRefusal::InvalidGrantType)?;
        if grant_type != "authorization_code" {
            return Err(WechatSnsRefusal::InvalidGrantType);
        }
        let grant = self.codes_of(app).exchange(app, &code);
        let grant = grant.map_err(|refusal| match refusal {
            CodeRefusal::Invalid => WechatSnsRefusal::InvalidCode,
            CodeRefusal::Used => WechatSnsRefusal::CodeUsed,
        })?;
        let person = &self.people[grant.person];
        let token = || random::base62::<110>().map_err(|_| WechatSnsRefusal::Busy);
        let body = json!({
            "access_token": token()?,
            "expires_in": 7200,
            "refresh_token": token()?,
            "openid": person.open_id(&app_id),
            "scope": grant.scope.name(),
        });
        let Value::Object(mut body) = body else {
            return Err(WechatSnsRefusal::Busy);
        };
        if self.is_on_open_platform() && grant.scope != Scope::Base {
            body.insert("unionid".to_owned(), json!(person.union_id()));
        }
        if person.is_snapshot() {
            body.insert("is_snapshotuser".to_owned(), json!(1));
        }
        Ok(body)
    }
}
