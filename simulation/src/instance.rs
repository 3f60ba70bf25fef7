//! An instance of the application: real login layers over the simulated world.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use tower::util::BoxCloneSyncService;
use tower::{Layer, ServiceExt};
use tower_weika::client::Permits;
use tower_weika::client::wechat::WechatClient;
use tower_weika::clock::{ManualClock, Timestamp};
use tower_weika::guard::{GuardLayer, LoggedIn};
use tower_weika::identity::{Identity, Manager, WechatUser};
use tower_weika::login::LoginLayer;
use tower_weika::provider::{WechatUserProvider, WeikaManagerProvider};
use tower_weika::session::{Authenticated, SessionTimeouts};
use tower_weika::store::external::{CacheValidity, Invalidate, LocalCache};

use crate::incarnation::Incarnation;
use crate::invariants::{Reply, Seen};
use crate::login::{APP_ID, Login, PUBLIC_URL};
use crate::store::{StoreClient, StoreLink, Subscriber};
use crate::upstream::transport;
use crate::world::World;

const SECRET: &[u8] = b"the secret of all simulated instances";

/// The page that revokes the other sessions of a manager.
pub(crate) const OTHERS: &str = "/admin/others";

/// The sessions that a local cache keeps.
const CACHED: u64 = 100;

type Managers = LoginLayer<WeikaManagerProvider, StoreClient<Manager>>;
type App = BoxCloneSyncService<Request<Full<Bytes>>, Reply, Infallible>;

/// A running instance. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Instance {
    app: App,
    pub(crate) managers: Managers,
    pub(crate) wechat: LoginLayer<WechatUserProvider, StoreClient<WechatUser>>,
    pub(crate) permits: [Permits; 2],
    pub(crate) clock: ManualClock,
    pub(crate) incarnation: Incarnation,
    world: Arc<World>,
}

impl Instance {
    pub(crate) fn start(world: &Arc<World>, number: usize, incarnation: u64) -> Self {
        let incarnation = Incarnation::new(number, incarnation);
        tower_weika::simulation::enter_instance(incarnation.number());
        let clock = ManualClock::new(Timestamp::from_unix_millis(world.now()));
        let link = StoreLink {
            world: Arc::clone(world),
            incarnation: incarnation.clone(),
            clock: clock.clock(),
        };
        let validity = Arc::new(CacheValidity::default());
        let caches = world.scenario.has_cache.then(|| {
            let managers = Arc::new(LocalCache::new(CACHED, Arc::clone(&validity)));
            let wechat = Arc::new(LocalCache::new(CACHED, Arc::clone(&validity)));
            (managers, wechat)
        });
        if let Some((managers, wechat)) = &caches {
            let subscriber = Subscriber {
                link: link.clone(),
                validity,
                caches: vec![
                    Arc::clone(managers) as Arc<dyn Invalidate>,
                    Arc::clone(wechat) as _,
                ],
            };
            subscriber.start();
        }
        let (managers_cache, wechat_cache) = caches.unzip();
        let coordinator = link.coordinator();
        let managers_store =
            StoreClient::new(link.clone(), managers_cache, Arc::clone(&coordinator));
        let wechat_store = StoreClient::new(link, wechat_cache, coordinator);

        let (calls, timeout) = (world.scenario.permits, world.scenario.upstream_timeout);
        let weika = WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret")
            .base_url("https://weika.example")
            .client(|client| {
                client
                    .transport(transport(world, &incarnation, Login::Manager))
                    .clock(clock.clock())
                    .max_calls(calls)
                    .total_timeout(timeout)
            })
            .build()
            .expect("valid settings");
        let client = WechatClient::builder(APP_ID, "secret-of-the-website")
            .base_url("https://api.wechat.example")
            .transport(transport(world, &incarnation, Login::Wechat))
            .max_calls(calls)
            .total_timeout(timeout)
            .build()
            .expect("valid settings");
        let permits = [weika.client().permits().clone(), client.permits().clone()];
        let desk = WechatUserProvider::builder_for_website(client)
            .build()
            .expect("valid settings");

        let managers = LoginLayer::builder_with_store(weika, managers_store)
            .public_url(PUBLIC_URL)
            .secret(SECRET)
            .session_timeouts(timeouts())
            .clock(clock.clock())
            .build()
            .expect("valid settings");
        let wechat = LoginLayer::builder_with_store(desk, wechat_store)
            .public_url(PUBLIC_URL)
            .secret(SECRET)
            .session_timeouts(timeouts())
            .clock(clock.clock())
            .guard_prefix(Login::Wechat.guarded(), LoggedIn)
            .build()
            .expect("valid settings");
        for (login, name) in [
            (Login::Manager, managers.session_cookie_name()),
            (Login::Wechat, wechat.session_cookie_name()),
        ] {
            assert_eq!(login.session_cookie(), name);
        }
        let of_application = managers.clone();
        let application =
            tower::service_fn(move |request| application(of_application.clone(), request));
        let app = managers.layer(wechat.layer(application));
        let app = app.map_response(|response: Response<_>| Reply::of(&response));
        Self {
            app: BoxCloneSyncService::new(app),
            managers,
            wechat,
            permits,
            clock,
            incarnation,
            world: Arc::clone(world),
        }
    }

    pub(crate) fn namespaces(&self) -> [[u8; 16]; 2] {
        [
            *self.managers.namespace().as_bytes(),
            *self.wechat.namespace().as_bytes(),
        ]
    }

    /// Responds to a request, unless the instance crashes before.
    pub(crate) async fn serve(&self, seen: Seen, request: Request<Full<Bytes>>) -> Option<Reply> {
        let response = tokio::select! {
            biased;
            () = self.incarnation.crashed() => return None,
            response = self.app.clone().oneshot(request) => response,
        };
        let reply = response.unwrap_or_else(|never| match never {});
        let (world, namespaces) = (&self.world, self.namespaces());
        world.check_response(&seen, &reply, &self.incarnation, namespaces);
        Some(reply)
    }
}

fn timeouts() -> SessionTimeouts {
    let hour = std::time::Duration::from_secs(3_600);
    SessionTimeouts::new(hour, hour * 12)
}

/// The application shows the users of a request. `/admin` is guarded here, `/app` by its login. A
/// visit to [`OTHERS`] revokes the other sessions of the manager.
async fn application(
    managers: Managers,
    request: Request<Full<Bytes>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let current = request.extensions().get::<Authenticated<Manager>>();
    if let Some(current) = current.filter(|_| request.uri().path() == OTHERS) {
        // A failure is shown to the user.
        drop(managers.revoke_other_sessions(current).await);
    }
    if !request.uri().path().starts_with(Login::Manager.guarded()) {
        return page(request).await;
    }
    let guard = GuardLayer::<Manager>::logged_in();
    let response = guard
        .layer(tower::service_fn(page))
        .oneshot(request)
        .await?;
    Ok(response.map(|_| Full::default()))
}

async fn page(request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::default());
    let headers = response.headers_mut();
    headers.insert("x-application", HeaderValue::from_static("1"));
    let users = [
        (Login::Manager, subject::<Manager>(&request)),
        (Login::Wechat, subject::<WechatUser>(&request)),
    ];
    for (login, user) in users {
        if let Some(user) = user {
            headers.insert(login.header(), user);
        }
    }
    Ok(response)
}

fn subject<I: Identity>(request: &Request<Full<Bytes>>) -> Option<HeaderValue> {
    let authenticated = request.extensions().get::<Authenticated<I>>()?;
    HeaderValue::from_str(authenticated.identity().subject()).ok()
}
