use std::sync::Arc;

use super::{AuthorizeRequest, ExchangeContext, Mapped, Verified};
use crate::client::Permit;
use crate::coordination::Coordinator;
use crate::error::{ConfigErrorKind, Error};
use crate::identity::Identity;
use crate::request::UserAgent;
use crate::secret::AuthorizationCode;

/// A system that authenticates users with an authorization code.
pub trait IdentityProvider: Send + Sync + 'static {
    /// The identity of a user of this system.
    type Identity: Identity;

    /// Returns a short name: lower-case letters, digits and `-`. It is part of the default paths
    /// (`/auth/{name}/login`), of the cookie names, and of the data that the state's tag covers, so
    /// that the callback of one provider rejects the state of another.
    fn name(&self) -> &str;

    /// Returns the application at the provider: app_key, APPID. Stable, and no secret. Sessions,
    /// states and revocations belong to one provider, application and public URL, so that two
    /// schools with an application each never accept each other's (rule S1). All sessions expire
    /// when the application changes.
    fn application(&self) -> &str;

    /// Returns the name of the query parameter in which the callback carries the authorization
    /// code.
    fn code_parameter(&self) -> &str;

    /// Returns the address of the provider's login page.
    ///
    /// # Errors
    /// If the address depends on a system that does not respond. The visitor gets a page for the
    /// kind of the error.
    fn authorize_url(
        &self,
        request: AuthorizeRequest<'_>,
    ) -> impl Future<Output = Result<String, Error>> + Send;

    /// Exchanges the authorization code for the identity. Runs in a task, once per login.
    ///
    /// # Errors
    /// [`InvalidCode`](crate::ErrorKind::InvalidCode), [`Lost`](crate::ErrorKind::Lost) and
    /// [`Timeout`](crate::ErrorKind::Timeout) lead to a new login, once;
    /// [`Denied`](crate::ErrorKind::Denied) is shown to the user; every other kind is a failure of
    /// the upstream system.
    fn exchange(
        &self,
        code: AuthorizationCode,
        context: ExchangeContext<'_>,
    ) -> impl Future<Output = Result<Verified<Self::Identity>, Error>> + Send;

    /// Waits until the code of one login may be exchanged: until everything that the exchange needs
    /// beforehand is at hand (the application's access token), and then for a permit of a bounded
    /// pool. The future belongs to the callback request and is dropped when its last client
    /// disconnects. Default: no bound.
    ///
    /// # Errors
    /// [`Overloaded`](crate::ErrorKind::Overloaded) if no permit became free in time: the visitor
    /// gets a `503` with `Retry-After`, nothing was sent, and a reload of the callback URL
    /// continues the login. The same holds for every other error.
    fn admit(&self) -> impl Future<Output = Result<Permit, Error>> + Send {
        async { Ok(Permit::unlimited()) }
    }

    /// Whether the login works in this browser. Where it does not, a user who navigates gets a page
    /// that says so, with a QR code to continue in WeChat. Default: every browser.
    fn supports(&self, _user_agent: UserAgent) -> bool {
        true
    }

    /// Whether an unauthenticated visitor with this browser may be logged in silently, where
    /// [`LoginLayer::silent_login`](crate::login::LoginLayer::silent_login) is applied. Only a
    /// login that shows the visitor no page is fit for that. Public pages wait for this function,
    /// so it must perform no I/O. Default: no.
    fn allows_silent_login(&self, _user_agent: UserAgent) -> bool {
        false
    }

    /// Shares the access token of the application between instances. Called once, when a login
    /// layer with a shared store is built. Default: there is no token to share.
    ///
    /// # Errors
    /// If the token is already shared through another coordinator.
    fn attach_coordinator(
        &self,
        _coordinator: &Arc<dyn Coordinator>,
    ) -> Result<(), ConfigErrorKind> {
        Ok(())
    }

    /// Returns a provider whose identities are those that `map` returns: the application's own type
    /// for a user.
    ///
    /// `map` runs after the upstream call, once per login however often the callback is repeated.
    /// The exchange timeout includes it. It clones the state that it captures, as axum handlers do:
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use std::sync::Arc;
    ///
    /// use tower_weika::Error;
    /// use tower_weika::identity::{Identity, Manager};
    /// use tower_weika::provider::{IdentityProvider, WeikaManagerProvider};
    ///
    /// #[derive(Debug)]
    /// struct Staff {
    ///     user_id: String,
    ///     department: String,
    /// }
    ///
    /// impl Identity for Staff {
    ///     fn subject(&self) -> &str {
    ///         &self.user_id
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), tower_weika::ConfigError> {
    /// let departments = Arc::new(HashMap::from([("7".to_owned(), "library".to_owned())]));
    /// let provider = WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret")
    ///     .build()?
    ///     .map(move |manager: Manager| {
    ///         let departments = Arc::clone(&departments);
    ///         async move {
    ///             let user_id = manager.subject().to_owned();
    ///             match departments.get(&user_id).cloned() {
    ///                 Some(department) => Ok(Staff { user_id, department }),
    ///                 None => Err(Error::denied(format!("{}: not a member of staff", manager.name))),
    ///             }
    ///         }
    ///     });
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// 1. [`Error::denied`] leaves no session; the user gets a `403` page with the reason, and so
    ///    does every repeated callback, on all instances that share the store. The
    ///    [event](crate::login::LoginEvent) of the denial has the subject and the school of the
    ///    identity that `map` got.
    /// 2. Any other error, and a panic, leaves no session, and the response is `503`. A call beyond
    ///    the exchange timeout restarts the login once.
    /// 3. The session is created after `map` has returned: `map` cannot revoke it, and a revocation
    ///    of this user's sessions inside `map` revokes the login that is under way, too.
    /// 4. The identity stays as it is until the session ends. Rights that have to change earlier are
    ///    looked up per request, by the key that the identity holds. A store outside this process
    ///    needs [`StoredIdentity`](crate::store::StoredIdentity) for the type.
    fn map<I, F, Fut>(self, map: F) -> Mapped<Self, I>
    where
        Self: Sized,
        I: Identity,
        F: Fn(Self::Identity) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<I, Error>> + Send + 'static,
    {
        Mapped::new(self, map)
    }
}
