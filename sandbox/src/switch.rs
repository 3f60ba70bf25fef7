//! What the control page can switch, each with a name that stays.

use std::fmt;

use super::binding::{BindingRefusal, BindingState};
use super::kesion::KesionState;
use super::systems::Systems;
use super::wechat::WechatApproval;

/// One button.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Switch {
    Kesion(KesionState),
    KesionAutoLogin(bool),
    Binding(BindingState),
    Phone(WechatApproval),
    Bound(String, bool),
}

impl Switch {
    /// The switch of this name, if it can be switched here.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (group, value) = name.split_once(':')?;
        Some(match (group, value) {
            ("kesion", _) => Self::Kesion(KESION.iter().find(|(it, _)| *it == value)?.1),
            ("kesion-auto-login", "on") => Self::KesionAutoLogin(true),
            ("kesion-auto-login", "off") => Self::KesionAutoLogin(false),
            ("binding", _) => Self::Binding(BINDING.iter().find(|(it, _)| *it == value)?.1),
            ("phone", "ask") => Self::Phone(WechatApproval::Ask),
            ("phone", "decline") => Self::Phone(WechatApproval::Decline),
            ("person", follower) => Self::Phone(WechatApproval::Approve(follower.to_owned())),
            ("bind", follower) => Self::Bound(follower.to_owned(), true),
            ("unbind", follower) => Self::Bound(follower.to_owned(), false),
            _ => return None,
        })
    }

    /// Switches it. Whether there is such a follower.
    pub(super) fn apply(&self, systems: &Systems) -> bool {
        match self {
            Self::Kesion(state) => systems.kesion.settings().state = *state,
            Self::KesionAutoLogin(on) => systems.kesion.settings().auto_login = *on,
            Self::Binding(state) => *systems.binding.state() = *state,
            Self::Phone(WechatApproval::Approve(follower))
                if !systems.wechat.followers.iter().any(|it| it.id() == follower) =>
            {
                return false;
            }
            Self::Phone(approval) => *systems.wechat.approval() = approval.clone(),
            Self::Bound(follower, bound) => return systems.set_bound(follower, *bound),
        }
        true
    }

    /// Whether things are as it would make them.
    pub(super) fn is_on(&self, systems: &Systems) -> bool {
        match self {
            Self::Kesion(state) => systems.kesion.settings().state == *state,
            Self::KesionAutoLogin(on) => systems.kesion.settings().auto_login == *on,
            Self::Binding(state) => *systems.binding.state() == *state,
            Self::Phone(approval) => *systems.wechat.approval() == *approval,
            Self::Bound(follower, bound) => {
                let mut followers = systems.wechat.followers.iter();
                let number = followers.position(|it| it.id() == follower);
                number.is_some_and(|number| systems.binding.accounts.is_bound(number) == *bound)
            }
        }
    }
}

impl fmt::Display for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = |on: bool| if on { "on" } else { "off" };
        match self {
            Self::Kesion(state) => write!(f, "kesion:{}", word(&KESION, state)),
            Self::KesionAutoLogin(on) => write!(f, "kesion-auto-login:{}", state(*on)),
            Self::Binding(state) => write!(f, "binding:{}", word(&BINDING, state)),
            Self::Phone(WechatApproval::Ask) => f.write_str("phone:ask"),
            Self::Phone(WechatApproval::Decline) => f.write_str("phone:decline"),
            Self::Phone(WechatApproval::Approve(follower)) => write!(f, "person:{follower}"),
            Self::Bound(follower, true) => write!(f, "bind:{follower}"),
            Self::Bound(follower, false) => write!(f, "unbind:{follower}"),
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
    ("nobody-bound", BindingState::NobodyBound),
    ("2001", BindingState::Refusing(BindingRefusal::BadCode)),
    ("2004", BindingState::Refusing(BindingRefusal::CodeEmpty)),
    ("2035", BindingState::Refusing(BindingRefusal::UnknownAppId)),
    ("440001", BindingState::Refusing(BindingRefusal::Busy)),
    ("440002", BindingState::Refusing(BindingRefusal::NoPermission)),
    ("440003", BindingState::Refusing(BindingRefusal::NotLoggedIn)),
    ("440004", BindingState::Refusing(BindingRefusal::TokenInvalid)),
    ("440007", BindingState::Refusing(BindingRefusal::RequestFailed)),
];

fn word<T: PartialEq>(words: &[(&'static str, T)], state: &T) -> &'static str {
    words.iter().find(|(_, it)| it == state).map_or("", |(word, _)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_is_found_by_the_name_it_shows() {
        for switch in
            KESION.map(|(_, it)| Switch::Kesion(it)).into_iter().chain(BINDING.map(|(_, it)| Switch::Binding(it)))
        {
            assert_eq!(Switch::parse(&switch.to_string()), Some(switch));
        }
        for name in ["kesion-auto-login:on", "phone:ask", "phone:decline", "person:a:b", "bind:小明", "unbind:x"] {
            assert_eq!(Switch::parse(name).unwrap().to_string(), name);
        }
        for name in ["", "kesion", "kesion:", "phone:xiaoming", "binding:2000", "other:x"] {
            assert_eq!(Switch::parse(name), None, "{name}");
        }
    }
}
