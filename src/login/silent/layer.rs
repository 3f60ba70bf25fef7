use std::fmt;
use std::sync::Arc;

use tower_layer::Layer;

use super::SilentLogin;
use crate::login::shared::Shared;
use crate::provider::IdentityProvider;

/// Sends strangers through the login who have not asked for it, on public pages too, at most once per visit.
/// Comes from [`LoginLayer::auto_login`](crate::login::LoginLayer::auto_login).
///
/// It belongs around the application, inside every login layer, of this provider and of others: outside it could not
/// know who is logged in, and would take the callbacks of others for pages.
///
/// ```
/// use tower::{Layer, service_fn};
/// # type Body = http_body_util::Full<bytes::Bytes>;
///
/// # fn main() -> Result<(), tower_weika::ConfigError> {
/// # let provider = tower_weika::provider::WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret").build()?;
/// let login = tower_weika::login::LoginLayer::builder(provider).public_url("https://campus.example.edu.cn").build()?;
/// # let pages = service_fn(async |_: http::Request<Body>| Ok::<_, std::convert::Infallible>(http::Response::new(Body::default())));
/// let app = login.layer(login.auto_login().layer(pages));
/// # let _: http::Request<Body> = http::Request::default();
/// # fn check<S: tower::Service<http::Request<Body>>>(_: &S) {}
/// # check(&app);
/// # Ok(())
/// # }
/// ```
///
/// 1. Only a person who navigates (`GET`, HTML, no frame), whom nobody knows, in a browser for which the provider
///    [says so](IdentityProvider::allows_silent_login).
/// 2. Once per visit: a cookie that ends with the browser remembers it. Logging out at the layer's endpoint counts as
///    well; [`revoke_session`](crate::login::LoginLayer::revoke_session) in a handler of yours does not.
/// 3. If the login fails, or the person declines, the page is shown as to a stranger; nothing but a detour is noticed.
///    A browser that keeps no cookies at all is told so, because the page would begin another login.
pub struct SilentLoginLayer<P: IdentityProvider, St> {
    shared: Arc<Shared<P, St>>,
}

impl<P: IdentityProvider, St> SilentLoginLayer<P, St> {
    pub(in crate::login) fn new(shared: Arc<Shared<P, St>>) -> Self {
        Self { shared }
    }
}

impl<S, P: IdentityProvider, St> Layer<S> for SilentLoginLayer<P, St> {
    type Service = SilentLogin<S, P, St>;

    fn layer(&self, inner: S) -> Self::Service {
        SilentLogin::new(inner, Arc::clone(&self.shared))
    }
}

impl<P: IdentityProvider, St> Clone for SilentLoginLayer<P, St> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<P: IdentityProvider, St> fmt::Debug for SilentLoginLayer<P, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SilentLoginLayer").finish_non_exhaustive()
    }
}
