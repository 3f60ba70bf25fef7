use std::marker::PhantomData;
use std::sync::Arc;

use tower_layer::Layer;

use super::prefix::Prefixes;
use super::requirement::{Bound, LoggedIn, Role, School};
use super::service::Guard;
use crate::identity::{Manager, WechatUser};

/// Wraps services in a [`Guard`]; see the [module](super).
#[derive(Debug)]
pub struct GuardLayer<I, R = LoggedIn> {
    requirement: Arc<R>,
    prefixes: Prefixes,
    identity: PhantomData<fn(I)>,
}

impl<I> GuardLayer<I> {
    /// Demands a login. For [`WechatUser`] that is not more than having WeChat; see [`bound`](GuardLayer::bound).
    #[must_use]
    pub fn logged_in() -> Self {
        Self::custom(LoggedIn)
    }

    /// Demands whatever `requirement` says; a closure `Fn(&I) -> bool` will do.
    #[must_use]
    pub fn custom<R>(requirement: R) -> GuardLayer<I, R> {
        GuardLayer { requirement: Arc::new(requirement), prefixes: Prefixes::everything(), identity: PhantomData }
    }
}

impl GuardLayer<Manager> {
    /// Demands a manager of the role group `role_id`.
    #[must_use]
    pub fn role(role_id: i64) -> GuardLayer<Manager, Role> {
        Self::custom(Role(role_id))
    }

    /// Demands a manager who is managing the school with this `school_code` (主体 code) right now.
    #[must_use]
    pub fn school(school_code: impl Into<Box<str>>) -> GuardLayer<Manager, School> {
        Self::custom(School(school_code.into()))
    }
}

impl GuardLayer<WechatUser> {
    /// Demands a WeChat user who is bound to an account. Whoever is not, and navigates, is sent to `bind_page`, the
    /// path of a page of this site, with the checked target as `return_to` in its query; a script gets `403`.
    ///
    /// When the page has bound the person, it sends them to
    /// [`LoginLayer::login_url`](crate::login::LoginLayer::login_url): the login, silent in WeChat, finds out and
    /// leads to the target. What the operator changes later is noticed at the next login; until then
    /// [`LoginLayer::end_sessions_of`](crate::login::LoginLayer::end_sessions_of) the openid makes an end.
    ///
    /// `bind_page` must not be behind this guard itself, nor on another site: it is a `403` then. Without a login layer
    /// around it, only [`LoginLayer::authenticate`](crate::login::LoginLayer::authenticate), a page is `403` as well.
    #[must_use]
    pub fn bound(bind_page: impl Into<Arc<str>>) -> GuardLayer<WechatUser, Bound> {
        Self::custom(Bound(bind_page.into()))
    }
}

impl<I, R> GuardLayer<I, R> {
    /// Guards only targets under `prefix` (`/admin` and `/admin/…`), for services that route by themselves.
    /// May be called several times. Where a router can wrap single routes, do that instead.
    ///
    /// The decision is made on the raw request target (rule P1), after decoding unreserved characters. A
    /// target that could be read in two ways (empty or dot segments, `%2f`, `%5c`, `%25`, control characters, a
    /// backslash, `;`) is guarded wherever it seems to lead (rule P2).
    ///
    /// The target is the one that this service sees: inside `axum::Router::nest` it lacks the outer prefix. Put
    /// such a guard around the whole application.
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Self {
        self.prefixes.add(prefix);
        self
    }
}

impl<S, I, R> Layer<S> for GuardLayer<I, R> {
    type Service = Guard<S, I, R>;

    fn layer(&self, inner: S) -> Self::Service {
        Guard::new(inner, Arc::clone(&self.requirement), self.prefixes.clone())
    }
}

impl<I, R> Clone for GuardLayer<I, R> {
    fn clone(&self) -> Self {
        Self { requirement: Arc::clone(&self.requirement), prefixes: self.prefixes.clone(), identity: PhantomData }
    }
}
