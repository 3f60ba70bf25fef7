//! The application's own users, with sessions at Redis.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http::StatusCode;
use serde::{Deserialize, Serialize};
use tower_weika::Error;
use tower_weika::clock::Clock;
use tower_weika::identity::{Identity, Manager};
use tower_weika::provider::IdentityProvider;
use tower_weika::store::{Redis, StoredIdentity};

use crate::redis_server;
use crate::site::{ANONYMOUS, Site, TestProvider};

#[derive(Serialize, Deserialize, Debug)]
struct Member {
    key: String,
}

impl Identity for Member {
    fn subject(&self) -> &str {
        &self.key
    }
}

impl StoredIdentity for Member {
    const KIND: &'static str = "member";

    fn to_record(&self) -> String {
        serde_json::to_string(self).expect("text is JSON")
    }

    fn from_record(record: &str) -> Option<Self> {
        serde_json::from_str(record).ok()
    }
}

/// The users of a site by account: their keys.
type Users = Arc<Mutex<BTreeMap<String, String>>>;

/// An instance with its own connection to Redis.
async fn instance(url: &str, users: &Users) -> Site {
    let redis = Redis::builder(url).encryption_key(ENCRYPTION_KEY);
    let redis = redis.connect().await.expect("a server that runs");
    let (provider, users) = (TestProvider::new("test-application"), Arc::clone(users));
    let mapped = provider.clone().map(move |manager: Manager| {
        let users = Arc::clone(&users);
        async move {
            let account = manager.user_id.to_string();
            if account == "guest" {
                return Err(Error::denied(format!("{account}: <b>no member</b>")));
            }
            let mut users = users.lock().expect("no panic");
            let next = format!("member-{}", users.len());
            let key = users.entry(account).or_insert(next).clone();
            Ok(Member { key })
        }
    });
    let identity = |key: &str| Member {
        key: key.to_owned(),
    };
    Site::over(
        mapped,
        &provider,
        identity,
        redis.store::<Member>(),
        Clock::system(),
    )
}

const ENCRYPTION_KEY: &str = "an encryption key of this test, 32 bytes or more";

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn own_user_is_created_at_the_first_login_and_known_at_every_instance() {
    let server = redis_server::Redis::start();
    let users = Users::default();
    let [one, other] = [
        instance(&server.url(), &users).await,
        instance(&server.url(), &users).await,
    ];
    for (site, account, key) in [
        (&one, "wang", "member-0"),
        (&other, "li", "member-1"),
        (&other, "wang", "member-0"),
    ] {
        let cookie = site.log_in(account).await.expect("a login");
        for site in [&one, &other] {
            site.get("/guarded", &cookie).await.assert_page_for(key);
        }
    }
    assert_eq!(users.lock().expect("no panic").len(), 2);
    let cookie = one.log_in("wang").await.expect("a login");
    one.revoke(Some("member-0")).await;
    assert_eq!(one.get("/", &cookie).await.text, ANONYMOUS);
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn denied_user_reads_the_reason_at_every_instance_and_redis_does_not_show_it() {
    let server = redis_server::Redis::start();
    let users = Users::default();
    let [one, other] = [
        instance(&server.url(), &users).await,
        instance(&server.url(), &users).await,
    ];
    let monitor = server.monitor();
    let (callback, flow) = one.start_login("guest").await.expect("a redirect");
    let here = one.get(&callback, &flow).await;
    let there = other.get(&callback, &flow).await;
    for page in [&here, &there] {
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{page:?}");
        let reason = "<p>guest: &lt;b&gt;no member&lt;/b&gt;</p>";
        assert!(page.text.contains(reason), "{page:?}");
    }
    assert_eq!(here.text, there.text);
    assert_eq!((one.codes(), other.codes()), (1, 0));
    assert!(users.lock().expect("no panic").is_empty());
    let commands = monitor.text();
    assert!(commands.contains(":f:"), "{commands}");
    assert!(!commands.contains("no member"), "{commands}");
}
