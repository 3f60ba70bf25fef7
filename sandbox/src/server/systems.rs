//! The systems of one sandbox.

use std::sync::Arc;

use crate::system::binding::Binding;
use crate::system::kesion::Kesion;
use crate::system::wechat::Wechat;
use crate::system::weika::Weika;
use crate::system::weika_member::WeikaMember;

pub(crate) struct Systems {
    pub(crate) weika: Weika,
    pub(crate) weika_member: WeikaMember,
    /// Shared with the binding service, which exchanges the codes that WeChat issues.
    pub(crate) wechat: Arc<Wechat>,
    pub(crate) binding: Binding,
    pub(crate) kesion: Kesion,
}

impl Systems {
    /// Returns the number of the person of this id who uses WeChat.
    pub(crate) fn wechat_person(&self, id: &str) -> Option<usize> {
        self.wechat.people.iter().position(|it| it.id() == id)
    }

    /// Returns whether there is a member of this id.
    pub(crate) fn has_member(&self, id: &str) -> bool {
        self.weika_member.people.iter().any(|it| it.id() == id)
    }

    /// Binds the person of this id to the own account, or removes the binding. Returns whether
    /// there is such a person.
    pub(crate) fn set_bound(&self, person: &str, bound: bool) -> bool {
        let Some(person) = self.wechat_person(person) else {
            return false;
        };
        if bound {
            self.binding.accounts.bind_own(person);
        } else {
            self.binding.accounts.unbind(person);
        }
        true
    }
}
