//! Guards that require a recent login or ask a future, and the layer for forms of the application,
//! around axum and a browser.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use http::StatusCode;
use tower_weika::BoxError;
use tower_weika::clock::{ManualClock, Timestamp};
use tower_weika::guard::GuardLayer;
use tower_weika::identity::Manager;
use tower_weika::login::LoginLayer;
use tower_weika::provider::WeikaManagerProvider;
use tower_weika::session::Authenticated;
use tower_weika_sandbox::{Browser, Sandbox};

use super::site::{ORIGIN, Server, time_of};

/// A host of the same site: `SameSite=Lax` cookies come with its forms.
const SIBLING: &str = "https://club.campus.example";

struct Parts {
    sandbox: Sandbox,
    login: LoginLayer<WeikaManagerProvider>,
    clock: ManualClock,
}

impl Parts {
    async fn new() -> Self {
        let sandbox = Sandbox::builder().auto_approve("wang");
        let sandbox = sandbox.start().await.expect("a sandbox");
        let weika = WeikaManagerProvider::builder(sandbox.app_key(), sandbox.app_secret());
        let weika = weika.base_url(sandbox.base_url()).build();
        let clock = ManualClock::new(Timestamp::from_unix_seconds(1_760_000_000));
        let login = LoginLayer::builder(weika.expect("a provider"))
            .public_url(ORIGIN)
            .clock(clock.clock())
            .build()
            .expect("a login layer");
        Self {
            sandbox,
            login,
            clock,
        }
    }

    fn browser(&self, server: &Server) -> Browser {
        Browser::new()
            .clock(time_of(&self.clock))
            .route(ORIGIN, server.address)
    }
}

fn page(path: &str) -> String {
    format!("{ORIGIN}{path}")
}

async fn inside() -> &'static str {
    "inside"
}

#[tokio::test]
async fn page_that_needs_a_recent_login_asks_for_one_and_comes_back_each_time() {
    let parts = Parts::new().await;
    let minute = Duration::from_secs(60);
    let guard = GuardLayer::<Manager>::logged_in().max_age(minute);
    let keys = Router::new()
        .route("/keys", get(inside).post(inside))
        .route_layer(guard.clock(parts.clock.clock()));
    let app = Router::new().route("/", get(inside)).merge(keys);
    let server = Server::start(app.layer(parts.login.clone()));
    let browser = parts.browser(&server);
    let keys = page("/keys?page=2");
    for logins in 1..=3 {
        for _ in 0..2 {
            let visit = browser.get(&keys).await.unwrap();
            assert_eq!((visit.url(), visit.text().as_str()), (&*keys, "inside"));
            assert_eq!(parts.sandbox.call_log().codes_exchanged(), logins);
        }
        parts.clock.advance(minute + Duration::from_secs(1));
    }
    let form = browser
        .post_from(&keys, &page("/keys"), "a=b")
        .await
        .unwrap();
    assert_eq!(form.status(), StatusCode::UNAUTHORIZED);
    assert!(form.text().contains("内容没有保存"), "{}", form.text());
    let script = browser.fetch(&page("/keys")).await.unwrap();
    assert_eq!(script.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(script.json().unwrap()["error"], "recent_login_required");
    // The link of the page logs in again.
    let visit = browser.click(&form, "/auth/weika/login").await.unwrap();
    assert_eq!((visit.url(), visit.text().as_str()), (&*keys, "inside"));
    let form = browser
        .post_from(&keys, &page("/keys"), "a=b")
        .await
        .unwrap();
    assert_eq!(form.text(), "inside");
}

#[tokio::test]
async fn check_in_a_database_decides_and_its_failure_is_503() {
    let parts = Parts::new().await;
    let queries = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&queries);
    let guard = GuardLayer::check(move |manager: Authenticated<Manager>| {
        count.fetch_add(1, Ordering::Relaxed);
        async move {
            tokio::task::yield_now().await;
            match manager.user_id.as_str() {
                "oSandboxChen0000000000000003" => Err(BoxError::from("the database is down")),
                user => Ok(user == "oSandboxWang0000000000000001"),
            }
        }
    });
    let app = Router::new()
        .route("/edit", get(inside))
        .route_layer(guard)
        .layer(parts.login.clone());
    let server = Server::start(app);
    let script = parts.browser(&server).fetch(&page("/edit")).await.unwrap();
    assert_eq!(script.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(queries.load(Ordering::Relaxed), 0);
    for (person, status) in [("wang", 200), ("li", 403), ("chen", 503)] {
        parts.sandbox.auto_approve(person);
        let visit = parts.browser(&server).get(&page("/edit")).await.unwrap();
        assert_eq!(visit.status(), status, "{person}: {}", visit.text());
    }
    assert_eq!(queries.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn form_of_a_sibling_host_is_rejected_and_a_route_that_is_left_out_is_not() {
    let parts = Parts::new().await;
    let app = Router::new()
        .route("/settings", get(inside).post(inside))
        .route_layer(GuardLayer::<Manager>::logged_in())
        .layer(parts.login.same_origin())
        .merge(Router::new().route("/pay/return", post(inside)))
        .layer(parts.login.clone());
    let server = Server::start(app);
    let browser = parts.browser(&server);
    let settings = page("/settings");
    assert_eq!(browser.get(&settings).await.unwrap().text(), "inside");
    let from =
        async |page: &str, target: &str| browser.post_from(page, target, "a=b").await.unwrap();
    assert_eq!(from(&settings, &settings).await.text(), "inside");
    for foreign in [SIBLING, "https://evil.example"] {
        let form = format!("{foreign}/form");
        let refused = from(&form, &settings).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{foreign}");
        assert!(
            refused.text().contains("请求被拒绝") && refused.text().contains("href=\"/\""),
            "{}",
            refused.text()
        );
        let target = page("/pay/return");
        assert_eq!(from(&form, &target).await.text(), "inside", "{foreign}");
    }
}
