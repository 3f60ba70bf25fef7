use std::marker::PhantomData;
use std::sync::Arc;

use tower_layer::Layer;

use super::{Guard, LinkedAccount, LoggedIn, ManagerRequirement, MemberRequirement};
use crate::identity::{Manager, Member, WechatUser};

/// Wraps services in a [`Guard`]; see the [module](super).
#[derive(Debug)]
pub struct GuardLayer<I, R = LoggedIn> {
    requirement: Arc<R>,
    adds_cache_control: bool,
    identity: PhantomData<fn(I)>,
}

impl<I> GuardLayer<I> {
    /// Requires a login. Every user of WeChat can log in as a [`WechatUser`]; see
    /// [`bound`](GuardLayer::bound).
    #[must_use]
    pub fn logged_in() -> Self {
        Self::custom(LoggedIn)
    }

    /// Requires `requirement`; a closure `Fn(&I) -> bool` is one.
    #[must_use]
    pub fn custom<R>(requirement: R) -> GuardLayer<I, R> {
        GuardLayer {
            requirement: Arc::new(requirement),
            adds_cache_control: true,
            identity: PhantomData,
        }
    }
}

impl GuardLayer<Manager> {
    /// Requires a manager of the role group `role_id`, at **any** school: role numbers are not
    /// unique across schools. Use [`role_at`](GuardLayer::role_at) on a site that managers of
    /// several schools can log in to.
    #[must_use]
    pub fn role(role_id: i64) -> GuardLayer<Manager, ManagerRequirement> {
        Self::custom(ManagerRequirement::role(role_id))
    }

    /// Requires a manager whose current school has this `school_code` (主体 code), in the role
    /// group `role_id`.
    #[must_use]
    pub fn role_at(
        school_code: impl Into<Box<str>>,
        role_id: i64,
    ) -> GuardLayer<Manager, ManagerRequirement> {
        Self::custom(ManagerRequirement::role_at(school_code, role_id))
    }

    /// Requires a manager whose current school has this `school_code` (主体 code).
    #[must_use]
    pub fn school(school_code: impl Into<Box<str>>) -> GuardLayer<Manager, ManagerRequirement> {
        Self::custom(ManagerRequirement::school(school_code))
    }
}

impl GuardLayer<Member> {
    /// Requires a member of the school with this code (主体代码, `ocode`), where several schools
    /// log in to one application.
    #[must_use]
    pub fn school(school_code: impl Into<Box<str>>) -> GuardLayer<Member, MemberRequirement> {
        Self::custom(MemberRequirement::school(school_code))
    }
}

impl GuardLayer<WechatUser> {
    /// Requires a WeChat user with a linked account. A navigation of another user is redirected to
    /// `bind_page`, the path of a page of this site, with the checked target as `return_to` in its
    /// query; a script gets `403`.
    ///
    /// When the page has linked the account, it redirects to
    /// [`LoginLayer::login_url`](crate::login::LoginLayer::login_url): the login, silent in WeChat,
    /// detects that and returns to the target. A later change at the operator takes effect at the
    /// next login; to revoke a session before, call
    /// [`LoginLayer::revoke_sessions_of`](crate::login::LoginLayer::revoke_sessions_of) with the
    /// openid.
    ///
    /// `bind_page` must not be behind this guard itself, nor on another site: the response is `403`
    /// then. Without a login layer around it, only
    /// [`LoginLayer::authenticate`](crate::login::LoginLayer::authenticate), a navigation gets
    /// `403` as well.
    #[must_use]
    pub fn bound(bind_page: impl Into<Arc<str>>) -> GuardLayer<WechatUser, LinkedAccount> {
        Self::custom(LinkedAccount::new(bind_page))
    }
}

impl<I, R> GuardLayer<I, R> {
    /// Leaves responses without `Cache-Control` as they are. By default they get
    /// `private, no-store` if they are documents, else `private, no-cache`.
    #[must_use]
    pub fn without_cache_control(mut self) -> Self {
        self.adds_cache_control = false;
        self
    }
}

impl<S, I, R> Layer<S> for GuardLayer<I, R> {
    type Service = Guard<S, I, R>;

    fn layer(&self, inner: S) -> Self::Service {
        Guard::new(
            inner,
            Arc::clone(&self.requirement),
            self.adds_cache_control,
        )
    }
}

impl<I, R> Clone for GuardLayer<I, R> {
    fn clone(&self) -> Self {
        Self {
            requirement: Arc::clone(&self.requirement),
            adds_cache_control: self.adds_cache_control,
            identity: PhantomData,
        }
    }
}
