//! Identities shown as campus cards.

use tower_weika::clock::Clock;
use tower_weika::identity::{Binding, IdentityType, Manager, Member, RealInfo, WechatUser};

use crate::html::Escaped;
use crate::reader::Reader;
use crate::view::masked;

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
    let card_number = real.map(|real| masked(&real.card_number));
    let role = manager.role_id.map(|role| role.to_string());
    let fields = [
        (reader.say("学工号", "Card number"), card_number.as_deref()),
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

/// The card of a member. `identity_type` is the school's name for it, if it is known.
pub(crate) fn member_card(reader: &Reader, member: &Member, identity_type: Option<&str>) -> String {
    let name = member_name(reader, member);
    let fields = [
        (
            reader.say("卡号", "Card number"),
            masked(member.card_number()),
        ),
        (
            reader.say("学校代码", "School code"),
            member.school_code().to_owned(),
        ),
    ];
    format!(
        r#"<section class="card member" aria-label="{label}" data-member="{school}">
<header><b>{kind}</b><span>{caption}</span></header>
<div class="who"><span class="face" aria-hidden="true">{face}</span>
<div><strong>{name}</strong><span>{identity_type}</span></div></div>
<dl>{fields}</dl>
</section>"#,
        label = reader.say("校园卡", "Campus card"),
        school = Escaped(member.school_code()),
        kind = reader.say("校园卡", "Campus card"),
        caption = reader.say("学校成员", "MEMBER"),
        face = Escaped(name.chars().take(1).collect::<String>()),
        name = Escaped(name),
        identity_type = Escaped(
            identity_type.unwrap_or_else(|| reader.say("学校成员", "Member of the school"))
        ),
        fields = fields.map(|(label, value)| field(label, &value)).concat(),
    )
}

/// Returns the display name of a member, whose name may be unknown.
pub(crate) fn member_name<'a>(reader: &Reader, member: &'a Member) -> &'a str {
    match &*member.name {
        "" => reader.say("未命名", "Unnamed"),
        name => name,
    }
}

/// The card of a WeChat user. `account` is the name of the official account, if it is known.
pub(crate) fn wechat_card(reader: &Reader, user: &WechatUser, account: Option<&str>) -> String {
    let (state, binding) = match user.binding {
        Binding::Bound { .. } => ("bound", reader.say("已绑定", "Linked")),
        Binding::Unchecked => ("unchecked", reader.say("无需绑定", "No linking")),
        _ => ("unbound", reader.say("未绑定", "Not linked")),
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
