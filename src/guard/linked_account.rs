use std::borrow::Cow;
use std::sync::Arc;

use super::Requirement;
use crate::identity::WechatUser;
use crate::response::Reason;
use crate::session::Session;

/// A WeChat user with a linked account.
#[derive(Clone, Debug)]
pub struct LinkedAccount {
    bind_page: Arc<str>,
}

impl LinkedAccount {
    /// Requires a linked account, which `bind_page` links; see
    /// [`GuardLayer::bound`](super::GuardLayer::bound).
    #[must_use]
    pub fn new(bind_page: impl Into<Arc<str>>) -> Self {
        Self {
            bind_page: bind_page.into(),
        }
    }
}

impl Requirement<WechatUser> for LinkedAccount {
    fn is_satisfied_by(&self, session: &Session<WechatUser>) -> bool {
        session.identity().is_bound()
    }

    fn rejection_reason(&self, _session: &Session<WechatUser>) -> Reason {
        Reason::Unbound {
            bind_page: Arc::clone(&self.bind_page),
        }
    }

    fn description(&self) -> Cow<'_, str> {
        Cow::Borrowed("a linked account")
    }
}
