//! Requirements of a guard.

use std::any::type_name;
use std::borrow::Cow;
use std::sync::Arc;

use crate::identity::{Manager, WechatUser};

/// A condition that an identity has to satisfy. Every closure `Fn(&I) -> bool` is one.
pub trait Requirement<I> {
    /// Whether `identity` satisfies it.
    fn is_met_by(&self, identity: &I) -> bool;

    /// The path of the application's page where a person who does not satisfy the requirement can link an account, and
    /// then does. A navigation is redirected there instead of being rejected.
    fn bind_page(&self) -> Option<Arc<str>> {
        None
    }

    /// The requirement in words, for the log event of a rejection. By default the name of the type, which for a
    /// closure names the function around it.
    fn description(&self) -> Cow<'_, str> {
        Cow::Borrowed(type_name::<Self>())
    }
}

impl<I, F: Fn(&I) -> bool> Requirement<I> for F {
    fn is_met_by(&self, identity: &I) -> bool {
        self(identity)
    }
}

/// A login, whatever the identity.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "users name it as a value, and it will never hold anything"
)]
pub struct LoggedIn;

impl<I> Requirement<I> for LoggedIn {
    fn is_met_by(&self, _: &I) -> bool {
        true
    }

    fn description(&self) -> Cow<'_, str> {
        Cow::Borrowed("a login")
    }
}

/// A manager of one role group (角色组, `role_id`), at any school or at one.
#[derive(Clone, Debug)]
pub struct Role {
    role_id: i64,
    school_code: Option<Box<str>>,
}

impl Role {
    /// A role group at any school; see [`GuardLayer::role`](super::GuardLayer::role).
    #[must_use]
    pub fn new(role_id: i64) -> Self {
        Self {
            role_id,
            school_code: None,
        }
    }

    /// A role group at one school; see [`GuardLayer::role_at`](super::GuardLayer::role_at).
    #[must_use]
    pub fn at(school_code: impl Into<Box<str>>, role_id: i64) -> Self {
        Self {
            role_id,
            school_code: Some(school_code.into()),
        }
    }
}

impl Requirement<Manager> for Role {
    fn is_met_by(&self, manager: &Manager) -> bool {
        let is_at_school = self
            .school_code
            .as_deref()
            .is_none_or(|code| manages(manager, code));
        manager.role_id() == Some(self.role_id) && is_at_school
    }

    fn description(&self) -> Cow<'_, str> {
        Cow::Owned(match &self.school_code {
            None => format!("role {}", self.role_id),
            Some(code) => format!("role {} at school {code:?}", self.role_id),
        })
    }
}

/// A manager who is managing one school right now: the confirmed `cur_school`, not just any of `schools`.
#[derive(Clone, Debug)]
pub struct School(Box<str>);

impl School {
    /// The school with this code (主体 code).
    #[must_use]
    pub fn new(school_code: impl Into<Box<str>>) -> Self {
        Self(school_code.into())
    }
}

impl Requirement<Manager> for School {
    fn is_met_by(&self, manager: &Manager) -> bool {
        manages(manager, &self.0)
    }

    fn description(&self) -> Cow<'_, str> {
        Cow::Owned(format!("school {:?}", self.0))
    }
}

/// Whether the confirmed current school of a manager has this code.
fn manages(manager: &Manager, school_code: &str) -> bool {
    manager
        .current_school()
        .is_some_and(|school| school.code() == school_code)
}

/// A WeChat user with a linked account.
#[derive(Clone, Debug)]
pub struct Bound(Arc<str>);

impl Bound {
    /// A linked account, which `bind_page` links; see [`GuardLayer::bound`](super::GuardLayer::bound).
    #[must_use]
    pub fn new(bind_page: impl Into<Arc<str>>) -> Self {
        Self(bind_page.into())
    }
}

impl Requirement<WechatUser> for Bound {
    fn is_met_by(&self, user: &WechatUser) -> bool {
        user.is_bound()
    }

    fn bind_page(&self) -> Option<Arc<str>> {
        Some(Arc::clone(&self.0))
    }

    fn description(&self) -> Cow<'_, str> {
        Cow::Borrowed("a linked account")
    }
}
