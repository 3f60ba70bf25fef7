use std::fmt;
use std::sync::Arc;

use tower_layer::Layer;

use super::SilentLogin;
use crate::login::inner::Inner;
use crate::provider::IdentityProvider;

/// Layer that logs unauthenticated visitors in silently, on public pages too, at most once per
/// visit. [`LoginLayer::silent_login`](crate::login::LoginLayer::silent_login) returns it.
///
/// It belongs around the application, inside every login layer, of this provider and of others:
/// outside it sees no identity, and would take the callbacks of others for pages.
///
/// ```
/// use tower::{Layer, service_fn};
/// # type Body = http_body_util::Full<bytes::Bytes>;
///
/// # fn main() -> Result<(), tower_weika::ConfigError> {
/// # let provider = tower_weika::provider::WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret").build()?;
/// let login = tower_weika::login::LoginLayer::builder(provider)
///     .public_url("https://campus.example.edu.cn")
///     .silent_login()
///     .build()?;
/// # let pages = service_fn(async |_: http::Request<Body>| Ok::<_, std::convert::Infallible>(http::Response::new(Body::default())));
/// let app = login.layer(login.silent_login().layer(pages));
/// # let _: http::Request<Body> = http::Request::default();
/// # fn check<S: tower::Service<http::Request<Body>>>(_: &S) {}
/// # check(&app);
/// # Ok(())
/// # }
/// ```
///
/// 1. Only a top-level navigation (`GET`) of an unauthenticated visitor counts, in a browser for
///    which the provider [allows it](IdentityProvider::allows_silent_login).
/// 2. Once per visit: a cookie that expires with the browser remembers it. A logout at the layer's
///    endpoint counts as an attempt; [`revoke_session`](crate::login::LoginLayer::revoke_session)
///    in a handler does not.
/// 3. If the login fails or the user declines, the page is shown as to an anonymous visitor. A
///    browser that keeps no cookies gets a page that says so, because the page would begin another
///    login.
pub struct SilentLoginLayer<P: IdentityProvider, St> {
    login: Arc<Inner<P, St>>,
}

impl<P: IdentityProvider, St> SilentLoginLayer<P, St> {
    pub(in crate::login) fn new(login: Arc<Inner<P, St>>) -> Self {
        Self { login }
    }
}

impl<S, P: IdentityProvider, St> Layer<S> for SilentLoginLayer<P, St> {
    type Service = SilentLogin<S, P, St>;

    fn layer(&self, inner: S) -> Self::Service {
        SilentLogin::new(inner, Arc::clone(&self.login))
    }
}

impl<P: IdentityProvider, St> Clone for SilentLoginLayer<P, St> {
    fn clone(&self) -> Self {
        Self {
            login: Arc::clone(&self.login),
        }
    }
}

impl<P: IdentityProvider, St> fmt::Debug for SilentLoginLayer<P, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SilentLoginLayer").finish_non_exhaustive()
    }
}
