//! What is in a successful answer.

use serde_json::{Map, Value};

use super::super::envelope::{Flaw, members};
use super::super::lenient::Members;
use crate::error::Error;
use crate::identity::{Manager, MediaInfo, RealInfo, School};
use crate::token::{AccessToken, IssuedToken};
use crate::trace;

#[cfg(test)]
mod tests;

/// 获取应用access_token: `access_token`, `expires_in` in seconds.
pub(super) fn issued_token(object: &Map<String, Value>, context: &'static str) -> Result<IssuedToken, Error> {
    let members = members(object, "access_token");
    let token = members.identifier("access_token").ok_or_else(|| Flaw::Member("access_token").error(context))?;
    Ok(IssuedToken::new(AccessToken::new(token), members.seconds("expires_in")))
}

/// 获取当前登录管理员身份态: only `user_id` is certain to be there.
pub(super) fn manager(object: &Map<String, Value>, context: &'static str) -> Result<Manager, Error> {
    let members = members(object, "user_id");
    let user_id = members.identifier("user_id").ok_or_else(|| Flaw::Member("user_id").error(context))?;
    let mut manager = Manager::builder(user_id).name(members.text("name"));
    for entry in members.objects("schools") {
        let Some(school) = school(entry) else {
            trace::debug!("a school without a usable code is left out");
            continue;
        };
        manager = manager.school(school);
    }
    if let Some(code) = members.object("cur_school").and_then(|school| school.identifier("school_code")) {
        manager = manager.current_school(code);
    }
    if let Some(info) = members.object("manager_real_info") {
        let (card_number, name) = (info.text("card_number"), info.text("name"));
        manager = manager.real_info(RealInfo::new(card_number, name, info.text("identity_type")));
    }
    if let Some(info) = members.object("media_info") {
        manager = manager.media_info(MediaInfo::new(info.text("app_id"), info.text("media_id")));
    }
    if let Some(role_id) = members.integer("role_id") {
        manager = manager.role_id(role_id);
    }
    if let Some(parent_id) = members.integer("parent_id") {
        manager = manager.parent_id(parent_id);
    }
    Ok(manager.build())
}

fn school(entry: Members<'_>) -> Option<School> {
    let school = School::new(entry.identifier("school_code")?, entry.text("school_name"));
    Some(match entry.identifier("host") {
        Some(host) => school.with_host(host),
        None => school,
    })
}
