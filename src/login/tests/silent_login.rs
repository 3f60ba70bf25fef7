//! Silent login of unauthenticated visitors in WeChat.

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
        Self::of(Site::with(Provider {
            silent: true,
            ..Site::new().provider
        }))
    }

    fn of(site: Site) -> Self {
        Self {
            site,
            jar: Jar::default(),
            agent: PHONE,
            calls: Arc::default(),
        }
    }

    /// Sends one request, without following a redirect.
    async fn send(&mut self, mut request: Request<Body>) -> TextResponse {
        request
            .headers_mut()
            .insert(USER_AGENT, self.agent.parse().unwrap());
        let calls = Arc::clone(&self.calls);
        let page = service_fn(move |request: Request<Body>| {
            calls.fetch_add(1, Ordering::Relaxed);
            let known = request.extensions().get::<Authenticated<Person>>();
            let text = known.map_or_else(
                || "anonymous".to_owned(),
                |person| person.subject().to_owned(),
            );
            async move { Ok::<_, Infallible>(Response::new(Body::from(text))) }
        });
        let login = &self.site.login;
        let response = collect(
            login
                .layer(login.silent_login().layer(page))
                .oneshot(request)
                .await
                .unwrap(),
        )
        .await;
        self.jar.apply(&response);
        response
    }

    async fn get(&mut self, target: &str) -> TextResponse {
        self.send(self.jar.get(target)).await
    }

    async fn callback(&mut self, code: &str, state: &str) -> TextResponse {
        self.get(&self.site.callback_url(code, state)).await
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn anonymous_visitor_in_wechat_is_logged_in_silently_on_a_public_page() {
    let mut visitor = Visitor::new();
    let sent = visitor.get("/news/1?x=y").await;
    assert!(sent.is_to_provider());
    assert_eq!(visitor.calls(), 0);
    assert_eq!(
        visitor.callback("wang", &sent.state()).await.location(),
        "/news/1?x=y"
    );
    assert_eq!(visitor.get("/news/1?x=y").await.text, "wang");
}

#[tokio::test]
async fn silent_login_is_attempted_once_per_visit() {
    for code in [
        "wang", "bad", "lost", "late", "denied", "fault", "store", "",
    ] {
        let mut visitor = Visitor::new();
        let sent = visitor.get("/news").await;
        let back = visitor.callback(code, &sent.state()).await;
        assert_eq!(back.location(), "/news", "{code}: a failure is not shown");
        assert!(
            visitor
                .jar
                .0
                .iter()
                .all(|(name, _)| !name.contains("-flow-"))
        );
        let who = if code == "wang" { "wang" } else { "anonymous" };
        assert_eq!(visitor.get("/news").await.text, who, "{code}");
        visitor
            .jar
            .0
            .retain(|(name, _)| !name.ends_with("-session"));
        assert_eq!(visitor.get("/news").await.text, "anonymous", "{code}");
    }
}

#[tokio::test]
async fn failed_store_is_503_and_a_full_queue_is_not_shown() {
    for (kind, status) in [
        (ErrorKind::Store, StatusCode::SERVICE_UNAVAILABLE),
        (ErrorKind::Overloaded, StatusCode::SEE_OTHER),
    ] {
        let mut visitor = Visitor::new();
        let sent = visitor.get("/news").await;
        *visitor.site.provider.admission_fails.lock().unwrap() = Some(kind);
        let back = visitor.callback("wang", &sent.state()).await;
        assert_eq!(back.parts.status, status, "{kind:?}");
    }
}

#[tokio::test]
async fn authenticated_visitor_without_markers_begins_no_silent_login() {
    let mut visitor = Visitor::new();
    let sent = visitor.get("/news").await;
    visitor.callback("wang", &sent.state()).await;
    visitor.jar.0.retain(|(name, _)| name.ends_with("-session"));
    assert_eq!(visitor.get("/news").await.text, "wang");
}

#[tokio::test]
async fn login_without_the_setting_begins_no_silent_login() {
    let mut site = Site::with(Provider {
        silent: true,
        ..Site::new().provider
    });
    site.login = LoginLayer::builder(site.provider.clone())
        .public_url("https://campus.example")
        .build()
        .unwrap();
    assert_eq!(Visitor::of(site).get("/news").await.text, "anonymous");
}

#[tokio::test]
async fn logout_prevents_another_silent_login_in_the_same_visit() {
    let mut visitor = Visitor::new();
    let begun = visitor.get("/auth/weika/login").await;
    visitor.callback("wang", &begun.state()).await;
    visitor
        .send(visitor.jar.request(Method::POST, "/auth/weika/logout"))
        .await;
    assert_eq!(visitor.get("/news").await.text, "anonymous");
}

#[tokio::test]
async fn browser_that_loses_the_flow_cookie_continues_anonymously() {
    let mut visitor = Visitor::new();
    let sent = visitor.get("/news").await;
    visitor.jar.0.retain(|(name, _)| !name.contains("-flow-"));
    assert_eq!(
        visitor.callback("wang", &sent.state()).await.location(),
        "/"
    );
    assert_eq!(visitor.get("/").await.text, "anonymous");
    assert_eq!(visitor.site.exchanges(), 0);
}

#[tokio::test]
async fn browser_without_cookies_gets_a_page_and_no_redirect_loop() {
    let mut visitor = Visitor::new();
    let sent = visitor.get("/news").await;
    visitor.jar = Jar::default();
    let back = visitor.callback("wang", &sent.state()).await;
    assert_eq!(back.parts.status, StatusCode::BAD_REQUEST);
    assert!(back.text.contains("Cookie"));
    // The marker alone is missing: the attempt failed, and its target would begin another one.
    let mut visitor = Visitor::new();
    let sent = visitor.get("/news").await;
    visitor.jar.0.retain(|(name, _)| !name.ends_with("-silent"));
    assert_eq!(
        visitor.callback("fault", &sent.state()).await.parts.status,
        StatusCode::BAD_GATEWAY
    );
}

#[tokio::test]
async fn browser_that_drops_session_and_marker_cookies_does_not_loop() {
    let mut visitor = Visitor::new();
    let sent = visitor.get("/news").await;
    assert_eq!(
        visitor.callback("wang", &sent.state()).await.location(),
        "/news"
    );
    visitor
        .jar
        .0
        .retain(|(name, _)| !name.ends_with("-session") && !name.ends_with("-silent"));
    assert_eq!(visitor.get("/news").await.text, "anonymous");
    assert_eq!(visitor.site.exchanges(), 1);
}

#[tokio::test]
async fn guarded_page_that_fails_too_ends_within_three_redirects() {
    let mut visitor = Visitor::new();
    let guarded = async |visitor: &mut Visitor| {
        let mut request = visitor.jar.get("/admin");
        request
            .headers_mut()
            .insert(USER_AGENT, PHONE.parse().unwrap());
        let login = &visitor.site.login;
        let page = service_fn(async |_: Request<Body>| {
            Ok::<_, Infallible>(Response::new(Body::default()))
        });
        let app = login.layer(
            login
                .silent_login()
                .layer(GuardLayer::<Person>::logged_in().layer(page)),
        );
        let response = collect(app.oneshot(request).await.unwrap()).await;
        visitor.jar.apply(&response);
        response
    };
    // Redirect 1: to the provider, silently. 2: back to the page. 3: to the provider once more.
    let sent = guarded(&mut visitor).await;
    assert_eq!(
        visitor.callback("bad", &sent.state()).await.location(),
        "/admin"
    );
    let sent = guarded(&mut visitor).await;
    assert!(sent.is_to_provider());
    assert_eq!(
        visitor.callback("bad", &sent.state()).await.parts.status,
        StatusCode::BAD_REQUEST
    );
    // Later it is a new attempt, which may restart once.
    visitor.jar.0.retain(|(name, _)| !name.ends_with("-result"));
    let sent = guarded(&mut visitor).await;
    assert!(
        visitor
            .callback("bad", &sent.state())
            .await
            .is_to_provider()
    );
}

#[tokio::test]
async fn r2_page_in_a_frame_begins_no_silent_login() {
    let frames = ["iframe", "frame", "embed", "object", "fencedframe"].map(|dest| (dest, false));
    for (dest, expected) in frames.into_iter().chain([("document", true)]) {
        let mut visitor = Visitor::new();
        let mut request = visitor.jar.get("/news");
        request
            .headers_mut()
            .insert("sec-fetch-mode", "navigate".parse().unwrap());
        request
            .headers_mut()
            .insert("sec-fetch-dest", dest.parse().unwrap());
        let status = visitor.send(request).await.parts.status;
        assert_eq!(status == StatusCode::SEE_OTHER, expected, "{dest}");
    }
}

#[tokio::test]
async fn r6_speculative_request_begins_no_silent_login_and_the_later_visit_does() {
    for (name, value) in [
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("x-moz", "prefetch"),
    ] {
        let mut visitor = Visitor::new();
        let mut request = visitor.jar.get("/news");
        request.headers_mut().insert(name, value.parse().unwrap());
        let ahead = visitor.send(request).await;
        assert_eq!(
            ahead.parts.status,
            StatusCode::SERVICE_UNAVAILABLE,
            "{name}"
        );
        assert_eq!(ahead.parts.headers["cache-control"], "no-store");
        assert!(!ahead.parts.headers.contains_key(SET_COOKIE));
        assert_eq!(visitor.calls(), 0);
        assert!(visitor.get("/news").await.is_to_provider());
    }
}

#[tokio::test]
async fn r6_speculative_request_gets_the_page_where_no_silent_login_would_begin() {
    let mut visitor = Visitor::new();
    let sent = visitor.get("/news").await;
    visitor.callback("wang", &sent.state()).await;
    let prefetch = async |visitor: &mut Visitor| {
        let mut request = visitor.jar.get("/news");
        request
            .headers_mut()
            .insert("sec-purpose", "prefetch".parse().unwrap());
        visitor.send(request).await.text
    };
    assert_eq!(prefetch(&mut visitor).await, "wang");
    visitor
        .jar
        .0
        .retain(|(name, _)| !name.ends_with("-session"));
    assert_eq!(
        prefetch(&mut visitor).await,
        "anonymous",
        "there was a silent login in this visit"
    );
    visitor.agent = "Mozilla/5.0 Chrome/140.0.0.0";
    visitor.jar = Jar::default();
    assert_eq!(
        prefetch(&mut visitor).await,
        "anonymous",
        "there is no silent login in this browser"
    );
}

#[tokio::test]
async fn r3_script_without_fetch_metadata_consumes_no_silent_login() {
    let mut visitor = Visitor::new();
    let mut request = visitor.jar.get("/news");
    request
        .headers_mut()
        .insert(ACCEPT, "text/html, */*; q=0.01".parse().unwrap());
    request
        .headers_mut()
        .insert("x-requested-with", "XMLHttpRequest".parse().unwrap());
    assert_eq!(visitor.send(request).await.text, "anonymous");
    assert!(visitor.get("/news").await.is_to_provider());
}

#[tokio::test]
async fn silent_login_is_for_navigations_in_supported_browsers_only() {
    let mut visitor = Visitor::new();
    for method in [Method::POST, Method::HEAD, Method::OPTIONS, Method::PUT] {
        let request = visitor.jar.request(method, "/news");
        assert_eq!(visitor.send(request).await.text, "anonymous");
    }
    let script = Request::get("/news").body(Body::default()).unwrap();
    assert_eq!(visitor.send(script).await.text, "anonymous");
    visitor.agent = "Mozilla/5.0 Chrome/140.0.0.0";
    assert_eq!(visitor.get("/news").await.text, "anonymous");
    let mut unwilling = Visitor::of(Site::new());
    assert_eq!(unwilling.get("/news").await.text, "anonymous");
}

#[tokio::test]
async fn provider_without_an_authorize_url_does_not_block_public_pages() {
    let provider = Provider {
        silent: true,
        ..Site::new().provider
    };
    provider.has_no_authorize_url.store(true, Ordering::Relaxed);
    let login = LoginLayer::builder(provider)
        .public_url("https://campus.example")
        .silent_login()
        .build()
        .unwrap();
    let page = service_fn(async |_: Request<Body>| {
        Ok::<_, Infallible>(Response::new(Body::from("the page")))
    });
    let app = login.layer(login.silent_login().layer(page));
    let mut request = Jar::default().get("/news");
    request
        .headers_mut()
        .insert(USER_AGENT, PHONE.parse().unwrap());
    assert_eq!(
        collect(app.clone().oneshot(request).await.unwrap())
            .await
            .text,
        "the page"
    );
    // An explicit login shows the failure.
    let explicit = collect(
        app.oneshot(Jar::default().get("/auth/weika/login"))
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(explicit.parts.status, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn only_the_service_that_was_polled_ready_is_called() {
    for silent in [false, true] {
        // Without an authorize URL the login cannot begin, and the inner service is called after
        // all.
        let site = Site::with(Provider {
            silent,
            for_wechat: true,
            ..Site::new().provider
        });
        site.provider
            .has_no_authorize_url
            .store(silent, Ordering::Relaxed);
        let (mock, mut handle) = tower_test::mock::pair::<Request<Body>, Response<Body>>();
        let mut service = site.login.silent_login().layer(mock);
        handle.allow(1);
        service.ready().await.unwrap();
        let mut request = Jar::default().get("/news");
        request
            .headers_mut()
            .insert(USER_AGENT, PHONE.parse().unwrap());
        let mut future = task::spawn(service.call(request));
        assert_pending!(future.poll());
        let (_, reply) = handle.next_request().await.unwrap();
        reply.send_response(Response::new(Body::from("the page")));
        assert_eq!(collect(future.await.unwrap()).await.text, "the page");
    }
}

#[tokio::test]
async fn provider_sees_the_browser_wherever_a_login_begins() {
    let site = Site::with(Provider {
        silent: true,
        ..Site::new().provider
    });
    let seen = Arc::clone(&site.provider.user_agents);
    let with_agent = |mut request: Request<Body>| {
        request
            .headers_mut()
            .insert(USER_AGENT, PHONE.parse().unwrap());
        request
    };
    let mut jar = Jar::default();
    site.send(with_agent(jar.get("/admin"))).await;
    let begun = site.send(with_agent(jar.get("/auth/weika/login"))).await;
    let lost_cookie = jar.get(&site.callback_url("wang", &begun.state()));
    assert!(site.send(with_agent(lost_cookie)).await.is_to_provider());
    jar.apply(&begun);
    let failed = jar.get(&site.callback_url("bad", &begun.state()));
    assert!(site.send(with_agent(failed)).await.is_to_provider());
    assert!(Visitor::of(site).get("/news").await.is_to_provider());
    assert_eq!(*seen.lock().unwrap(), [UserAgent::WechatPhone; 5]);
}
