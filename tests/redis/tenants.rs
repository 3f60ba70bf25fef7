//! Many schools over one connection to Redis, with one application and one secret: only the origin
//! tells them apart.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::header::{COOKIE, HOST, LOCATION, SET_COOKIE};
use http::{Method, Request, Response};
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_weika::identity::Manager;
use tower_weika::login::LoginLayer;
use tower_weika::session::Authenticated;
use tower_weika::store::Redis;
use tower_weika::tenants::Tenants;

use crate::redis_server;
use crate::site::TestProvider;

const SCHOOLS: [&str; 3] = ["a.example", "b.example", "c.example"];

struct Schools(Router);

impl Schools {
    async fn send(
        &self,
        host: &str,
        method: Method,
        target: &str,
        cookies: &str,
    ) -> Response<Body> {
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header(HOST, host)
            .header(COOKIE, cookies)
            .header("sec-fetch-site", "same-origin")
            .body(Body::empty())
            .expect("as the test expects");
        self.0
            .clone()
            .oneshot(request)
            .await
            .expect("as the test expects")
    }

    /// Logs in, and returns the session cookie.
    async fn log_in(&self, host: &str, name: &str) -> String {
        let login = "/auth/test/login";
        let begun = self.send(host, Method::GET, login, "").await;
        let state = begun.headers()[LOCATION]
            .to_str()
            .expect("as the test expects");
        let state = state
            .rsplit_once("state=")
            .expect("as the test expects")
            .1
            .to_owned();
        let callback = format!("/auth/test/callback?ticket={name}&state={state}");
        let back = self
            .send(host, Method::GET, &callback, &cookies(&begun))
            .await;
        assert_eq!(back.headers()[LOCATION], "/", "{back:?}");
        let all = cookies(&back);
        let session = all.split("; ").find(|pair| pair.contains("-session="));
        session.expect("as the test expects").to_owned()
    }

    async fn who(&self, host: &str, cookie: &str) -> String {
        let page = self.send(host, Method::GET, "/", cookie).await;
        let bytes = page
            .into_body()
            .collect()
            .await
            .expect("as the test expects")
            .to_bytes();
        String::from_utf8(bytes.to_vec()).expect("as the test expects")
    }
}

/// The cookies that a response sets, as a browser sends them back.
fn cookies<B>(response: &Response<B>) -> String {
    let set = response.headers().get_all(SET_COOKIE).iter();
    let pairs = set.filter_map(|cookie| {
        cookie
            .to_str()
            .expect("as the test expects")
            .split(';')
            .next()
    });
    pairs.collect::<Vec<_>>().join("; ")
}

async fn show(manager: Option<Authenticated<Manager>>) -> String {
    manager.map_or_else(
        || "anonymous".to_owned(),
        |manager| manager.user_id.to_string(),
    )
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn s1_tenants_over_one_redis_accept_only_their_own_sessions() {
    let server = redis_server::Redis::start();
    let redis = Redis::builder(server.url())
        .connect()
        .await
        .expect("as the test expects");
    let provider = TestProvider::new("test-application");
    let tenants = SCHOOLS.into_iter().fold(Tenants::new(), |tenants, host| {
        let origin = format!("https://{host}");
        let login = LoginLayer::builder(provider.clone())
            .store(redis.store::<Manager>())
            .secret([7; 32])
            .public_url(&origin);
        tenants.tenant(origin, login.build().expect("as the test expects"))
    });
    let app = Router::new().route("/", get(show));
    let schools = Schools(app.layer(tenants.build().expect("as the test expects")));

    let mut sessions = Vec::new();
    for host in SCHOOLS {
        sessions.push(schools.log_in(host, "o1").await);
    }
    // Twice: the second time from the local caches.
    for _ in 0..2 {
        for (number, cookie) in sessions.iter().enumerate() {
            for (other, host) in SCHOOLS.into_iter().enumerate() {
                let expected = if number == other { "o1" } else { "anonymous" };
                assert_eq!(
                    schools.who(host, cookie).await,
                    expected,
                    "{number} at {host}"
                );
            }
        }
    }
    let logout = "/auth/test/logout";
    schools
        .send(SCHOOLS[1], Method::POST, logout, &sessions[0])
        .await;
    assert_eq!(schools.who(SCHOOLS[0], &sessions[0]).await, "o1");
    schools
        .send(SCHOOLS[0], Method::POST, logout, &sessions[0])
        .await;
    assert_eq!(schools.who(SCHOOLS[0], &sessions[0]).await, "anonymous");
    assert_eq!(schools.who(SCHOOLS[1], &sessions[1]).await, "o1");
}
