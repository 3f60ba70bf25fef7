use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use tower_layer::Layer;

use super::check::CheckLayer;
use super::{
    Guard, LinkedAccount, LoggedIn, ManagerRequirement, MemberRequirement, Recent,
    SessionRequirement,
};
use crate::clock::Clock;
use crate::error::BoxError;
use crate::identity::{Manager, Member, WechatUser};
use crate::session::{Authenticated, Session};

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

    /// Requires `requirement`; a closure `Fn(&I) -> bool` is one. A closure over the session is one
    /// with [`with_session`](Self::with_session).
    #[must_use]
    pub fn custom<R>(requirement: R) -> GuardLayer<I, R> {
        GuardLayer {
            requirement: Arc::new(requirement),
            adds_cache_control: true,
            identity: PhantomData,
        }
    }

    /// Requires `condition` of the session: of its times, or of the identity in it.
    ///
    /// ```
    /// use tower_weika::clock::Timestamp;
    /// use tower_weika::guard::GuardLayer;
    /// use tower_weika::identity::Manager;
    ///
    /// const MIGRATED: Timestamp = Timestamp::from_unix_seconds(1_760_000_000);
    /// let guard = GuardLayer::<Manager>::with_session(|session| {
    ///     session.created() >= MIGRATED && !session.identity().schools.is_empty()
    /// });
    /// # use tower::{Layer, service_fn};
    /// # guard.layer(service_fn(async |_: http::Request<()>| Ok::<_, std::convert::Infallible>(http::Response::new(()))));
    /// ```
    #[must_use]
    pub fn with_session<F>(condition: F) -> GuardLayer<I, SessionRequirement<F>>
    where
        F: Fn(&Session<I>) -> bool,
    {
        Self::custom(SessionRequirement::new(condition))
    }

    /// Requires that an asynchronous check returns `Ok(true)`: a guard that asks a database. The
    /// closure gets the session of the request.
    ///
    /// 1. `Ok(true)`: the wrapped service is called.
    /// 2. `Ok(false)`: the response is `403`, as for every other guard.
    /// 3. `Err`: the response is `503` with `Retry-After`, and a warning is logged. A failed check
    ///    is never treated as "not allowed" or "not logged in".
    /// 4. A request without a session does not run the check: it gets the login.
    ///
    /// The check runs for every request, and the request waits for it: keep its results in a cache
    /// for some seconds, see the guide. Set a timeout inside it. It is dropped if the client
    /// disconnects; work that must be completed belongs into a task.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use axum::Router;
    /// use axum::routing::get;
    /// use tower_weika::BoxError;
    /// use tower_weika::guard::GuardLayer;
    /// use tower_weika::identity::Manager;
    /// use tower_weika::session::Authenticated;
    ///
    /// # struct Database;
    /// # impl Database {
    /// #     async fn may_edit(&self, user_id: &str) -> Result<bool, BoxError> { Ok(true) }
    /// # }
    /// # async fn edit() {}
    /// fn editors(database: Arc<Database>) -> Router {
    ///     let guard = GuardLayer::check(move |manager: Authenticated<Manager>| {
    ///         let database = Arc::clone(&database);
    ///         async move { database.may_edit(manager.user_id.as_str()).await }
    ///     });
    ///     Router::new().route("/edit", get(edit)).route_layer(guard)
    /// }
    /// ```
    #[must_use]
    pub fn check<F, Fut, E>(check: F) -> CheckLayer<I, F>
    where
        F: Fn(Authenticated<I>) -> Fut,
        Fut: Future<Output = Result<bool, E>>,
        E: Into<BoxError>,
    {
        CheckLayer::new(check)
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
    /// Requires a WeChat user with a linked account at the operator's binding service. A navigation
    /// of another user is redirected to `bind_page`, the path of a page of this site, with the
    /// checked target as `return_to` in its query; a script gets `403`.
    ///
    /// When the page has linked the account, it redirects to
    /// [`LoginLayer::login_url`](crate::login::LoginLayer::login_url): the login, silent in WeChat,
    /// detects that and returns to the target. A later change at the operator takes effect at the
    /// next login; to revoke a session before, call
    /// [`LoginLayer::revoke_sessions_of`](crate::login::LoginLayer::revoke_sessions_of) with the
    /// openid.
    ///
    /// A user whose binding is [not checked](crate::identity::Binding::Unchecked) has no linked
    /// account either: with the application's own secret this guard rejects every user. Require
    /// the application's own account with [`custom`](GuardLayer::custom), or with another identity
    /// type ([`map`](crate::provider::IdentityProvider::map)).
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
    /// Requires in addition that the session is at most `max_age` old, before a dangerous action;
    /// 30 seconds if that is less.
    ///
    /// A navigation with an older session is redirected to a new login, which replaces the session
    /// and leads back to the page. A script gets `401` with `recent_login_required` and
    /// `login_url`; a form gets a page, and is not processed. A session that does not satisfy the
    /// other requirement gets the response of that one.
    ///
    /// With the feature `axum`, guards know the original path inside `nest`. Inside another router
    /// that shortens paths, or without the feature, the login leads to the default target.
    ///
    /// **This means a recent session, not that the user has entered a password again**: no upstream
    /// system documents a forced authentication, so the provider may complete the new login
    /// without asking the user. Someone who has the unlocked device of the user gets past it, and
    /// someone who has only the session cookie does not.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use tower_weika::guard::GuardLayer;
    /// use tower_weika::identity::Manager;
    ///
    /// let guard = GuardLayer::<Manager>::role(1).max_age(Duration::from_secs(5 * 60));
    /// # use tower::{Layer, service_fn};
    /// # guard.layer(service_fn(async |_: http::Request<()>| Ok::<_, std::convert::Infallible>(http::Response::new(()))));
    /// ```
    #[must_use]
    pub fn max_age(self, max_age: Duration) -> GuardLayer<I, Recent<R>> {
        GuardLayer {
            requirement: Arc::new(Recent::shared(self.requirement, max_age)),
            adds_cache_control: self.adds_cache_control,
            identity: PhantomData,
        }
    }

    /// Leaves responses without `Cache-Control` as they are. By default they get
    /// `private, no-store` if they are documents, else `private, no-cache`.
    #[must_use]
    pub fn without_cache_control(mut self) -> Self {
        self.adds_cache_control = false;
        self
    }
}

impl<I, R> GuardLayer<I, Recent<R>> {
    /// Sets the clock of [`max_age`](Self::max_age), for tests. Default: the system's clock.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.requirement = Arc::new(Recent::clone(&self.requirement).clock(clock));
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
