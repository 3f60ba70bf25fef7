//! The identities as JSON, for `/api/me`, without tokens, session ids and platform URLs.

use serde_json::{Value, json};
use tower_weika::clock::Clock;
use tower_weika::identity::{Binding, Manager, Member, School, WechatUser};

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
            "card_number": masked(&real.card_number),
            "name": real.name,
            "identity_type": real.identity_type,
        })),
        "media_info": manager.media_info.as_ref().map(|media| json!({
            "app_id": media.app_id,
            "media_id": media.media_id,
        })),
    })
}

/// The fields of a member that pages of this site may see. The number of an identity type means
/// something at this school only; nothing is granted by it.
pub(crate) fn member(member: &Member) -> Value {
    let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    json!({
        "school_code": member.school_code(),
        "card_number": masked(member.card_number()),
        "name": known(&member.name),
        "identity_type": known(&member.identity_type),
    })
}

/// Returns a card number of which only the last two characters are shown.
pub(crate) fn masked(card_number: &str) -> String {
    let hidden = card_number.chars().count().saturating_sub(2);
    let shown = card_number.chars().skip(hidden);
    "*".repeat(hidden).chars().chain(shown).collect()
}

/// The fields of a WeChat user that pages of this site may see. `expires_in` is in whole seconds.
/// `bound` is `null` where no binding service is asked.
pub(crate) fn wechat_user(user: &WechatUser) -> Value {
    let now = Clock::system().now();
    let bound = match user.binding {
        Binding::Unchecked => None,
        _ => Some(user.is_bound()),
    };
    json!({
        "open_id": user.open_id.as_str(),
        "app_id": user.app_id,
        "bound": bound,
        "expires_in": user.expires_at().map(|end| end.since(now).as_secs()),
    })
}

fn school(school: &School) -> Value {
    json!({ "school_code": school.code, "school_name": school.name })
}
