//! The request path: a site with sessions, and candidates that all answer the same request.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::BytesMut;
use http::header::{COOKIE, HeaderName, LOCATION, REFERER, SET_COOKIE};
use http::{HeaderValue, Request, Response, Uri};
use tokio::runtime::Runtime;
use tower::{Layer, Service};
use tower_weika::identity::Identity;
use tower_weika::login::LoginLayer;
use tower_weika::provider::IdentityProvider;
use tower_weika::session::{Authenticated, SessionId};
use tower_weika::store::{MemoryStore, SessionStore};
use tower_weika::{AuthorizationCode, Error};

const FOREIGN: &str = "_ga=GA1.1.1382046791.1763700000; Hm_lvt_0c1e6f3a=1763700000,1763701234; locale=zh-CN; \
                       JSESSIONID=5F0C1B2E9A7D4C3388E1F6A0B7C9D2E4";

#[derive(Debug)]
pub(crate) struct Person(pub(crate) String);

impl Identity for Person {
    fn subject(&self) -> &str {
        &self.0
    }
}

/// Takes every code for the name of a person.
struct Provider;

impl IdentityProvider for Provider {
    type Identity = Person;

    fn name(&self) -> &str {
        "bench"
    }

    fn code_parameter(&self) -> &str {
        "wxcode"
    }

    async fn authorize_url(&self, _redirect_uri: &str, state: &str) -> Result<String, Error> {
        Ok(format!("https://provider.example/?state={state}"))
    }

    async fn exchange(&self, code: AuthorizationCode) -> Result<Person, Error> {
        Ok(Person(code.expose().to_owned()))
    }
}

/// A layer and the `Cookie` headers of those who are logged in.
pub(crate) struct Site<St = MemoryStore<Person>> {
    login: LoginLayer<Provider, St>,
    cookie_name: String,
    live: Rc<[HeaderValue]>,
}

impl Site {
    /// Logs so many people in, each through the provider and back.
    pub(crate) fn with_sessions(count: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self::with_sessions_in(MemoryStore::new(), count, &runtime)
    }
}

impl<St: SessionStore<Person>> Site<St> {
    /// The same with another store.
    pub(crate) fn with_sessions_in(store: St, count: usize, runtime: &Runtime) -> Self {
        let builder = LoginLayer::builder(Provider).store(store).public_url("https://campus.example");
        let login = builder.secret([7; 32]).build().expect("valid settings");
        let sessions: Vec<_> = (0..count).map(|number| runtime.block_on(log_in(&login, number))).collect();
        let cookie_name = sessions[0].split_once('=').expect("a cookie").0.to_owned();
        let live = sessions.iter().map(|ours| header(&format!("{FOREIGN}; {ours}"))).collect();
        Self { login, cookie_name, live }
    }

    /// Those who are logged in, on the way through the login layer.
    pub(crate) fn live(&self, name: &str) -> Candidate {
        Candidate::new::<Authenticated<Person>, _>(name, &self.login, COOKIE, &self.live, true)
    }

    /// What is compared. The first is the bare application.
    pub(crate) fn candidates(&self) -> Vec<Candidate> {
        let foreign: Rc<[_]> = vec![header(FOREIGN); self.live.len()].into();
        let unknown = self.live.iter().map(|_| {
            let id = SessionId::random().expect("randomness").expose();
            header(&format!("{FOREIGN}; {}={id}", self.cookie_name))
        });
        let unknown: Rc<[_]> = unknown.collect();
        let (login, authenticate) = (&self.login, &self.login.authenticate());
        let person = Arc::new(Person("by hand".to_owned()));
        let insert = tower::layer::layer_fn(move |inner| InsertByHand { inner, person: Arc::clone(&person) });
        let bare = tower::layer::layer_fn(|application| application);
        let visitors = [
            ("no cookie", REFERER, &foreign, false),
            ("foreign cookies", COOKIE, &foreign, false),
            ("unknown session", COOKIE, &unknown, false),
            ("live session", COOKIE, &self.live, true),
        ];
        let mut all = vec![
            Candidate::new::<Authenticated<Person>, _>("bare", &bare, COOKIE, &self.live, false),
            Candidate::new::<ByHand, _>("insert by hand", &insert, COOKIE, &self.live, true),
        ];
        for (visitor, carrier, values, known) in visitors {
            let name = format!("authenticate, {visitor}");
            all.push(Candidate::new::<Authenticated<Person>, _>(&name, authenticate, carrier.clone(), values, known));
            let name = format!("login, {visitor}");
            if known {
                all.push(self.live(&name));
            } else {
                all.push(Candidate::new::<Authenticated<Person>, _>(&name, login, carrier, values, known));
            }
        }
        all
    }
}

async fn log_in<St: SessionStore<Person>>(login: &LoginLayer<Provider, St>, number: usize) -> String {
    let mut service = login.layer(Application::default());
    let begin = Request::get("/auth/bench/login").body(()).expect("a request");
    let begun = service.call(begin).await.expect("infallible");
    let (_, state) = begun.headers()[LOCATION].to_str().expect("text").rsplit_once("state=").expect("a state");
    let back = Request::get(format!("/auth/bench/callback?wxcode=person-{number}&state={state}"));
    let flow = begun.headers()[SET_COOKIE].to_str().expect("text").split(';').next().expect("a cookie");
    let back = service.call(back.header(COOKIE, flow).body(()).expect("a request")).await.expect("infallible");
    let cookies = back.headers().get_all(SET_COOKIE).into_iter().map(|cookie| cookie.to_str().expect("text"));
    let ours = cookies.filter_map(|cookie| cookie.split(';').next()).find(|cookie| cookie.contains("-session="));
    ours.expect("logged in").to_owned()
}

/// Something that answers requests, with the requests it gets.
pub(crate) struct Candidate {
    pub(crate) name: String,
    values: Rc<[HeaderValue]>,
    picked: u64,
    send: Box<dyn FnMut(&HeaderValue)>,
    renew: Box<dyn Fn()>,
}

impl Candidate {
    /// The rotating `values` go into the header `carrier`, so that changing it costs every candidate the same.
    /// Afterwards the request has to have a `W`, or must not.
    fn new<W, L>(name: &str, layer: &L, carrier: HeaderName, values: &Rc<[HeaderValue]>, known: bool) -> Self
    where
        W: Send + Sync + 'static,
        L: Layer<Application, Service: Service<Request<()>> + 'static>,
    {
        let application = Application::default();
        let slot = Rc::clone(&application.0);
        slot.set(Some(request(&carrier)));
        let renewed = Rc::clone(&slot);
        let mut service = layer.layer(application);
        let send = move |value: &HeaderValue| {
            let mut request = slot.take().expect("put aside by the application");
            request.extensions_mut().clear();
            *request.headers_mut().get_mut(&carrier).expect("there from the beginning") = value.clone();
            answer(&mut service, request);
            let request = slot.take().expect("put aside by the application");
            assert_eq!(request.extensions().get::<W>().is_some(), known);
            slot.set(Some(request));
        };
        let renew = move || {
            let mut request = renewed.take().expect("put aside by the application");
            *request.extensions_mut() = http::Extensions::new();
            renewed.set(Some(request));
        };
        let (name, values) = (name.to_owned(), Rc::clone(values));
        Self { name, values, picked: 1, send: Box::new(send), renew: Box::new(renew) }
    }

    /// Picks the headers of the next visitors uniformly, and reads them: a server has just done so.
    pub(crate) fn pick<const N: usize>(&mut self) -> [HeaderValue; N] {
        std::array::from_fn(|_| {
            // Knuth's MMIX generator; its high bits are good enough to pick with.
            self.picked = self.picked.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let index = usize::try_from(self.picked >> 33).expect("31 bits") % self.values.len();
            let value = self.values[index].clone();
            std::hint::black_box(value.as_bytes().iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte)));
            value
        })
    }

    /// Sends one request and checks what became of it.
    pub(crate) fn send(&mut self, value: &HeaderValue) {
        (self.send)(value);
    }

    /// Takes the map of extensions away, which otherwise stays with the request as it does in axum.
    pub(crate) fn without_map(&self) {
        (self.renew)();
    }
}

/// Not inlined, so that the bare application is not optimized together with the harness.
#[inline(never)]
fn answer<S: Service<Request<()>>>(service: &mut S, request: Request<()>) {
    let mut answer = pin!(service.call(request));
    // A store in this process answers at once. A copy of a far one may not count for a moment, which hardly happens.
    loop {
        match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => break assert!(answer.is_ok()),
            Poll::Pending => std::thread::yield_now(),
        }
    }
}

/// Puts the request aside, so that it can be looked at and sent again.
#[derive(Clone, Default)]
struct Application(Rc<Cell<Option<Request<()>>>>);

impl Service<Request<()>> for Application {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        self.0.set(Some(request));
        ready(Ok(Response::new(())))
    }
}

#[derive(Clone)]
struct ByHand {
    _person: Arc<Person>,
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
        request.extensions_mut().insert(ByHand { _person: Arc::clone(&self.person) });
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
        ("user-agent", "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/128.0 MicroMessenger/8.0.50"),
        ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        ("accept-encoding", "gzip, deflate, br"),
        ("accept-language", "zh-CN,zh;q=0.9"),
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
        ("upgrade-insecure-requests", "1"),
    ];
    let request = headers.iter().fold(Request::get(uri), |request, (name, value)| request.header(*name, *value));
    request.header(carrier, "").body(()).expect("a request")
}

fn header(text: &str) -> HeaderValue {
    HeaderValue::from_maybe_shared(BytesMut::from(text).split().freeze()).expect("a header value")
}
