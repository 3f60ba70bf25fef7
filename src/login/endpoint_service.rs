use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower_service::Service;

use super::future::Responding;
use super::inner::Inner;
use crate::provider::IdentityProvider;
use crate::request::full_uri;
use crate::response::empty;
use crate::store::SessionStore;

/// Service that responds to the endpoints of a login, and to every other path with `404`.
/// [`LoginLayer::endpoints`](super::LoginLayer::endpoints) returns it.
///
/// A router calls a layer for the requests that it has a route for. Where that leaves the endpoints
/// out ([the table](super#where-the-layer-belongs)), route this service by name. The layer stays
/// where it is; both share everything, and the layer responds to the endpoints as well if it sees
/// them.
///
/// ```
/// use axum::Router;
/// use axum::routing::get;
/// use http::{Request, StatusCode};
/// use tower::ServiceExt;
/// use tower_weika::login::LoginLayer;
/// use tower_weika::provider::WeikaManagerProvider;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let weika = WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret").build()?;
/// let login = LoginLayer::builder(weika).public_url("https://campus.example.edu.cn").build()?;
///
/// let pages = Router::new().route("/", get(async || "home")).layer(login.clone());
/// let app = Router::new()
///     .fallback(async || "the single page")
///     .merge(pages)
///     .route_service("/auth/weika/{*rest}", login.endpoints());
///
/// let begin = Request::get("/auth/weika/login").header("accept", "text/html");
/// let response = app.clone().oneshot(begin.body(axum::body::Body::empty())?).await?;
/// assert_eq!(response.status(), StatusCode::SEE_OTHER);
///
/// // Without a valid state: a page of the layer, and not the single page.
/// let callback = Request::get("/auth/weika/callback").body(axum::body::Body::empty())?;
/// assert_eq!(app.oneshot(callback).await?.status(), StatusCode::BAD_REQUEST);
/// # Ok::<_, tower_weika::BoxError>(())
/// # }).unwrap();
/// ```
pub struct LoginEndpoints<P: IdentityProvider, St> {
    login: Arc<Inner<P, St>>,
}

impl<P: IdentityProvider, St> LoginEndpoints<P, St> {
    pub(super) fn new(login: Arc<Inner<P, St>>) -> Self {
        Self { login }
    }
}

impl<B, P, St> Service<Request<B>> for LoginEndpoints<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = EndpointsFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> EndpointsFuture {
        let (parts, _) = request.into_parts();
        let endpoints = &self.login.endpoints;
        // axum's `nest_service` shortens the path.
        let full_path = full_uri(&parts.uri, &parts.extensions).path();
        let endpoint = endpoints
            .at(parts.uri.path())
            .or_else(|| endpoints.at(full_path));
        EndpointsFuture(match endpoint {
            Some(endpoint) => Arc::clone(&self.login).start(endpoint, parts),
            None => Box::pin(async { empty(StatusCode::NOT_FOUND) }),
        })
    }
}

impl<P: IdentityProvider, St> Clone for LoginEndpoints<P, St> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.login))
    }
}

impl<P: IdentityProvider, St> fmt::Debug for LoginEndpoints<P, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginEndpoints")
            .field("endpoints", &self.login.endpoints)
            .finish_non_exhaustive()
    }
}

/// Response future of [`LoginEndpoints`].
pub struct EndpointsFuture(Responding);

impl Future for EndpointsFuture {
    type Output = Result<Response<Full<Bytes>>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx).map(Ok)
    }
}

impl fmt::Debug for EndpointsFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("login::EndpointsFuture")
            .finish_non_exhaustive()
    }
}
