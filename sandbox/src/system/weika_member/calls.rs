//! Calls of the member login: both tokens, the user info, and a school's identity types.

use std::sync::atomic::Ordering;

use serde_json::{Map, Value, json};

use super::info;
use super::refusal::MemberRefusal;
use super::service::WeikaMember;
use super::token_request::TokenRequest;
use crate::message::call::Call;
use crate::message::query::parameter;
use crate::message::reply::Reply;
use crate::random;
use crate::response_format::ResponseFormat;
use crate::state::fault::Fault;
use crate::state::token::BadToken;

impl WeikaMember {
    pub(crate) fn member_token(&self, call: &Call<'_>) -> Reply {
        token_reply(self.issue_member_token(call), call)
    }

    pub(crate) fn school_token(&self, call: &Call<'_>) -> Reply {
        token_reply(self.issue_school_token(call), call)
    }

    pub(crate) fn user_info(&self, call: &Call<'_>) -> Reply {
        reply(self.look_up_member(call), "success")
    }

    pub(crate) fn identity_types(&self, call: &Call<'_>) -> Reply {
        reply(self.look_up_identity_types(call), "ok")
    }

    fn issue_member_token(&self, call: &Call<'_>) -> Result<Map<String, Value>, MemberRefusal> {
        let request = TokenRequest::of(call)?;
        let app = self.app(&request)?;
        request.check_grant_type("authorization_code")?;
        let (code, redirect_uri) = (request.text("wxcode")?, request.text("redirect_uri")?);
        let client = self.grants.client(app, redirect_uri);
        let number = self.codes.consume(client, code);
        let number = number.ok_or(MemberRefusal::InvalidCode)?;
        let grant = self.grants.of(number).ok_or(MemberRefusal::Busy)?;
        let (token, refresh) = (self.tokens.issue(number), random::base62::<157>());
        let (Ok(token), Ok(refresh)) = (token, refresh) else {
            return Err(MemberRefusal::Busy);
        };
        let mut members = self.token_members(&token, &grant.ocode, call);
        members.insert("refresh_token".to_owned(), json!(refresh));
        Ok(members)
    }

    fn issue_school_token(&self, call: &Call<'_>) -> Result<Map<String, Value>, MemberRefusal> {
        let request = TokenRequest::of(call)?;
        let app = self.app(&request)?;
        request.check_grant_type("client_credentials")?;
        let ocode = request.text("ocode")?;
        let school = self
            .school_number(ocode)
            .ok_or(MemberRefusal::UnknownSchool)?;
        if !self.enabled.load(Ordering::Acquire) {
            return Err(MemberRefusal::AppNotEnabled);
        }
        let number = app * self.people.len() + school;
        let token = self.school_tokens.issue(number);
        let token = token.map_err(|_| MemberRefusal::Busy)?;
        Ok(self.token_members(&token, ocode, call))
    }

    fn token_members(&self, token: &str, ocode: &str, call: &Call<'_>) -> Map<String, Value> {
        let mut members = Map::from_iter([
            ("access_token".to_owned(), json!(token)),
            ("token_type".to_owned(), json!("bearer")),
            ("ocode".to_owned(), json!(self.shown_ocode(ocode, call))),
        ]);
        let expires_in = match call.fault {
            Some(Fault::ExpiresIn(expires_in)) => expires_in.clone(),
            _ => Some(json!(self.tokens.life().as_secs())),
        };
        members.extend(expires_in.map(|it| ("expires_in".to_owned(), it)));
        members
    }

    fn look_up_member(&self, call: &Call<'_>) -> Result<Map<String, Value>, MemberRefusal> {
        let request = TokenRequest::of(call)?;
        let number = self.tokens.app(request.text("access_token")?);
        let number = number.map_err(refused)?;
        let grant = self.grants.of(number).ok_or(MemberRefusal::TokenInvalid)?;
        let ocode = self.shown_ocode(&grant.ocode, call);
        let person = &self.people[grant.person];
        let (scope, variations) = (grant.scope, call.variations);
        Ok(info::user_info(person, &ocode, scope, variations))
    }

    fn look_up_identity_types(&self, call: &Call<'_>) -> Result<Map<String, Value>, MemberRefusal> {
        let token = parameter(call.query(), "access_token").filter(|it| !it.is_empty());
        let token = token.ok_or(MemberRefusal::ParameterMissing)?;
        let number = self.school_tokens.app(&token).map_err(refused)?;
        let school = self.people[number % self.people.len()].school();
        let list = info::identity_types(school);
        Ok(Map::from_iter([("list".to_owned(), Value::Array(list))]))
    }

    /// Returns the `ocode` of a reply: that of another school, if the fault says so.
    fn shown_ocode(&self, ocode: &str, call: &Call<'_>) -> String {
        if call.fault != Some(&Fault::OtherSchool) {
            return ocode.to_owned();
        }
        let mut codes = self.people.iter().map(|it| it.school().code());
        codes
            .find(|it| *it != ocode)
            .unwrap_or("9999999999")
            .to_owned()
    }

    fn app(&self, request: &TokenRequest) -> Result<usize, MemberRefusal> {
        let (key, secret) = (request.text("app_key")?, request.text("app_secret")?);
        let mut apps = self.apps.iter();
        apps.position(|it| it.key == key && it.secret == secret)
            .ok_or(MemberRefusal::InvalidApp)
    }
}

const fn refused(bad: BadToken) -> MemberRefusal {
    match bad {
        BadToken::Expired => MemberRefusal::TokenExpired,
        BadToken::Unknown => MemberRefusal::TokenInvalid,
    }
}

/// Returns a success of a token endpoint, which has no `errcode`, or the refusal.
fn token_reply(result: Result<Map<String, Value>, MemberRefusal>, call: &Call<'_>) -> Reply {
    match result {
        Ok(members) => Reply::json(ResponseFormat::Weika, members, None),
        Err(refusal) => refusal.token_reply(call.variations),
    }
}

/// Returns a success with its `errcode` and `errmsg`, or the refusal.
fn reply(result: Result<Map<String, Value>, MemberRefusal>, errmsg: &str) -> Reply {
    let mut body = match result {
        Ok(members) => members,
        Err(refusal) => return refusal.reply(),
    };
    body.insert("errcode".to_owned(), json!(0));
    body.insert("errmsg".to_owned(), json!(errmsg));
    Reply::json(ResponseFormat::Weika, body, None)
}
