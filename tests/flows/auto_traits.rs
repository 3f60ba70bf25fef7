//! The auto traits of the public types (`Send`, `Sync`, `Unpin`), checked by the compiler.

use std::convert::Infallible;
use std::future::{Ready, ready};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, Service};
use tower_weika::AccessToken;
use tower_weika::authenticate::{Authenticate, AuthenticateLayer};
use tower_weika::client::weika::{WeikaClient, WeikaClientBuilder, WeikaTokenSource};
use tower_weika::client::weika_member::{IdentityTypes, SchoolTokenSource, WeikaMemberClient};
use tower_weika::client::{ErrorCodes, Permit, Transport, TransportFailure};
use tower_weika::clock::{Clock, ManualClock, Timestamp};
use tower_weika::guard::{
    Check, CheckLayer, Guard, GuardLayer, LinkedAccount, LoggedIn, ManagerRequirement, Recent,
};
use tower_weika::identity::{Manager, Member, WechatUser};
use tower_weika::login::{Login, LoginEvent, LoginEventKind, LoginLayer, LoginLayerBuilder};
use tower_weika::provider::{
    ExchangeContext, IdentityProvider, WeikaManagerProvider, WeikaManagerProviderBuilder,
    WeikaMemberProvider, WeikaMemberProviderBuilder,
};
use tower_weika::response::{Page, Pages, Rejection};
use tower_weika::same_origin::{SameOrigin, SameOriginLayer};
use tower_weika::session::Namespace;
use tower_weika::session::{Authenticated, Session, SessionId, SetCookies};
use tower_weika::store::{MemoryStore, SessionStore};
use tower_weika::testing::{AuthenticatedLayer, AuthenticatedService};
use tower_weika::token::{CurrentToken, GetToken, IssuedToken, TokenCache};
use tower_weika::{AppSecret, AuthorizationCode, ConfigError, Error, ResponseBody};
use tower_weika_sandbox::{Browser, CallLog, Faults, Gate, Sandbox, Variations, Visit};

fn shared<T: Send + Sync + Unpin + 'static>() {}

fn cloned<T: Clone + Send + Sync + Unpin + 'static>() {}

fn send<T: Send>(_: &T) {}

type Store = MemoryStore<Manager>;

/// An application that is `Send` but not `Sync`: the layers must not require more than they need.
#[derive(Clone)]
struct App;

impl Service<Request<Full<Bytes>>> for App {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Full<Bytes>>) -> Self::Future {
        ready(Ok(Response::default()))
    }
}

#[test]
fn layers_and_services_are_cloned_and_shared() {
    cloned::<LoginLayer<WeikaManagerProvider>>();
    cloned::<LoginLayer<WeikaMemberProvider>>();
    cloned::<(WeikaMemberProviderBuilder, WeikaMemberClient, IdentityTypes)>();
    cloned::<(Member, TokenCache<SchoolTokenSource>)>();
    cloned::<Login<App, WeikaManagerProvider, Store>>();
    cloned::<AuthenticateLayer<Manager, Store>>();
    cloned::<Authenticate<App, Manager, Store>>();
    cloned::<AuthenticatedLayer<Manager>>();
    cloned::<AuthenticatedService<App, Manager>>();
    cloned::<GuardLayer<Manager, LoggedIn>>();
    cloned::<GuardLayer<Manager, ManagerRequirement>>();
    cloned::<Guard<App, WechatUser, LinkedAccount>>();
    cloned::<GuardLayer<Manager, Recent<ManagerRequirement>>>();
    cloned::<CheckLayer<Manager, fn()>>();
    cloned::<Check<App, Manager, fn()>>();
    cloned::<SameOriginLayer>();
    cloned::<SameOrigin<App>>();
    cloned::<WeikaClient>();
    cloned::<WeikaManagerProvider>();
    cloned::<Transport>();
    cloned::<TokenCache<WeikaTokenSource>>();
    cloned::<Store>();
}

#[test]
fn builders_go_to_other_threads() {
    shared::<LoginLayerBuilder<WeikaManagerProvider, Store>>();
    cloned::<WeikaClientBuilder>();
    cloned::<WeikaManagerProviderBuilder>();
}

#[test]
fn values_are_shared_and_handles_are_cloned() {
    cloned::<Authenticated<Manager>>();
    shared::<Session<Manager>>();
    shared::<SetCookies>();
    cloned::<LoginEvent<'static>>();
    cloned::<LoginEventKind>();
    cloned::<SessionId>();
    cloned::<Manager>();
    cloned::<AccessToken>();
    cloned::<IssuedToken>();
    cloned::<AppSecret>();
    cloned::<AuthorizationCode>();
    cloned::<ErrorCodes>();
    cloned::<Clock>();
    cloned::<ManualClock>();
    cloned::<Timestamp>();
    cloned::<Page>();
    cloned::<Pages>();
    cloned::<Rejection>();
    shared::<ResponseBody<Full<Bytes>>>();
}

#[test]
fn errors_are_errors_that_can_be_shared() {
    fn error<T: std::error::Error + Send + Sync + Unpin + 'static>() {}
    cloned::<Error>();
    cloned::<ConfigError>();
    error::<Error>();
    error::<ConfigError>();
    error::<TransportFailure>();
}

#[test]
fn sandbox_is_shared_between_tasks() {
    shared::<Sandbox>();
    cloned::<Browser>();
    cloned::<Visit>();
    cloned::<CallLog>();
    cloned::<Faults>();
    cloned::<Variations>();
    cloned::<Gate>();
}

#[tokio::test]
async fn futures_are_send() {
    fn static_send<T: Send + 'static>(_: &T) {}
    let client = WeikaClient::builder("KEY", "app-secret").build().unwrap();
    let code = || AuthorizationCode::new("code");
    static_send(&client.tokens().get());
    static_send(&client.clone().call(code()));
    send(&client.manager(code()));
    send(&client.access_token());
    send(&client.fetch_access_token());
    send(&client.post_json(None, "/x", &()));
    send(&None::<GetToken<WeikaTokenSource>>);

    let provider = WeikaManagerProvider::new(client);
    send(&provider.exchange(code(), ExchangeContext::new("", Permit::unlimited())));
    let store = Store::new();
    send(&store.remove_all(&Namespace::default()));
    let login = LoginLayer::builder(provider)
        .public_url("https://campus.example")
        .build()
        .unwrap();
    send(&login.revoke_all_sessions());
    send(&login.revoke_sessions_of("x"));
    let mut service = login.layer(GuardLayer::<Manager>::logged_in().layer(App));
    static_send(&service.call(Request::default()));
    static_send(&login.authenticate().layer(App).call(Request::default()));
}

#[test]
fn borrowed_token_is_not_meant_to_be_kept_but_may_cross_an_await() {
    fn send<T: Send + Sync>() {}
    send::<CurrentToken>();
}
