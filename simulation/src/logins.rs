//! The login layers of an instance.

use std::sync::Arc;

use tower_weika::client::Permits;
use tower_weika::client::wechat::WechatClient;
use tower_weika::clock::Clock;
use tower_weika::guard::LoggedIn;
use tower_weika::identity::{Manager, Member, WechatUser};
use tower_weika::login::{LoginLayer, LoginLayerBuilder};
use tower_weika::provider::{
    IdentityProvider, Mapped, WechatUserProvider, WeikaManagerProvider, WeikaMemberProvider,
};
use tower_weika::session::SessionTimeouts;
use tower_weika::store::external::{CacheValidity, Invalidate, LocalCache};
use tower_weika::store::{SessionStore, StoredIdentity};

use crate::incarnation::Incarnation;
use crate::login::{ACCOUNT, Login, PUBLIC_URL, PerLogin, SCHOOL, WEBSITE};
use crate::phone_user::PhoneUser;
use crate::store::{StoreClient, StoreLink, Subscriber};
use crate::upstream::transport;
use crate::world::World;

const SECRET: &[u8] = b"the secret of all simulated instances";

/// The sessions that a local cache keeps.
const CACHED: u64 = 100;

/// Clones are the same layers.
#[derive(Clone)]
pub(crate) struct Logins {
    pub(crate) managers: LoginLayer<WeikaManagerProvider, StoreClient<Manager>>,
    pub(crate) wechat: LoginLayer<WechatUserProvider, StoreClient<WechatUser>>,
    pub(crate) members: LoginLayer<WeikaMemberProvider, StoreClient<Member>>,
    pub(crate) phone: LoginLayer<Mapped<WechatUserProvider, PhoneUser>, StoreClient<PhoneUser>>,
}

impl Logins {
    /// Builds the layers of an instance. Returns them and the permits for calls to Weika and WeChat.
    pub(crate) fn build(
        world: &Arc<World>,
        incarnation: &Incarnation,
        clock: &Clock,
    ) -> (Self, [Permits; 2]) {
        let mut stores = Stores::new(StoreLink {
            world: Arc::clone(world),
            incarnation: incarnation.clone(),
            clock: clock.clone(),
        });
        let (calls, timeout) = (world.scenario.permits, world.scenario.upstream_timeout);
        let transport = |login| transport(world, incarnation, login);
        let weika = WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret")
            .base_url("https://weika.example")
            .client(|client| {
                client
                    .transport(transport(Login::Manager))
                    .clock(clock.clone())
                    .max_calls(calls)
                    .total_timeout(timeout)
            })
            .build()
            .expect("valid settings");
        let members = WeikaMemberProvider::builder("FEDCBA9876543210", "member-secret", SCHOOL)
            .base_url("https://weika.example")
            .client(|client| {
                client
                    .transport(transport(Login::Member))
                    .clock(clock.clone())
                    .max_calls(calls)
                    .total_timeout(timeout)
            })
            .build()
            .expect("valid settings");
        let wechat = |app_id, login| {
            WechatClient::builder(app_id, "secret-of-the-application")
                .base_url("https://api.wechat.example")
                .transport(transport(login))
                .max_calls(calls)
                .total_timeout(timeout)
                .build()
                .expect("valid settings")
        };
        let website = wechat(WEBSITE, Login::Wechat);
        // The logins of one upstream system share their permits.
        let permits = [weika.client().permits().clone(), website.permits().clone()];
        let desk = WechatUserProvider::builder_for_website(website)
            .build()
            .expect("valid settings");
        let phone = WechatUserProvider::builder_with_secret(wechat(ACCOUNT, Login::Phone))
            .silent_login(true)
            .any_browser()
            .build()
            .expect("valid settings")
            .map(|user: WechatUser| async { Ok(PhoneUser(user)) });

        let logins = Self {
            managers: builder(weika, stores.store(), clock)
                .build()
                .expect("valid settings"),
            wechat: builder(desk, stores.store(), clock)
                .guard_prefix(Login::Wechat.guarded(), LoggedIn)
                .build()
                .expect("valid settings"),
            members: builder(members, stores.store(), clock)
                .guard_prefix(Login::Member.guarded(), LoggedIn)
                .build()
                .expect("valid settings"),
            phone: builder(phone, stores.store(), clock)
                .guard_prefix(Login::Phone.guarded(), LoggedIn)
                .silent_login()
                .build()
                .expect("valid settings"),
        };
        stores.subscribe();
        for (login, name) in [
            (Login::Manager, logins.managers.session_cookie_name()),
            (Login::Wechat, logins.wechat.session_cookie_name()),
            (Login::Member, logins.members.session_cookie_name()),
            (Login::Phone, logins.phone.session_cookie_name()),
        ] {
            assert_eq!(login.session_cookie(), name);
        }
        (logins, permits)
    }

    pub(crate) fn namespaces(&self) -> PerLogin<[u8; 16]> {
        [
            *self.managers.namespace().as_bytes(),
            *self.wechat.namespace().as_bytes(),
            *self.members.namespace().as_bytes(),
            *self.phone.namespace().as_bytes(),
        ]
    }
}

fn builder<P, St>(provider: P, store: St, clock: &Clock) -> LoginLayerBuilder<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    let hour = std::time::Duration::from_secs(3_600);
    LoginLayer::builder_with_store(provider, store)
        .public_url(PUBLIC_URL)
        .secret(SECRET)
        .session_timeouts(SessionTimeouts::new(hour, hour * 12))
        .clock(clock.clone())
}

/// The stores of an instance over one connection, with a local cache each if the scenario has them.
struct Stores {
    link: StoreLink,
    validity: Arc<CacheValidity>,
    caches: Vec<Arc<dyn Invalidate>>,
}

impl Stores {
    fn new(link: StoreLink) -> Self {
        Self {
            link,
            validity: Arc::default(),
            caches: Vec::new(),
        }
    }

    fn store<I: StoredIdentity>(&mut self) -> StoreClient<I> {
        let cache = self.link.world.scenario.has_cache.then(|| {
            let cache = Arc::new(LocalCache::new(CACHED, Arc::clone(&self.validity)));
            self.caches.push(Arc::clone(&cache) as Arc<dyn Invalidate>);
            cache
        });
        StoreClient::new(self.link.clone(), cache, self.link.coordinator())
    }

    /// Receives invalidations from now on.
    fn subscribe(self) {
        if !self.caches.is_empty() {
            let subscriber = Subscriber {
                link: self.link,
                validity: self.validity,
                caches: self.caches,
            };
            subscriber.start();
        }
    }
}
