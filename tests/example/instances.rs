//! Several instances of the site behind one address: the same Redis, the same secret, the same
//! upstream systems.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::Value;
use tower_weika_sandbox::{Browser, Sandbox, SandboxBuilder};

use crate::redis_server::Redis;
use crate::support::Site;
use crate::{SECRET_HEX, site_at};

/// The public origin of all instances.
pub(crate) const ORIGIN: &str = "https://campus.example.edu.cn";

/// The Redis and the sandbox that all instances share.
pub(crate) struct Instances {
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) redis: Redis,
}

impl Instances {
    pub(crate) async fn none_yet() -> Self {
        Self::with(Sandbox::builder()).await
    }

    pub(crate) async fn with(sandbox: SandboxBuilder) -> Self {
        let sandbox = sandbox.start().await.expect("a free port");
        Self {
            sandbox: Arc::new(sandbox),
            redis: Redis::start(),
        }
    }

    /// Starts one more instance, with empty caches.
    #[track_caller]
    pub(crate) fn start(&self) -> Site {
        let shared = [
            ("REDIS_URL", &*self.redis.url()),
            ("SESSION_SECRET", SECRET_HEX),
            ("PUBLIC_URL", ORIGIN),
        ];
        site_at(&self.sandbox, &shared)
    }
}

/// The same browser, routed to this instance by the balancer.
pub(crate) fn at(browser: &Browser, site: &Site) -> Browser {
    browser.clone().route(ORIGIN, address(site))
}

pub(crate) fn address(site: &Site) -> SocketAddr {
    site.url
        .trim_start_matches("http://")
        .parse()
        .expect("an address")
}

/// The status and the body of `/api/me` at this instance.
pub(crate) async fn me(browser: &Browser, site: &Site) -> (u16, Value) {
    let visit = at(browser, site)
        .fetch(&format!("{ORIGIN}/api/me"))
        .await
        .expect("the site responds");
    (visit.status().as_u16(), visit.json().unwrap_or_default())
}

/// The value of the session cookie of the manager login, if the browser has one.
pub(crate) fn session_cookie(browser: &Browser) -> Option<String> {
    browser
        .cookies()
        .into_iter()
        .find(|cookie| cookie.name == "__Host-weika-session")
        .map(|cookie| cookie.value)
}
