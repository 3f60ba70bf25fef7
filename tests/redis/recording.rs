//! All data that Redis receives, from its monitor and its append-only file: no secret in the clear,
//! and an expiry on every key.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::fs;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::routing::get;
use axum::{Extension, Router};
use tokio::net::TcpListener;
use tower_weika::AccessToken;
use tower_weika::clock::Clock;
use tower_weika::coordination::{Coordinator, LeaseResponse};
use tower_weika::guard::GuardLayer;
use tower_weika::identity::{Identity, Manager, Member, MemberField, WechatUser};
use tower_weika::login::LoginLayer;
use tower_weika::provider::IdentityProvider;
use tower_weika::session::Authenticated;
use tower_weika::store::{Redis, RedisStore, SessionStore, StoredIdentity};
use tower_weika_sandbox::{Browser, Sandbox, Visit};

use crate::kit::{connect, create_session, load, now, until};
use crate::monitor::Monitor;
use crate::redis_server::{self, Value};
use crate::way::{Members, OwnSecret, Way, Wechat, Weika};

const ORIGIN: &str = "https://campus.example";
const SHARED_TOKEN: &str = "the-access-token-of-all-instances";
/// The reply of `PTTL` for a key without an expiry.
const NO_EXPIRY: i64 = -1;
const SITE_SECRET: &str = "the-secret-of-the-site-for-cookies";
const ENCRYPTION_KEY: &str = "the-key-that-encrypts-all-records";

/// The confidential data of an identity.
trait Confidential {
    fn confidential(&self) -> Vec<(&'static str, String)>;
}

impl Confidential for Manager {
    fn confidential(&self) -> Vec<(&'static str, String)> {
        let card = self
            .real_info
            .as_ref()
            .map(|info| ("card number", info.card_number.clone()));
        [("name", self.name.clone())]
            .into_iter()
            .chain(card)
            .collect()
    }
}

impl Confidential for Member {
    fn confidential(&self) -> Vec<(&'static str, String)> {
        let id_card = self.field(MemberField::IdCard).unwrap_or_default();
        vec![
            ("card number", self.card_number().to_owned()),
            ("identity document", id_card.to_owned()),
            ("name", self.name.clone()),
        ]
    }
}

impl Confidential for WechatUser {
    fn confidential(&self) -> Vec<(&'static str, String)> {
        let subject = ("subject", self.subject().to_owned());
        self.bearer()
            .map(|bearer| ("bearer token", bearer.expose().to_owned()))
            .into_iter()
            .chain(
                [subject]
                    .into_iter()
                    .filter(|_| self.is_complete() && !self.is_bound()),
            )
            .collect()
    }
}

type Collected = Arc<Mutex<Vec<(&'static str, String)>>>;

/// A page that collects the confidential data of its visitor.
async fn page<I: Identity + Confidential>(
    State(collected): State<Collected>,
    Extension(somebody): Extension<Authenticated<I>>,
) -> String {
    collected
        .lock()
        .expect("no panic before")
        .extend(somebody.identity().confidential());
    somebody.subject().to_owned()
}

/// A site with one provider and its sessions at Redis, and all values that must not appear there.
struct Site<'a, W: Way> {
    redis: &'a redis_server::Redis,
    monitor: Monitor<'a>,
    sandbox: Sandbox,
    provider: W::Provider,
    coordinator: Arc<dyn Coordinator>,
    login: LoginLayer<W::Provider, RedisStore<<W::Provider as IdentityProvider>::Identity>>,
    address: SocketAddr,
    /// Must never appear.
    secret: Vec<(&'static str, String)>,
    /// Must not appear in the clear.
    collected: Collected,
}

impl<'a, W: Way> Site<'a, W>
where
    <W::Provider as IdentityProvider>::Identity: StoredIdentity + Confidential,
{
    async fn start(redis: &'a redis_server::Redis, encryption_key: Option<&str>) -> Self {
        let monitor = redis.monitor();
        let sandbox = W::sandbox(Sandbox::builder())
            .start()
            .await
            .expect("a sandbox");
        let provider = W::provider(&sandbox, Clock::system(), Duration::from_secs(30));
        let mut builder = Redis::builder(redis.url());
        if let Some(key) = encryption_key {
            builder = builder.encryption_key(key);
        }
        let store: RedisStore<_> = builder.connect().await.expect("a server that runs").store();
        let coordinator = store.coordinator().expect("a shared store");
        let login = LoginLayer::builder(provider.clone())
            .store(store)
            .public_url(ORIGIN)
            .secret(SITE_SECRET);
        let login = login.build().expect("a login layer");
        let collected = Collected::default();
        let guarded = get(page::<<W::Provider as IdentityProvider>::Identity>)
            .with_state(Arc::clone(&collected));
        let guarded =
            guarded.layer(GuardLayer::<<W::Provider as IdentityProvider>::Identity>::logged_in());
        let router = Router::new()
            .route("/", get(async || "home"))
            .route("/guarded", guarded)
            .layer(login.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        drop(tokio::spawn(
            async move { axum::serve(listener, router).await },
        ));
        let mut secret = vec![("app_secret", sandbox.app_secret().to_owned())];
        secret.extend([
            ("secret", SITE_SECRET.to_owned()),
            ("encryption key", ENCRYPTION_KEY.to_owned()),
        ]);
        Self {
            redis,
            monitor,
            sandbox,
            provider,
            coordinator,
            login,
            address,
            secret,
            collected,
        }
    }

    fn browser(&self) -> Browser {
        Browser::new()
            .route(ORIGIN, self.address)
            .user_agent(W::AGENT)
    }

    /// Visits a path, and collects the secrets on the way.
    async fn visit(&mut self, browser: &Browser, path: &str) -> Visit {
        let visit = browser
            .get(&format!("{ORIGIN}{path}"))
            .await
            .expect("a response");
        for hop in visit.hops() {
            for url in [Some(&hop.url), hop.location.as_ref()]
                .into_iter()
                .flatten()
            {
                let (_, query) = url.split_once('?').unwrap_or_default();
                let pairs = url::form_urlencoded::parse(query.as_bytes());
                let codes = pairs
                    .filter(|(name, _)| name == W::CODE)
                    .map(|(_, value)| ("code", value.into_owned()));
                self.secret.extend(codes);
            }
            for cookie in &hop.set_cookies {
                let (_, value) = cookie.split_once('=').expect("a cookie");
                let value = value.split(';').next().unwrap_or_default();
                // Marker cookies have no secret value.
                if value.len() > 1 {
                    self.secret.push(("cookie", value.to_owned()));
                }
            }
        }
        self.assert_every_key_expires();
        visit
    }

    #[track_caller]
    fn assert_every_key_expires(&self) {
        for key in self.redis.keys() {
            match self.redis.command(&["PTTL", &key]) {
                Value::Int(left) => assert_ne!(left, NO_EXPIRY, "{key}"),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Returns all data that the server received, from its monitor and its file.
    fn recording(&self) -> Vec<u8> {
        let mut recording = self.monitor.text().into_bytes();
        for file in fs::read_dir(self.redis.folder().join("appendonlydir"))
            .expect("a file that is appended to")
        {
            recording.extend(fs::read(file.expect("a file").path()).expect("a file"));
        }
        recording
    }

    /// A login, a page, a logout, the same again as other users, and revocations of all kinds.
    async fn run_scenarios(&mut self) {
        for round in 0..3 {
            let browser = self.browser();
            let home = self.visit(&browser, "/guarded").await;
            assert_eq!(home.text(), W::subject(&self.sandbox, "wang"), "{home:?}");
            let other = self.browser();
            self.visit(&other, "/guarded").await;
            // Again, with a code that has been exchanged already.
            let callback = home
                .hops()
                .iter()
                .find(|hop| hop.url.contains("/callback?"))
                .expect("a callback");
            let path = callback
                .url
                .strip_prefix(ORIGIN)
                .expect("a page of the layer")
                .to_owned();
            self.visit(&browser, &path).await;
            match round {
                0 => {
                    let out = format!("{ORIGIN}{}", self.login.logout_path());
                    browser.post(&out, "").await.expect("a response");
                }
                1 => self
                    .login
                    .revoke_sessions_of(&home.text())
                    .await
                    .expect("the store responds"),
                _ => self
                    .login
                    .revoke_all_sessions()
                    .await
                    .expect("the store responds"),
            }
            self.assert_every_key_expires();
            assert_eq!(self.visit(&browser, "/").await.text(), "home");
            // Only once: a token that is rejected repeatedly is not fetched again at once.
            if round == 0 {
                W::forget_token(&self.provider);
            }
        }
    }
}

#[track_caller]
fn assert_recorded(recording: &[u8], what: &str, secret: &str, is_there: bool) {
    assert!(
        secret.len() >= 4,
        "{what} is too short to be looked for: {secret}"
    );
    // Also in the spelling of the monitor and of JSON.
    let escaped = secret.as_bytes().escape_ascii().to_string();
    let is_found = [secret.as_bytes(), escaped.as_bytes()]
        .iter()
        .any(|secret| {
            recording
                .windows(secret.len())
                .any(|window| window == *secret)
        });
    assert_eq!(is_found, is_there, "{what}: {secret}");
}

async fn assert_recording_is_clean<W: Way>(token: impl Fn(&W::Provider) -> Option<String>)
where
    <W::Provider as IdentityProvider>::Identity: StoredIdentity + Confidential,
{
    for key in [Some(ENCRYPTION_KEY), None] {
        let redis = redis_server::Redis::start();
        let mut site = Site::<W>::start(&redis, key).await;
        site.run_scenarios().await;
        let LeaseResponse::Granted(grant) = site.coordinator.acquire_lease("x", 0).await.unwrap()
        else {
            panic!("the lease was not granted")
        };
        let minute = Duration::from_secs(60);
        assert!(
            site.coordinator
                .publish_token("x", &grant, &AccessToken::new(SHARED_TOKEN), minute)
                .await
                .unwrap()
        );
        site.coordinator.claim_flow("x", minute).await.unwrap();
        let (_, outcome) = site.collected.lock().unwrap()[0].clone();
        site.coordinator
            .complete_flow("x", outcome.as_bytes())
            .await
            .unwrap();
        let browser = site.browser();
        site.visit(&browser, "/guarded").await;
        let recording = site.recording();
        let count = |what: &str| site.secret.iter().filter(|(is, _)| *is == what).count();
        assert!(
            count("code") >= 3 && count("cookie") >= 6,
            "{:?}",
            site.secret
        );
        assert!(recording.len() > 10_000);
        for (what, secret) in &site.secret {
            assert_recorded(&recording, what, secret, false);
        }
        let mut collected = site.collected.lock().expect("no panic before").clone();
        assert!(!collected.is_empty());
        collected.push(("shared token", SHARED_TOKEN.to_owned()));
        collected.extend(token(&site.provider).map(|token| ("access token", token)));
        for (what, confidential) in &collected {
            // Without encryption the value is present, which proves that the search works.
            assert_recorded(&recording, what, confidential, key.is_none());
        }
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn redis_receives_no_secret_of_a_manager_and_every_key_expires() {
    assert_recording_is_clean::<Weika>(|provider| {
        let token = provider.client().tokens().current().expect("a token");
        Some(token.expose().to_owned())
    })
    .await;
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn redis_receives_no_secret_of_a_member_and_every_key_expires() {
    assert_recording_is_clean::<Members>(|_| None).await;
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn redis_receives_no_secret_of_a_wechat_user_and_every_key_expires() {
    assert_recording_is_clean::<Wechat>(|_| None).await;
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn redis_receives_no_secret_of_a_wechat_user_with_the_own_secret_and_every_key_expires() {
    assert_recording_is_clean::<OwnSecret>(|_| None).await;
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn every_key_has_an_expiry() {
    let redis = redis_server::Redis::start();
    let store = connect(Redis::builder(redis.url())).await;
    let coordinator = store.coordinator().expect("a shared store");
    let assert_expiries = |what: &str| {
        for key in redis.keys() {
            assert_ne!(
                redis.command(&["PTTL", &key]),
                Value::Int(NO_EXPIRY),
                "{what}: {key}"
            );
        }
    };
    let minute = Duration::from_secs(60);
    let id = create_session(&store, "o1").await;
    assert_expiries("a session");
    let session = load(&store, &id).await.unwrap().unwrap();
    session.touch(now().plus(minute));
    store.touch(&session);
    let used = session.last_used().unix_millis().to_string();
    let key = redis
        .keys()
        .into_iter()
        .find(|key| key.contains(":session:"))
        .unwrap();
    until("the use is recorded", async || {
        redis.command(&["HGET", &key, "used"]).text() == used
    })
    .await;
    assert_expiries("a use");
    store
        .remove_subject(&crate::kit::namespace(), "o1", None)
        .await
        .unwrap();
    assert_expiries("the revocation of a subject");
    store.remove_all(&crate::kit::namespace()).await.unwrap();
    assert_expiries("the revocation of all");
    store.remove(&crate::kit::namespace(), &id).await.unwrap();
    coordinator.claim_flow("flow", minute).await.unwrap();
    assert_expiries("a claim");
    coordinator.complete_flow("flow", b"outcome").await.unwrap();
    assert_expiries("an outcome");
    coordinator
        .complete_flow("unknown", b"outcome")
        .await
        .unwrap();
    for _ in 0..2 {
        let LeaseResponse::Granted(grant) = coordinator
            .acquire_lease("x", u64::from(u32::MAX))
            .await
            .unwrap()
        else {
            panic!("the lease was not granted")
        };
        assert_expiries("a lease");
        coordinator
            .release_lease("x", &grant, Duration::from_millis(1))
            .await
            .unwrap();
        assert_expiries("the release of a lease");
        until("the lease has expired", async || {
            redis.keys().iter().all(|key| !key.contains(":lease:"))
        })
        .await;
    }
    let LeaseResponse::Granted(grant) = coordinator.acquire_lease("x", 0).await.unwrap() else {
        panic!("the lease was not granted")
    };
    let token = AccessToken::new("token");
    assert!(
        coordinator
            .publish_token("x", &grant, &token, minute)
            .await
            .unwrap()
    );
    assert_expiries("a token");
    assert!(redis.keys().len() >= 4, "{:?}", redis.keys());
}
