use std::borrow::Cow;
use std::sync::Arc;

use super::Requirement;
use crate::identity::WechatUser;

/// A WeChat user with a linked account.
#[derive(Clone, Debug)]
pub struct LinkedAccount {
    bind_page: Arc<str>,
}

impl LinkedAccount {
    /// Requires a linked account, which `bind_page` links; see [`GuardLayer::bound`](super::GuardLayer::bound).
    #[must_use]
    pub fn new(bind_page: impl Into<Arc<str>>) -> Self {
        Self {
            bind_page: bind_page.into(),
        }
    }
}

impl Requirement<WechatUser> for LinkedAccount {
    fn is_satisfied_by(&self, user: &WechatUser) -> bool {
        user.is_bound()
    }

    fn bind_page(&self) -> Option<Arc<str>> {
        Some(Arc::clone(&self.bind_page))
    }

    fn description(&self) -> Cow<'_, str> {
        Cow::Borrowed("a linked account")
    }
}
