//! What a guard may demand.

use std::sync::Arc;

use crate::identity::{Manager, WechatUser};

/// Something that an identity must meet. Any closure `Fn(&I) -> bool` is one.
pub trait Requirement<I> {
    /// Whether `identity` meets it.
    fn is_met_by(&self, identity: &I) -> bool;

    /// The path of the application's page where somebody who does not meet it can bind an account and then does. A
    /// person who navigates is sent there instead of being refused.
    fn bind_page(&self) -> Option<Arc<str>> {
        None
    }
}

impl<I, F: Fn(&I) -> bool> Requirement<I> for F {
    fn is_met_by(&self, identity: &I) -> bool {
        self(identity)
    }
}

/// To be logged in is enough.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct LoggedIn;

impl<I> Requirement<I> for LoggedIn {
    fn is_met_by(&self, _: &I) -> bool {
        true
    }
}

/// A manager of one role group (角色组, `role_id`).
#[derive(Clone, Copy, Debug)]
pub struct Role(pub(super) i64);

impl Requirement<Manager> for Role {
    fn is_met_by(&self, manager: &Manager) -> bool {
        manager.role_id() == Some(self.0)
    }
}

/// A manager who is managing one school right now: the confirmed `cur_school`, not just any of `schools`.
#[derive(Clone, Debug)]
pub struct School(pub(super) Box<str>);

impl Requirement<Manager> for School {
    fn is_met_by(&self, manager: &Manager) -> bool {
        manager.current_school().is_some_and(|school| *school.code() == *self.0)
    }
}

/// A WeChat user who is bound to an account.
#[derive(Clone, Debug)]
pub struct Bound(pub(super) Arc<str>);

impl Requirement<WechatUser> for Bound {
    fn is_met_by(&self, user: &WechatUser) -> bool {
        user.is_bound()
    }

    fn bind_page(&self) -> Option<Arc<str>> {
        Some(Arc::clone(&self.0))
    }
}
