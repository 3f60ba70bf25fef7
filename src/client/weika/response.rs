//! Parser of the successful responses of Weika.

use serde_json::{Map, Value};

use super::super::envelope::{ParseError, members};
use super::super::values::Members;
use crate::error::Error;
use crate::identity::{Manager, MediaInfo, RealInfo, School};
use crate::secret::AccessToken;
use crate::token::IssuedToken;

/// 获取应用access_token: `access_token`, `expires_in` in seconds.
pub(super) fn issued_token(
    object: &Map<String, Value>,
    context: &'static str,
) -> Result<IssuedToken, Error> {
    let members = members(object, "access_token", context);
    let token = members
        .identifier("access_token")
        .ok_or_else(|| ParseError::Member("access_token").error(context))?;
    Ok(IssuedToken::new(
        AccessToken::new(token),
        members.seconds("expires_in"),
    ))
}

/// 获取当前登录管理员身份态: only `user_id` is always present.
pub(super) fn manager(
    object: &Map<String, Value>,
    context: &'static str,
) -> Result<Manager, Error> {
    let members = members(object, "user_id", context);
    let user_id = members
        .identifier("user_id")
        .ok_or_else(|| ParseError::Member("user_id").error(context))?;
    let mut manager = Manager::new(user_id);
    manager.name = members.text("name");
    manager.schools = members.objects("schools").filter_map(school).collect();
    manager.current_school_code = members
        .object("cur_school")
        .and_then(|school| school.identifier_or_number("school_code"));
    manager.real_info = members.object("manager_real_info").map(|info| {
        RealInfo::new(
            info.identifier_or_number("card_number").unwrap_or_default(),
            info.text("name"),
            info.numeric_text("identity_type"),
        )
    });
    manager.media_info = members.object("media_info").map(|info| {
        let id = |name| info.identifier_or_number(name).unwrap_or_default();
        MediaInfo::new(id("app_id"), id("media_id"))
    });
    manager.role_id = members.whole_number("role_id");
    manager.parent_id = members.whole_number("parent_id");
    if manager.current_school_code.is_some() && manager.current_school().is_none() {
        manager.current_school_code = members.ignore("cur_school", "not among the schools");
    }
    Ok(manager)
}

fn school(entry: Members<'_>) -> Option<School> {
    let Some(code) = entry.identifier_or_number("school_code") else {
        return entry.ignore(
            "school_code",
            "the school has no usable code and is left out",
        );
    };
    let mut school = School::new(code, entry.text("school_name"));
    school.host = entry.identifier("host").map(str::to_owned);
    Some(school)
}
