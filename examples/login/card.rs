//! Identities shown as campus cards.

use tower_weika::clock::Clock;
use tower_weika::identity::{IdentityType, Manager, RealInfo, WechatUser};

use crate::html::Escaped;
use crate::reader::Reader;

/// The card of a manager.
pub(crate) fn manager_card(reader: &Reader, manager: &Manager) -> String {
    let unknown = reader.say("尚未选择学校", "No school selected");
    let school = manager
        .current_school()
        .map_or(unknown, |school| &school.name);
    let face: String = shown_name(reader, manager).chars().take(1).collect();
    let real = manager.real_info.as_ref();
    let account = manager.media_info.as_ref();
    let account = account.map(|media| &*media.media_id);
    let role = manager.role_id.map(|role| role.to_string());
    let fields = [
        (
            reader.say("学工号", "Card number"),
            real.map(|real| &*real.card_number),
        ),
        (reader.say("角色组", "Role group"), role.as_deref()),
        (reader.say("公众号", "Official account"), account),
    ];
    format!(
        r#"<section class="card" aria-label="{label}" data-manager="{id}">
<header><b>{school}</b><span>{kind}</span></header>
<div class="who"><span class="face" aria-hidden="true">{face}</span>
<div><strong>{name}</strong>{person}</div></div>
<dl>{fields}</dl>
</section>"#,
        label = reader.say("管理员卡", "Manager's card"),
        id = Escaped(&manager.user_id),
        school = Escaped(school),
        kind = reader.say("校园管理员", "CAMPUS MANAGER"),
        face = Escaped(face),
        name = Escaped(shown_name(reader, manager)),
        person = person(reader, real),
        fields = fields
            .map(|(label, value)| field(label, value.unwrap_or("—")))
            .concat(),
    )
}

/// The card of a WeChat user. `account` is the name of the official account, if it is known.
pub(crate) fn wechat_card(reader: &Reader, user: &WechatUser, account: Option<&str>) -> String {
    let (state, binding) = if user.is_bound() {
        ("bound", reader.say("已绑定", "Linked"))
    } else {
        ("unbound", reader.say("未绑定", "Not linked"))
    };
    let now = Clock::system().now();
    let left = user.expires_at().map(|end| reader.duration(end.since(now)));
    let fields = [
        (
            reader.say("绑定有效期", "Valid for"),
            left.as_deref().unwrap_or("—"),
        ),
        (reader.say("公众号 AppID", "AppID"), &user.app_id),
    ];
    format!(
        r#"<section class="card wechat" aria-label="{label}" data-wechat="{state}">
<header><b>{account}</b><span>{kind}</span></header>
<div class="who"><span class="face" aria-hidden="true">{face}</span>
<div><strong>{kind}</strong><span>openid {open_id}<em>{binding}</em></span></div></div>
<dl>{fields}</dl>
</section>"#,
        label = reader.say("微信用户卡", "WeChat user's card"),
        account = Escaped(account.unwrap_or_else(|| reader.say("公众号", "Official account"))),
        kind = reader.say("微信用户", "WeChat user"),
        face = reader.say("微", "W"),
        open_id = Escaped(short_id(user)),
        fields = fields.map(|(label, value)| field(label, value)).concat(),
    )
}

/// Returns the end of an openid: enough to tell two users apart, useless to an onlooker.
pub(crate) fn short_id(user: &WechatUser) -> String {
    let id: Vec<_> = user.open_id.as_str().chars().collect();
    format!(
        "…{}",
        id[id.len().saturating_sub(6)..].iter().collect::<String>()
    )
}

/// The card of a visitor who is not logged in.
pub(crate) fn blank(reader: &Reader) -> String {
    let fields = [
        reader.say("学工号", "Card number"),
        reader.say("角色组", "Role group"),
        reader.say("公众号", "Official account"),
    ];
    format!(
        r#"<section class="card blank" aria-hidden="true">
<header><b>{school}</b><span>{kind}</span></header>
<div class="who"><span class="face">?</span><div><strong>{name}</strong><span>{hint}</span></div></div>
<dl>{fields}</dl>
</section>"#,
        school = reader.say("您的学校", "Your school"),
        kind = reader.say("校园管理员", "CAMPUS MANAGER"),
        name = reader.say("未登录", "Not logged in"),
        hint = reader.say("登录后在此显示身份", "Log in to see your identity here"),
        fields = fields.map(|label| field(label, "• • • •")).concat(),
    )
}

/// Returns the display name of a manager, whose nickname may be missing.
pub(crate) fn shown_name<'a>(reader: &Reader, manager: &'a Manager) -> &'a str {
    match &*manager.name {
        "" => reader.say("未命名", "Unnamed"),
        name => name,
    }
}

fn person(reader: &Reader, real: Option<&RealInfo>) -> String {
    let Some(real) = real else {
        return format!("<span>{}</span>", reader.say("未实名", "Not verified"));
    };
    let kind = match real.named_identity_type() {
        Some(IdentityType::Student) => reader.say("学生", "Student"),
        Some(IdentityType::Staff) => reader.say("教职工", "Staff"),
        Some(IdentityType::Alumni) => reader.say("校友", "Alumni"),
        _ => reader.say("其他", "Other"),
    };
    let verified = reader.say("已实名", "Verified");
    format!(
        r#"<span>{} · {kind}<em>{verified}</em></span>"#,
        Escaped(&real.name)
    )
}

fn field(label: &str, value: &str) -> String {
    format!("<div><dt>{label}</dt><dd>{}</dd></div>", Escaped(value))
}
