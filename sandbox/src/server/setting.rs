//! Settings of the control page, each with a stable name.

use std::fmt;
use std::sync::atomic::Ordering;

use super::systems::Systems;
use crate::system::binding::{BindingRefusal, BindingState};
use crate::system::kesion::KesionState;
use crate::system::wechat::WechatApproval;
use crate::system::weika::Approval;

/// Setting that one button makes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Setting {
    Kesion(KesionState),
    KesionAutoLogin(bool),
    Binding(BindingState),
    Phone(WechatApproval),
    Bound(String, bool),
    MemberApp(bool),
    Member(Approval),
}

impl Setting {
    /// Returns the setting of this name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (group, value) = name.split_once(':')?;
        Some(match (group, value) {
            ("kesion", _) => Self::Kesion(KESION.iter().find(|(it, _)| *it == value)?.1),
            ("kesion-auto-login", "on") => Self::KesionAutoLogin(true),
            ("kesion-auto-login", "off") => Self::KesionAutoLogin(false),
            ("binding", _) => Self::Binding(BINDING.iter().find(|(it, _)| *it == value)?.1),
            ("phone", "ask") => Self::Phone(WechatApproval::Ask),
            ("phone", "decline") => Self::Phone(WechatApproval::Decline),
            ("person", person) => Self::Phone(WechatApproval::Approve(person.to_owned())),
            ("bind", person) => Self::Bound(person.to_owned(), true),
            ("unbind", person) => Self::Bound(person.to_owned(), false),
            ("member-app", "on") => Self::MemberApp(true),
            ("member-app", "off") => Self::MemberApp(false),
            ("member", "ask") => Self::Member(Approval::Ask),
            ("member", "decline") => Self::Member(Approval::Decline),
            ("member-is", person) => Self::Member(Approval::Approve(person.to_owned())),
            _ => return None,
        })
    }

    /// Applies the setting. Returns whether the person of the setting exists.
    pub(crate) fn apply(&self, systems: &Systems) -> bool {
        match self {
            Self::Kesion(state) => systems.kesion.settings().state = *state,
            Self::KesionAutoLogin(on) => systems.kesion.settings().auto_login = *on,
            Self::Binding(state) => *systems.binding.state() = *state,
            Self::Phone(WechatApproval::Approve(person))
                if systems.wechat_person(person).is_none() =>
            {
                return false;
            }
            Self::Phone(approval) => *systems.wechat.approval() = approval.clone(),
            Self::Bound(person, bound) => return systems.set_bound(person, *bound),
            Self::MemberApp(on) => systems.weika_member.enabled.store(*on, Ordering::Release),
            Self::Member(Approval::Approve(person)) if !systems.has_member(person) => return false,
            Self::Member(approval) => *systems.weika_member.approval() = approval.clone(),
        }
        true
    }

    /// Returns whether the setting is in effect.
    pub(crate) fn is_on(&self, systems: &Systems) -> bool {
        match self {
            Self::Kesion(state) => systems.kesion.settings().state == *state,
            Self::KesionAutoLogin(on) => systems.kesion.settings().auto_login == *on,
            Self::Binding(state) => *systems.binding.state() == *state,
            Self::Phone(approval) => *systems.wechat.approval() == *approval,
            Self::Bound(person, bound) => {
                let person = systems.wechat_person(person);
                person.is_some_and(|person| systems.binding.accounts.is_bound(person) == *bound)
            }
            Self::MemberApp(on) => systems.weika_member.enabled.load(Ordering::Acquire) == *on,
            Self::Member(approval) => *systems.weika_member.approval() == *approval,
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = |on: bool| if on { "on" } else { "off" };
        match self {
            Self::Kesion(state) => write!(f, "kesion:{}", word(&KESION, state)),
            Self::KesionAutoLogin(on) => write!(f, "kesion-auto-login:{}", state(*on)),
            Self::Binding(state) => write!(f, "binding:{}", word(&BINDING, state)),
            Self::Phone(WechatApproval::Ask) => f.write_str("phone:ask"),
            Self::Phone(WechatApproval::Decline) => f.write_str("phone:decline"),
            Self::Phone(WechatApproval::Approve(person)) => write!(f, "person:{person}"),
            Self::Bound(person, true) => write!(f, "bind:{person}"),
            Self::Bound(person, false) => write!(f, "unbind:{person}"),
            Self::MemberApp(on) => write!(f, "member-app:{}", state(*on)),
            Self::Member(Approval::Ask) => f.write_str("member:ask"),
            Self::Member(Approval::Decline) => f.write_str("member:decline"),
            Self::Member(Approval::Approve(person)) => write!(f, "member-is:{person}"),
        }
    }
}

const KESION: [(&str, KesionState); 4] = [
    ("not-opened", KesionState::NotOpened),
    ("not-authorized", KesionState::NotAuthorized),
    ("authorized", KesionState::Authorized),
    ("failing", KesionState::Failing),
];

const BINDING: [(&str, BindingState); 12] = [
    ("normal", BindingState::Normal),
    ("not-configured", BindingState::NotConfigured),
    ("operator-unavailable", BindingState::OperatorUnavailable),
    ("all-unbound", BindingState::AllUnbound),
    ("2001", BindingState::Refusing(BindingRefusal::BadCode)),
    ("2004", BindingState::Refusing(BindingRefusal::CodeEmpty)),
    ("2035", BindingState::Refusing(BindingRefusal::UnknownAppId)),
    ("440001", BindingState::Refusing(BindingRefusal::Busy)),
    (
        "440002",
        BindingState::Refusing(BindingRefusal::NoPermission),
    ),
    (
        "440003",
        BindingState::Refusing(BindingRefusal::NotLoggedIn),
    ),
    (
        "440004",
        BindingState::Refusing(BindingRefusal::TokenInvalid),
    ),
    (
        "440007",
        BindingState::Refusing(BindingRefusal::RequestFailed),
    ),
];

fn word<T: PartialEq>(words: &[(&'static str, T)], state: &T) -> &'static str {
    words
        .iter()
        .find(|(_, it)| it == state)
        .map_or("", |(word, _)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_is_found_by_its_name() {
        for setting in KESION
            .map(|(_, it)| Setting::Kesion(it))
            .into_iter()
            .chain(BINDING.map(|(_, it)| Setting::Binding(it)))
        {
            assert_eq!(Setting::parse(&setting.to_string()), Some(setting));
        }
        for name in [
            "kesion-auto-login:on",
            "phone:ask",
            "phone:decline",
            "person:a:b",
            "bind:小明",
            "unbind:x",
            "member-app:off",
            "member:ask",
            "member-is:wang",
        ] {
            assert_eq!(Setting::parse(name).unwrap().to_string(), name);
        }
        for name in [
            "",
            "kesion",
            "kesion:",
            "phone:xiaoming",
            "binding:2000",
            "other:x",
        ] {
            assert_eq!(Setting::parse(name), None, "{name}");
        }
    }
}
