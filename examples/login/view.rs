//! Both identities as JSON, for `/api/me`, without tokens, session ids and platform URLs.

use serde_json::{Value, json};
use tower_weika::clock::Clock;
use tower_weika::identity::{Manager, School, WechatUser};

/// The fields of a manager that pages of this site may see.
pub(crate) fn manager(manager: &Manager) -> Value {
    json!({
        "user_id": manager.user_id.as_str(),
        "name": manager.name,
        "cur_school": manager.current_school().map(school),
        "schools": manager.schools.iter().map(school).collect::<Vec<_>>(),
        "role_id": manager.role_id,
        "parent_id": manager.parent_id,
        "real_info": manager.real_info.as_ref().map(|real| json!({
            "card_number": real.card_number,
            "name": real.name,
            "identity_type": real.identity_type,
        })),
        "media_info": manager.media_info.as_ref().map(|media| json!({
            "app_id": media.app_id,
            "media_id": media.media_id,
        })),
    })
}

/// The fields of a WeChat user that pages of this site may see. `expires_in` is in whole seconds.
pub(crate) fn wechat_user(user: &WechatUser) -> Value {
    let now = Clock::system().now();
    json!({
        "open_id": user.open_id.as_str(),
        "app_id": user.app_id,
        "bound": user.is_bound(),
        "expires_in": user.expires_at().map(|end| end.since(now).as_secs()),
    })
}

fn school(school: &School) -> Value {
    json!({ "school_code": school.code, "school_name": school.name })
}
