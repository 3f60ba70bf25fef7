//! Candidates that serve the same request, and clients that send it.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use bytes::BytesMut;
use http::header::{COOKIE, HeaderName};
use http::{Extensions, HeaderValue, Request, Response, Uri};
use tower::Service;

use crate::site::{Person, is_authenticated};

const FOREIGN: &str = "_ga=GA1.1.1382046791.1763700000; Hm_lvt_0c1e6f3a=1763700000,1763701234; locale=zh-CN; \
                       JSESSIONID=5F0C1B2E9A7D4C3388E1F6A0B7C9D2E4";

/// A service, and the values of the header that identifies its users.
pub struct Candidate {
    pub name: String,
    /// The heap bytes of its sessions, if they were counted.
    pub heap: Option<i64>,
    header: HeaderName,
    values: Arc<[HeaderValue]>,
    is_authenticated: bool,
    call: Box<dyn Fn() -> Call>,
}

type Call = Box<dyn FnMut(Request<()>) + Send>;

impl Candidate {
    /// The application inside `service` must find that each user `is_authenticated`, or that none
    /// is.
    pub fn new<S>(
        name: &str,
        service: S,
        values: &Arc<[HeaderValue]>,
        is_authenticated: bool,
    ) -> Self
    where
        S: Service<Request<()>> + Clone + Send + 'static,
    {
        let call = Box::new(move || {
            let mut service = service.clone();
            Box::new(move |request| serve(&mut service, request)) as Call
        });
        let (name, values) = (name.to_owned(), Arc::clone(values));
        Self {
            name,
            heap: None,
            header: COOKIE,
            values,
            is_authenticated,
            call,
        }
    }

    /// The application alone.
    pub fn bare(values: &Arc<[HeaderValue]>) -> Self {
        Self::new("bare", Application(is_authenticated::<0>), values, false)
    }

    /// Inserts one `Arc` into the extensions, which every layer has to do.
    pub fn insert_by_hand(values: &Arc<[HeaderValue]>) -> Self {
        let person = Arc::new(Person::<0>::numbered(0));
        let inner = Application(|request| request.extensions().get::<Arc<Person>>().is_some());
        let insert = move |request: &mut Request<()>| {
            drop(request.extensions_mut().insert(Arc::clone(&person)))
        };
        Self::new("insert by hand", Edited(inner, insert), values, true)
    }

    pub fn named(self, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..self
        }
    }

    /// Sends the values in another header than `Cookie`; setting it costs the same for every
    /// candidate.
    pub fn in_header(self, header: HeaderName) -> Self {
        Self { header, ..self }
    }

    pub fn with_heap(self, heap: i64) -> Self {
        Self {
            heap: Some(heap),
            ..self
        }
    }

    /// Creates a client with a clone of the service.
    pub fn client(&self) -> Client {
        Client {
            name: self.name.clone(),
            header: self.header.clone(),
            values: Arc::clone(&self.values),
            is_authenticated: self.is_authenticated,
            picked: 1,
            request: Some(request(&self.header)),
            call: (self.call)(),
        }
    }
}

/// Sends requests of users picked uniformly.
pub struct Client {
    name: String,
    header: HeaderName,
    values: Arc<[HeaderValue]>,
    is_authenticated: bool,
    picked: u64,
    request: Option<Request<()>>,
    call: Call,
}

impl Client {
    /// Picks the headers of the next users, and reads them, as a server has just done.
    pub fn pick<const N: usize>(&mut self) -> [HeaderValue; N] {
        std::array::from_fn(|_| {
            let value = self.values[crate::pick(&mut self.picked, self.values.len())].clone();
            std::hint::black_box(
                value
                    .as_bytes()
                    .iter()
                    .fold(0, |sum: u8, byte| sum.wrapping_add(*byte)),
            );
            value
        })
    }

    /// Sends one request and checks the application's result.
    #[inline]
    pub fn send(&mut self, value: &HeaderValue) {
        let mut request = self.request.take().expect("stored after every request");
        request.extensions_mut().clear();
        *request
            .headers_mut()
            .get_mut(&self.header)
            .expect("a header of the request") = value.clone();
        (self.call)(request);
        let (request, is_authenticated) = SERVED.take().expect("the application was called");
        assert_eq!(is_authenticated, self.is_authenticated, "{}", self.name);
        self.request = Some(request);
    }

    /// Returns a function that sends one request.
    pub fn into_sender(mut self) -> impl FnMut() {
        move || {
            let [value] = self.pick();
            self.send(&value);
        }
    }

    /// Removes the map of extensions, which otherwise stays with the request as it does in axum.
    pub fn without_map(&mut self) {
        *self
            .request
            .as_mut()
            .expect("stored after every request")
            .extensions_mut() = Extensions::new();
    }

    /// Copies the headers into memory that no other thread touches, and starts with another user
    /// than other clients.
    pub fn apart(mut self) -> Self {
        let copy = |value: &HeaderValue| {
            HeaderValue::from_bytes(value.as_bytes()).expect("a header value")
        };
        self.values = self.values.iter().map(copy).collect();
        drop(self.pick::<7>());
        self
    }
}

/// Not inlined, so that the bare application is not optimized together with the harness.
#[inline(never)]
fn serve<S: Service<Request<()>>>(service: &mut S, request: Request<()>) {
    let mut response = pin!(service.call(request));
    // A store in this process responds at once.
    let polled = response
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    let response = match polled {
        Poll::Ready(response) => response,
        Poll::Pending => wait(response),
    };
    assert!(response.is_ok());
}

/// Waits for a store that responds from another thread. This thread is parked until then, like a
/// worker of a runtime without other requests.
#[cold]
fn wait<F: Future>(mut future: Pin<&mut F>) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

thread_local! {
    /// The last request that this thread has served, and whether its user was authenticated.
    static SERVED: Cell<Option<(Request<()>, bool)>> = const { Cell::new(None) };
}

/// The end of every application: stores the request, so that it can be sent again.
#[inline]
pub fn served(request: Request<()>, is_authenticated: bool) -> Response<()> {
    SERVED.set(Some((request, is_authenticated)));
    Response::new(())
}

/// Looks for an identity in the extensions.
#[derive(Clone, Copy)]
pub struct Application(pub fn(&Request<()>) -> bool);

impl Service<Request<()>> for Application {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    #[inline]
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn call(&mut self, request: Request<()>) -> Self::Future {
        let is_authenticated = (self.0)(&request);
        ready(Ok(served(request, is_authenticated)))
    }
}

/// Edits each request in place before the application receives it.
#[derive(Clone)]
pub struct Edited<F>(pub Application, pub F);

impl<F: FnMut(&mut Request<()>)> Service<Request<()>> for Edited<F> {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, mut request: Request<()>) -> Self::Future {
        (self.1)(&mut request);
        self.0.call(request)
    }
}

/// Builds the request of a browser. The target is a slice of a shared buffer, as in hyper.
fn request(header: &HeaderName) -> Request<()> {
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
    request.header(header, "").body(()).expect("a request")
}

/// A `Cookie` header with foreign cookies only.
pub fn foreign_cookies() -> HeaderValue {
    header(FOREIGN)
}

/// A `Cookie` header with foreign cookies first, then this one.
pub fn cookies(last: &str) -> HeaderValue {
    header(&format!("{FOREIGN}; {last}"))
}

fn header(text: &str) -> HeaderValue {
    HeaderValue::from_maybe_shared(BytesMut::from(text).split().freeze()).expect("a header value")
}
