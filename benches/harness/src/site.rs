//! A login layer with live sessions.

use std::sync::Arc;

use http::header::{COOKIE, LOCATION, REFERER, SET_COOKIE};
use http::{HeaderValue, Request, Response};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tower::Layer;
use tower_weika::clock::Clock;
use tower_weika::guard::GuardLayer;
use tower_weika::identity::Identity;
use tower_weika::login::LoginLayer;
use tower_weika::provider::{AuthorizeRequest, ExchangeContext, IdentityProvider, Verified};
use tower_weika::session::{Authenticated, Session, SessionId, SessionTimeouts};
use tower_weika::store::{Inserted, MemoryStore, SessionStore, StoredIdentity};
use tower_weika::{AuthorizationCode, Error};

use crate::candidate::{Application, Candidate, cookies, foreign_cookies};

/// An identity. Each of several login layers has a different identity type.
#[derive(Debug)]
pub struct Person<const LAYER: usize = 0>(pub String);

impl<const LAYER: usize> Person<LAYER> {
    pub fn numbered(number: usize) -> Self {
        Self(format!("person-{number}"))
    }

    /// Creates a new session with a random id.
    pub fn session(self) -> Session<Self> {
        let id = SessionId::random().expect("randomness");
        Session::new(id, self, SessionTimeouts::default(), Clock::system().now())
    }
}

impl<const LAYER: usize> Identity for Person<LAYER> {
    fn subject(&self) -> &str {
        &self.0
    }
}

impl<const LAYER: usize> StoredIdentity for Person<LAYER> {
    const KIND: &'static str = "person";

    fn to_record(&self) -> String {
        self.0.clone()
    }

    fn from_record(record: &str) -> Option<Self> {
        Some(Self(record.to_owned()))
    }
}

/// A provider with this name that accepts every code as the subject of a person.
pub struct Provider<const LAYER: usize = 0>(pub &'static str);

impl<const LAYER: usize> IdentityProvider for Provider<LAYER> {
    type Identity = Person<LAYER>;

    fn name(&self) -> &str {
        self.0
    }

    fn application(&self) -> &str {
        "test-application"
    }

    fn code_parameter(&self) -> &str {
        "wxcode"
    }

    async fn authorize_url(&self, request: AuthorizeRequest<'_>) -> Result<String, Error> {
        Ok(format!("https://provider.example/?state={}", request.state))
    }

    async fn exchange(
        &self,
        code: AuthorizationCode,
        _: ExchangeContext<'_>,
    ) -> Result<Verified<Person<LAYER>>, Error> {
        Ok(Verified::new(Person(code.expose().to_owned())))
    }
}

/// Series of session ids, see [`session_id`].
pub const LIVE: u64 = 0;
const UNKNOWN: u64 = 1;

/// A login layer, and the `Cookie` headers of its authenticated users.
pub struct Site<St = MemoryStore<Person>, const LAYER: usize = 0> {
    pub login: LoginLayer<Provider<LAYER>, St>,
    pub live: Arc<[HeaderValue]>,
    name: &'static str,
    series: u64,
}

impl Site {
    /// Creates a site with this many live sessions in this process.
    pub fn with_sessions(count: usize) -> Self {
        let capacity = u64::try_from(count).expect("small").max(100_000);
        let store = MemoryStore::<Person>::builder().capacity(capacity).build();
        Self::over(&store, "bench", LIVE, count, &crate::runtime())
    }
}

impl<St: SessionStore<Person<LAYER>>, const LAYER: usize> Site<St, LAYER> {
    /// Creates a site with this many sessions of a series in this store.
    pub fn over(
        store: &St,
        name: &'static str,
        series: u64,
        count: usize,
        runtime: &Runtime,
    ) -> Self {
        let builder = LoginLayer::builder(Provider(name))
            .store(store.clone())
            .public_url("https://campus.example");
        let login = builder.secret([7; 32]).build().expect("valid settings");
        let now = Clock::system().now();
        let sessions = (0..count).map(|number| {
            let id = session_id(series, number);
            let session = Session::new(
                id,
                Person::numbered(number),
                SessionTimeouts::default(),
                now,
            );
            session.within(*login.namespace())
        });
        insert(store, sessions, runtime);
        let mut site = Self {
            login,
            live: Arc::default(),
            name,
            series,
        };
        site.live = (0..count)
            .map(|number| cookies(&site.cookie(site.series, number)))
            .collect();
        site
    }

    pub fn cookie_name(&self) -> String {
        format!("__Host-{}-session", self.name)
    }

    /// The cookie of one of the sessions.
    pub fn session_cookie(&self, number: usize) -> String {
        self.cookie(self.series, number)
    }

    fn cookie(&self, series: u64, number: usize) -> String {
        format!(
            "{}={}",
            self.cookie_name(),
            &*session_id(series, number).expose()
        )
    }

    /// Requests of authenticated users through the login layer.
    pub fn live(&self, name: &str) -> Candidate {
        Candidate::new(
            name,
            self.login.layer(Application(is_authenticated::<LAYER>)),
            &self.live,
            true,
        )
    }

    pub fn authenticate(&self) -> Candidate {
        let layer = self.login.authenticate();
        Candidate::new(
            "authenticate, live session",
            layer.layer(Application(is_authenticated::<LAYER>)),
            &self.live,
            true,
        )
    }

    /// Requests through the layers of this crate. The first candidate is the bare application.
    pub fn candidates(&self) -> Vec<Candidate> {
        let foreign: Arc<[_]> = vec![foreign_cookies(); self.live.len()].into();
        let unknown = (0..self.live.len())
            .map(|number| cookies(&self.cookie(UNKNOWN, number)))
            .collect();
        let application = Application(is_authenticated::<LAYER>);
        let (login, authenticate) = (&self.login, &self.login.authenticate());
        let mut all = vec![
            Candidate::bare(&self.live),
            Candidate::insert_by_hand(&self.live),
        ];
        for (user, values) in [
            ("no cookie", &foreign),
            ("foreign cookies", &foreign),
            ("unknown session", &unknown),
        ] {
            let one = Candidate::new(
                &format!("authenticate, {user}"),
                authenticate.layer(application),
                values,
                false,
            );
            let other = Candidate::new(
                &format!("login, {user}"),
                login.layer(application),
                values,
                false,
            );
            let has_no_cookie = user == "no cookie";
            all.extend([one, other].map(|it| {
                if has_no_cookie {
                    it.in_header(REFERER)
                } else {
                    it
                }
            }));
        }
        let guard = GuardLayer::<Person<LAYER>>::logged_in();
        let guarded = login.layer(guard.clone().without_cache_control().layer(application));
        let revised = login.layer(guard.layer(application));
        all.extend([
            self.authenticate(),
            self.live("login, live session"),
            Candidate::new("live session through a guard", guarded, &self.live, true),
            Candidate::new(
                "guarded response that gets Cache-Control",
                revised,
                &self.live,
                true,
            ),
        ]);
        all
    }
}

pub(crate) fn is_authenticated<const LAYER: usize>(request: &Request<()>) -> bool {
    request
        .extensions()
        .get::<Authenticated<Person<LAYER>>>()
        .is_some()
}

/// The number of logins that [`insert`] has under way at once.
const AT_ONCE: usize = 2_000;

/// Inserts sessions into a store, many at a time: a store on a disk syncs several at once. In a
/// runtime with one thread their order is kept.
pub fn insert<I: Identity, St: SessionStore<I>>(
    store: &St,
    mut sessions: impl Iterator<Item = Session<I>>,
    runtime: &Runtime,
) {
    runtime.block_on(async {
        loop {
            let mut logins = JoinSet::new();
            for session in sessions.by_ref().take(AT_ONCE) {
                let store = store.clone();
                logins.spawn(async move { log_in(&store, session).await });
            }
            if logins.is_empty() {
                return;
            }
            logins.join_all().await;
        }
    });
}

/// Inserts a session as a login does.
pub async fn log_in<I: Identity, St: SessionStore<I>>(store: &St, session: Session<I>) {
    let since = store.stamp(session.namespace()).await;
    let since = since.expect("the store responds");
    let inserted = store.insert(session, None, since).await;
    assert_eq!(inserted.expect("the store accepts it"), Inserted::Kept);
}

/// Returns a session id that is the same in every run: the position of an id in a table affects the
/// number of instructions of a lookup, up to 3 % of a request.
pub fn session_id(series: u64, number: usize) -> SessionId {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    // SplitMix64.
    let mut state = (series << 48) ^ u64::try_from(number).expect("small");
    let mut text: [u8; SessionId::LENGTH] = std::array::from_fn(|_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ALPHABET[usize::try_from(mixed >> 58).expect("6 bits")]
    });
    // The last character encodes four bits.
    text[SessionId::LENGTH - 1] = b'A';
    SessionId::parse(&text).expect("a session id")
}

/// The request that starts a login.
pub fn start_login() -> Request<()> {
    Request::get("/auth/bench/login")
        .body(())
        .expect("a request")
}

/// The callback of the login `started`.
pub fn callback<B>(started: &Response<B>) -> Request<()> {
    let (_, state) = started.headers()[LOCATION]
        .to_str()
        .expect("text")
        .rsplit_once("state=")
        .expect("a state");
    let flow = started.headers()[SET_COOKIE]
        .to_str()
        .expect("text")
        .split(';')
        .next()
        .expect("a cookie");
    let callback = Request::get(format!(
        "/auth/bench/callback?wxcode=person-0&state={state}"
    ));
    callback.header(COOKIE, flow).body(()).expect("a request")
}
