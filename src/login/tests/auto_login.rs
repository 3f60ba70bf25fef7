//! Strangers who are logged in without having asked.

use http::header::USER_AGENT;

use super::*;

const PHONE: &str = "Mozilla/5.0 (iPhone) MicroMessenger/8.0.59(0x18003b28) NetType/WIFI";

struct Visitor {
    site: Site,
    jar: Jar,
    agent: &'static str,
    calls: Arc<AtomicUsize>,
}

impl Visitor {
    fn new() -> Self {
        Self::of(Site::with(Provider { unasked: true, ..Site::new().provider }))
    }

    fn of(site: Site) -> Self {
        Self { site, jar: Jar::default(), agent: PHONE, calls: Arc::default() }
    }

    /// One request, without following a redirect.
    async fn send(&mut self, mut request: Request<Body>) -> Answer {
        request.headers_mut().insert(USER_AGENT, self.agent.parse().unwrap());
        let calls = Arc::clone(&self.calls);
        let page = service_fn(move |request: Request<Body>| {
            calls.fetch_add(1, Ordering::Relaxed);
            let known = request.extensions().get::<Authenticated<Person>>();
            let text = known.map_or_else(|| "nobody".to_owned(), |person| person.subject().to_owned());
            async move { Ok::<_, Infallible>(Response::new(Body::from(text))) }
        });
        let login = &self.site.login;
        let answer = answer(login.layer(login.auto_login().layer(page)).oneshot(request).await.unwrap()).await;
        self.jar.apply(&answer);
        answer
    }

    async fn get(&mut self, target: &str) -> Answer {
        self.send(self.jar.get(target)).await
    }

    async fn callback(&mut self, code: &str, state: &str) -> Answer {
        self.get(&self.site.callback_url(code, state)).await
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn stranger_in_wechat_is_logged_in_on_a_public_page() {
    let mut visitor = Visitor::new();
    let sent = visitor.get("/news/1?x=y").await;
    assert!(sent.is_to_provider());
    assert_eq!(visitor.calls(), 0);
    assert_eq!(visitor.callback("wang", &sent.state()).await.location(), "/news/1?x=y");
    assert_eq!(visitor.get("/news/1?x=y").await.text, "wang");
}

#[tokio::test]
async fn once_per_visit_however_it_ends() {
    for code in ["wang", "bad", "lost", "late", "denied", "fault", "store", ""] {
        let mut visitor = Visitor::new();
        let sent = visitor.get("/news").await;
        let back = visitor.callback(code, &sent.state()).await;
        assert_eq!(back.location(), "/news", "{code}: nobody notices a failure");
        assert!(visitor.jar.0.iter().all(|(name, _)| !name.contains("-flow-")));
        let who = if code == "wang" { "wang" } else { "nobody" };
        assert_eq!(visitor.get("/news").await.text, who, "{code}");
        visitor.jar.0.retain(|(name, _)| !name.ends_with("-session"));
        assert_eq!(visitor.get("/news").await.text, "nobody", "{code}");
    }
}

#[tokio::test]
async fn logging_out_is_the_end_of_it_for_this_visit() {
    let mut visitor = Visitor::new();
    let begun = visitor.get("/auth/weika/login").await;
    visitor.callback("wang", &begun.state()).await;
    visitor.send(visitor.jar.request(Method::POST, "/auth/weika/logout")).await;
    assert_eq!(visitor.get("/news").await.text, "nobody");
}

#[tokio::test]
async fn browser_that_loses_the_flow_is_sent_on_as_a_stranger() {
    let mut visitor = Visitor::new();
    let sent = visitor.get("/news").await;
    visitor.jar.0.retain(|(name, _)| !name.contains("-flow-"));
    assert_eq!(visitor.callback("wang", &sent.state()).await.location(), "/");
    assert_eq!(visitor.get("/").await.text, "nobody");
    assert_eq!(visitor.site.exchanges(), 0);
}

#[tokio::test]
async fn browser_without_cookies_ends_on_a_page_and_not_in_a_loop() {
    let mut visitor = Visitor::new();
    let sent = visitor.get("/news").await;
    visitor.jar = Jar::default();
    let back = visitor.callback("wang", &sent.state()).await;
    assert_eq!(back.parts.status, StatusCode::BAD_REQUEST);
    assert!(back.text.contains("Cookie"));
    // The mark alone is gone: the attempt failed, and another one would begin where it leads.
    let mut visitor = Visitor::new();
    let sent = visitor.get("/news").await;
    visitor.jar.0.retain(|(name, _)| !name.ends_with("-tried"));
    assert_eq!(visitor.callback("fault", &sent.state()).await.parts.status, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn only_people_who_navigate_in_such_a_browser() {
    let mut visitor = Visitor::new();
    for method in [Method::POST, Method::HEAD, Method::OPTIONS, Method::PUT] {
        let request = visitor.jar.request(method, "/news");
        assert_eq!(visitor.send(request).await.text, "nobody");
    }
    let script = Request::get("/news").body(Body::default()).unwrap();
    assert_eq!(visitor.send(script).await.text, "nobody");
    visitor.agent = "Mozilla/5.0 Chrome/140.0.0.0";
    assert_eq!(visitor.get("/news").await.text, "nobody");
    let mut unwilling = Visitor::of(Site::new());
    assert_eq!(unwilling.get("/news").await.text, "nobody");
}

#[tokio::test]
async fn provider_that_cannot_say_where_to_go_costs_nobody_the_page() {
    #[derive(Clone)]
    struct Lost(Provider);

    impl IdentityProvider for Lost {
        type Identity = Person;

        fn name(&self) -> &str {
            self.0.name()
        }

        fn code_parameter(&self) -> &str {
            "code"
        }

        async fn authorize_url(&self, _: &str, _: &str) -> Result<String, Error> {
            Err(Error::new(ErrorKind::Fault, "as planned"))
        }

        async fn exchange(&self, code: AuthorizationCode) -> Result<Person, Error> {
            self.0.exchange(code).await
        }

        async fn auto_login(&self, _: UserAgent) -> bool {
            true
        }
    }

    let login = LoginLayer::builder(Lost(Site::new().provider)).public_url("https://campus.example").build().unwrap();
    let page = service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Body::from("the page"))));
    let app = login.layer(login.auto_login().layer(page));
    assert_eq!(answer(app.clone().oneshot(Jar::default().get("/news")).await.unwrap()).await.text, "the page");
    // Who asks for the login is told.
    let asked = answer(app.oneshot(Jar::default().get("/auth/weika/login")).await.unwrap()).await;
    assert_eq!(asked.parts.status, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn only_the_service_that_was_polled_ready_is_called() {
    let site = Site::with(Provider { unasked: false, ..Site::new().provider });
    let (mock, mut handle) = tower_test::mock::pair::<Request<Body>, Response<Body>>();
    let mut service = site.login.auto_login().layer(mock);
    handle.allow(1);
    service.ready().await.unwrap();
    let mut request = Jar::default().get("/news");
    request.headers_mut().insert(USER_AGENT, PHONE.parse().unwrap());
    let mut future = task::spawn(service.call(request));
    assert_pending!(future.poll());
    let (_, reply) = handle.next_request().await.unwrap();
    reply.send_response(Response::new(Body::from("the page")));
    assert_eq!(answer(future.await.unwrap()).await.text, "the page");
}
