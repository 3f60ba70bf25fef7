//! A manager as a campus card.

use tower_weika::identity::{IdentityType, Manager, RealInfo};

use crate::html::Escaped;
use crate::reader::Reader;

/// The card of somebody who is logged in.
pub(crate) fn card(reader: &Reader, manager: &Manager) -> String {
    let unknown = reader.say("尚未选择学校", "No school yet");
    let school = manager.current_school().map_or(unknown, |school| school.name());
    let face: String = shown_name(reader, manager).chars().take(1).collect();
    let real = manager.real_info();
    let account = manager.media_info().map(|media| media.media_id());
    let role = manager.role_id().map(|role| role.to_string());
    let fields = [
        (reader.say("学工号", "Card number"), real.map(RealInfo::card_number)),
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
        id = Escaped(manager.user_id()),
        school = Escaped(school),
        kind = reader.say("校园管理员", "CAMPUS MANAGER"),
        face = Escaped(face),
        name = Escaped(shown_name(reader, manager)),
        person = person(reader, real),
        fields = fields.map(|(label, value)| field(label, value.unwrap_or("—"))).concat(),
    )
}

/// The card of nobody.
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
        hint = reader.say("登录后在此显示身份", "Log in to see yourself here"),
        fields = fields.map(|label| field(label, "• • • •")).concat(),
    )
}

/// What to call a manager: the nick name may be missing.
pub(crate) fn shown_name<'a>(reader: &Reader, manager: &'a Manager) -> &'a str {
    match manager.name() {
        "" => reader.say("未命名", "Nameless"),
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
    format!(r#"<span>{} · {kind}<em>{verified}</em></span>"#, Escaped(real.name()))
}

fn field(label: &str, value: &str) -> String {
    format!("<div><dt>{label}</dt><dd>{}</dd></div>", Escaped(value))
}
