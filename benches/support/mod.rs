//! The request path: a site with sessions, and candidates that all answer the same request.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::BytesMut;
use http::header::{COOKIE, HeaderName, LOCATION, REFERER, SET_COOKIE};
use http::{HeaderValue, Request, Response, Uri};
use tokio::runtime::Runtime;
use tower::{Layer, Service};
use tower_weika::clock::Clock;
use tower_weika::guard::GuardLayer;
use tower_weika::identity::Identity;
use tower_weika::login::LoginLayer;
use tower_weika::provider::{AuthorizeRequest, ExchangeContext, IdentityProvider, Verified};
use tower_weika::session::{Authenticated, Session, SessionId, SessionTimeouts};
use tower_weika::store::{Inserted, MemoryStore, SessionStore, StoredIdentity};
use tower_weika::{AuthorizationCode, Error};

const FOREIGN: &str = "_ga=GA1.1.1382046791.1763700000; Hm_lvt_0c1e6f3a=1763700000,1763701234; locale=zh-CN; \
                       JSESSIONID=5F0C1B2E9A7D4C3388E1F6A0B7C9D2E4";

#[derive(Debug)]
pub(crate) struct Person(pub(crate) String);

impl Person {
    pub(crate) fn numbered(number: usize) -> Self {
        Self(format!("person-{number}"))
    }
}

impl Identity for Person {
    fn subject(&self) -> &str {
        &self.0
    }
}

impl StoredIdentity for Person {
    const KIND: &'static str = "person";

    fn to_record(&self) -> String {
        self.0.clone()
    }

    fn from_record(record: &str) -> Option<Self> {
        Some(Self(record.to_owned()))
    }
}

/// Takes every code for the name of a person.
pub(crate) struct Provider;

impl IdentityProvider for Provider {
    type Identity = Person;

    fn name(&self) -> &str {
        "bench"
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
    ) -> Result<Verified<Person>, Error> {
        Ok(Verified::new(Person(code.expose().to_owned())))
    }
}

/// A layer and the `Cookie` headers of those who are logged in.
pub(crate) struct Site<St = MemoryStore<Person>> {
    pub(crate) login: LoginLayer<Provider, St>,
    pub(crate) cookie_name: String,
    pub(crate) live: Arc<[HeaderValue]>,
}

impl Site {
    /// With so many people logged in, in this process.
    pub(crate) fn with_sessions(count: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let capacity = u64::try_from(count).expect("small").max(100_000);
        Self::with_sessions_in(
            &MemoryStore::<Person>::builder().capacity(capacity).build(),
            count,
            &runtime,
        )
    }
}

impl<St: SessionStore<Person>> Site<St> {
    /// The same with another store. The session ids are the same in every run, see [`session_id`].
    pub(crate) fn with_sessions_in(store: &St, count: usize, runtime: &Runtime) -> Self {
        let cookie_name = runtime.block_on(cookie_name());
        let (now, login) = (Clock::system().now(), login_over(store.clone()));
        let since = runtime
            .block_on(store.stamp(login.namespace()))
            .expect("the store answers");
        let live = (0..count).map(|number| {
            let id = session_id(LIVE, number);
            let session = Session::new(
                id,
                Person::numbered(number),
                SessionTimeouts::default(),
                now,
            );
            let session = session.within(*login.namespace());
            let inserted = runtime
                .block_on(store.insert(session, None, since))
                .expect("the store takes it");
            assert_eq!(inserted, Inserted::Kept);
            cookies(&format!("{cookie_name}={}", &*id.expose()))
        });
        let live = live.collect();
        Self {
            login,
            cookie_name,
            live,
        }
    }

    /// Those who are logged in, on the way through the login layer.
    pub(crate) fn live(&self, name: &str) -> Candidate {
        Candidate::new(
            name,
            self.login.layer(Application::known_by(is_authenticated)),
            COOKIE,
            &self.live,
            true,
        )
    }

    /// What is compared. The first is the bare application.
    pub(crate) fn candidates(&self) -> Vec<Candidate> {
        let foreign = strangers(self.live.len());
        let unknown = (0..self.live.len()).map(|number| {
            cookies(&format!(
                "{}={}",
                self.cookie_name,
                &*session_id(UNKNOWN, number).expose()
            ))
        });
        let unknown: Arc<[_]> = unknown.collect();
        let application = Application::known_by(is_authenticated);
        let (login, authenticate) = (&self.login, &self.login.authenticate());
        let visitors = [
            ("no cookie", REFERER, &foreign),
            ("foreign cookies", COOKIE, &foreign),
            ("unknown session", COOKIE, &unknown),
        ];
        let mut all = vec![bare(&self.live), insert_by_hand(&self.live)];
        for (visitor, carrier, values) in visitors {
            let (one, other) = (authenticate.layer(application), login.layer(application));
            all.push(Candidate::new(
                &format!("authenticate, {visitor}"),
                one,
                carrier.clone(),
                values,
                false,
            ));
            all.push(Candidate::new(
                &format!("login, {visitor}"),
                other,
                carrier,
                values,
                false,
            ));
        }
        let live = authenticate.layer(application);
        all.push(Candidate::new(
            "authenticate, live session",
            live,
            COOKIE,
            &self.live,
            true,
        ));
        all.push(self.live("login, live session"));
        let guard = GuardLayer::<Person>::logged_in();
        let guarded = login.layer(guard.clone().without_cache_control().layer(application));
        all.push(Candidate::new(
            "live session through a guard",
            guarded,
            COOKIE,
            &self.live,
            true,
        ));
        let guarded = login.layer(guard.layer(application));
        all.push(Candidate::new(
            "guarded response that gets Cache-Control",
            guarded,
            COOKIE,
            &self.live,
            true,
        ));
        all
    }
}

/// The application with nothing around it.
pub(crate) fn bare(values: &Arc<[HeaderValue]>) -> Candidate {
    Candidate::new(
        "bare",
        Application::known_by(is_authenticated),
        COOKIE,
        values,
        false,
    )
}

/// What a layer cannot do without: one `Arc` goes into the extensions.
pub(crate) fn insert_by_hand(values: &Arc<[HeaderValue]>) -> Candidate {
    let inner =
        Application::known_by(|request| request.extensions().get::<Arc<Person>>().is_some());
    let service = InsertByHand {
        inner,
        person: Arc::new(Person::numbered(0)),
    };
    Candidate::new("insert by hand", service, COOKIE, values, true)
}

fn is_authenticated(request: &Request<()>) -> bool {
    request
        .extensions()
        .get::<Authenticated<Person>>()
        .is_some()
}

fn login_over<St: SessionStore<Person>>(store: St) -> LoginLayer<Provider, St> {
    let builder = LoginLayer::builder(Provider)
        .store(store)
        .public_url("https://campus.example");
    builder.secret([7; 32]).build().expect("valid settings")
}

/// The name of the session cookie, from a login whose session is not among those that are compared: its id is random.
async fn cookie_name() -> String {
    let mut service =
        login_over(MemoryStore::<Person>::new()).layer(Application::known_by(is_authenticated));
    let begun = service.call(begin()).await.expect("infallible");
    let back = service.call(back(&begun)).await.expect("infallible");
    let cookies = back
        .headers()
        .get_all(SET_COOKIE)
        .into_iter()
        .map(|cookie| cookie.to_str().expect("text"));
    let names = cookies.filter_map(|cookie| cookie.split('=').next());
    names
        .into_iter()
        .find(|name| name.ends_with("-session"))
        .expect("logged in")
        .to_owned()
}

/// Series of session ids, see [`session_id`]. Those of the layers in `stack` are others.
pub(crate) const LIVE: u64 = 0;
const UNKNOWN: u64 = 1;

/// A session id that is the same in every run: where an id is placed in a table decides how many instructions it takes
/// to find it, which is up to 3 % of a request.
pub(crate) fn session_id(series: u64, number: usize) -> SessionId {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    // SplitMix64.
    let mut state = (series << 48) ^ u64::try_from(number).expect("small");
    let mut text: [u8; SessionId::LENGTH] = std::array::from_fn(|_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ALPHABET[usize::try_from(mixed >> 58).expect("6 bits")]
    });
    // The last character stands for four bits.
    text[SessionId::LENGTH - 1] = b'A';
    SessionId::parse(&text).expect("a session id")
}

/// A visitor who wants to log in.
pub(crate) fn begin() -> Request<()> {
    Request::get("/auth/bench/login")
        .body(())
        .expect("a request")
}

/// The same visitor, back from the provider that `begun` has led to.
pub(crate) fn back<B>(begun: &Response<B>) -> Request<()> {
    let (_, state) = begun.headers()[LOCATION]
        .to_str()
        .expect("text")
        .rsplit_once("state=")
        .expect("a state");
    let flow = begun.headers()[SET_COOKIE]
        .to_str()
        .expect("text")
        .split(';')
        .next()
        .expect("a cookie");
    let back = Request::get(format!(
        "/auth/bench/callback?wxcode=person-0&state={state}"
    ));
    back.header(COOKIE, flow).body(()).expect("a request")
}

/// Something that answers requests, with the requests it gets.
pub(crate) struct Candidate {
    pub(crate) name: String,
    carrier: HeaderName,
    pub(crate) values: Arc<[HeaderValue]>,
    known: bool,
    picked: u64,
    request: Option<Request<()>>,
    call: Box<dyn FnMut(Request<()>) + Send>,
}

impl Candidate {
    /// The rotating `values` go into the header `carrier`, so that changing it costs every candidate the same.
    /// The application inside `service` has to say of everybody whether they are `known`.
    pub(crate) fn new<S>(
        name: &str,
        mut service: S,
        carrier: HeaderName,
        values: &Arc<[HeaderValue]>,
        known: bool,
    ) -> Self
    where
        S: Service<Request<()>> + Send + 'static,
    {
        let request = Some(request(&carrier));
        let call = Box::new(move |request| answer(&mut service, request));
        Self {
            name: name.to_owned(),
            carrier,
            values: Arc::clone(values),
            known,
            picked: 1,
            request,
            call,
        }
    }

    /// Picks the headers of the next visitors uniformly, and reads them: a server has just done so.
    pub(crate) fn pick<const N: usize>(&mut self) -> [HeaderValue; N] {
        std::array::from_fn(|_| {
            // Knuth's MMIX generator; its high bits are good enough to pick with.
            self.picked = self
                .picked
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let index = usize::try_from(self.picked >> 33).expect("31 bits") % self.values.len();
            let value = self.values[index].clone();
            std::hint::black_box(
                value
                    .as_bytes()
                    .iter()
                    .fold(0, |sum: u8, byte| sum.wrapping_add(*byte)),
            );
            value
        })
    }

    /// Sends one request and checks what became of it.
    pub(crate) fn send(&mut self, value: &HeaderValue) {
        let mut request = self.request.take().expect("put aside after every request");
        request.extensions_mut().clear();
        *request
            .headers_mut()
            .get_mut(&self.carrier)
            .expect("there from the beginning") = value.clone();
        (self.call)(request);
        let (request, known) = ANSWERED.take().expect("the application was asked");
        assert_eq!(known, self.known, "{}", self.name);
        self.request = Some(request);
    }

    /// Takes the map of extensions away, which otherwise stays with the request as it does in axum.
    pub(crate) fn without_map(&mut self) {
        *self
            .request
            .as_mut()
            .expect("put aside after every request")
            .extensions_mut() = http::Extensions::new();
    }
}

/// Not inlined, so that the bare application is not optimized together with the harness.
#[inline(never)]
fn answer<S: Service<Request<()>>>(service: &mut S, request: Request<()>) {
    let mut answer = pin!(service.call(request));
    // A store in this process answers at once. A copy of a far one may not count for a moment, which hardly happens.
    loop {
        match answer
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(answer) => break assert!(answer.is_ok()),
            Poll::Pending => std::thread::yield_now(),
        }
    }
}

thread_local! {
    /// The last request that this thread has answered, and whether the visitor was known.
    static ANSWERED: Cell<Option<(Request<()>, bool)>> = const { Cell::new(None) };
}

/// The end of every application: puts the request aside, so that it can be sent again.
pub(crate) fn answered(request: Request<()>, known: bool) -> Response<()> {
    ANSWERED.set(Some((request, known)));
    Response::new(())
}

/// Looks into the extensions for whoever is there.
#[derive(Clone, Copy)]
pub(crate) struct Application {
    is_known: fn(&Request<()>) -> bool,
}

impl Application {
    pub(crate) fn known_by(is_known: fn(&Request<()>) -> bool) -> Self {
        Self { is_known }
    }
}

impl Service<Request<()>> for Application {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let known = (self.is_known)(&request);
        ready(Ok(answered(request, known)))
    }
}

#[derive(Clone)]
struct InsertByHand<S> {
    inner: S,
    person: Arc<Person>,
}

impl<S: Service<Request<()>>> Service<Request<()>> for InsertByHand<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<()>) -> S::Future {
        request.extensions_mut().insert(Arc::clone(&self.person));
        self.inner.call(request)
    }
}

/// What a browser sends. The target is a slice of a shared buffer, as hyper makes it.
fn request(carrier: &HeaderName) -> Request<()> {
    let target = BytesMut::from("/campus/timetable?week=12").split().freeze();
    let uri = Uri::from_maybe_shared(target).expect("a target");
    let headers = [
        ("host", "campus.example"),
        ("connection", "keep-alive"),
        (
            "user-agent",
            "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/128.0 MicroMessenger/8.0.50",
        ),
        (
            "accept",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        ),
        ("accept-encoding", "gzip, deflate, br"),
        ("accept-language", "zh-CN,zh;q=0.9"),
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
        ("upgrade-insecure-requests", "1"),
    ];
    let request = headers
        .iter()
        .fold(Request::get(uri), |request, (name, value)| {
            request.header(*name, *value)
        });
    request.header(carrier, "").body(()).expect("a request")
}

/// The `Cookie` headers of so many visitors that have none of our cookies.
pub(crate) fn strangers(count: usize) -> Arc<[HeaderValue]> {
    vec![header(FOREIGN); count].into()
}

/// A `Cookie` header: those of others first, then ours.
pub(crate) fn cookies(ours: &str) -> HeaderValue {
    header(&format!("{FOREIGN}; {ours}"))
}

fn header(text: &str) -> HeaderValue {
    HeaderValue::from_maybe_shared(BytesMut::from(text).split().freeze()).expect("a header value")
}
