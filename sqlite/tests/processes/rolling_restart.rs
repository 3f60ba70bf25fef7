//! Rolling restarts under load: the next process overlaps with the last one.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tower_weika_sandbox::{Browser, Endpoint, Sandbox, Visit};

use crate::alone::alone;
use crate::balancer::Balancer;
use crate::logout::{log_out, time_until_anonymous};
use crate::site::{ANONYMOUS, ORIGIN, Site, start_site};
use crate::store::folder;
use crate::time::until;

const RESTARTS: u32 = 8;

const VISITORS: usize = 8;

/// Requests that a restart waits for, with both processes, and with one of them.
const REQUESTS: u64 = 200;

#[derive(Default)]
struct Counts {
    is_over: AtomicBool,
    requests: AtomicU64,
    logins: AtomicU64,
    /// Logins that began at one process and were completed at another are most of them, because
    /// each connection goes to the next process.
    logouts: AtomicU64,
}

impl Counts {
    /// Counts a response, and asserts that no request failed.
    fn responded(&self, visit: &Visit) {
        for hop in visit.hops() {
            assert!(hop.status.as_u16() < 400, "{visit:?}");
            self.requests.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A user whose session stays until the end, and who logs in elsewhere again and again. Repeats no
/// request.
async fn visit(new_browser: Browser, counts: Arc<Counts>) -> Duration {
    let admin = format!("{ORIGIN}/admin");
    let get = async |browser: &Browser| {
        let page = browser.get(&admin).await.expect("a response");
        counts.responded(&page);
        assert_eq!(page.path(), "/admin", "{page:?}");
        assert_ne!(page.text(), ANONYMOUS);
        page
    };
    let log_in = async || {
        let browser = new_browser.without_cookies();
        let page = get(&browser).await;
        assert!(page.hops().len() > 3, "a login: {page:?}");
        counts.logins.fetch_add(1, Ordering::Relaxed);
        (browser, page.text())
    };
    let mut longest = Duration::ZERO;
    let (permanent, _) = log_in().await;
    while !counts.is_over.load(Ordering::Relaxed) {
        let (browser, subject) = log_in().await;
        for browser in [
            &browser, &permanent, &browser, &permanent, &browser, &browser,
        ] {
            let page = get(browser).await;
            assert_eq!(page.hops().len(), 1, "the session is known: {page:?}");
        }
        let with_old_cookie = new_browser.without_cookies();
        for cookie in browser.cookies() {
            let set = format!("{}={}; Path=/; Secure", cookie.name, cookie.value);
            with_old_cookie
                .plant_cookie(ORIGIN, &set)
                .expect("a cookie");
        }
        log_out(&browser).await;
        counts.logouts.fetch_add(1, Ordering::Relaxed);
        // Several times, because each request goes to the next process.
        for _ in 0..4 {
            longest = longest.max(time_until_anonymous(&with_old_cookie, &subject).await);
        }
    }
    let page = get(&permanent).await;
    assert_eq!(page.hops().len(), 1, "the session is known: {page:?}");
    longest
}

fn start(file: &Path, sandbox: &Sandbox) -> Site {
    start_site("site::site", file, sandbox, &[])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rolling_restarts_under_load_lose_no_request_and_no_session() {
    let _alone = alone().await;
    let sandbox = Sandbox::builder().auto_approve("wang").start().await;
    let sandbox = sandbox.expect("a sandbox");
    let file = folder("rolling-restart").join("sessions.db");
    let balancer = Balancer::start().await;
    let mut site = start(&file, &sandbox);
    balancer.send_to(&[site.address]).await;
    let counts = Arc::<Counts>::default();
    let new_browser = Browser::new().route(ORIGIN, balancer.address);
    let mut visitors = JoinSet::new();
    for _ in 0..VISITORS {
        visitors.spawn(visit(new_browser.clone(), Arc::clone(&counts)));
    }
    let mut some_requests = || {
        let after = counts.requests.load(Ordering::Relaxed) + REQUESTS;
        tokio::task::block_in_place(|| {
            until("visitors have their responses", || {
                counts.requests.load(Ordering::Relaxed) >= after
            });
        });
        // A failure of a visitor is reported at once.
        if let Some(ended) = visitors.try_join_next() {
            panic!("a visitor has ended: {ended:?}");
        }
    };
    some_requests();
    for _ in 0..RESTARTS {
        let next = start(&file, &sandbox);
        balancer.send_to(&[site.address, next.address]).await;
        some_requests();
        balancer.send_to(&[next.address]).await;
        site.process.terminate();
        let ended = tokio::task::block_in_place(|| site.process.wait());
        assert!(ended.success(), "{}", site.process.log());
        some_requests();
        site = next;
    }
    counts.is_over.store(true, Ordering::Relaxed);
    let longest = visitors.join_all().await.into_iter().max();
    let [requests, logins, logouts] = [&counts.requests, &counts.logins, &counts.logouts]
        .map(|count| count.load(Ordering::Relaxed));
    println!(
        "{RESTARTS} restarts: {requests} requests, {logins} logins and {logouts} logouts; longest time until a \
         logout is seen by all: {longest:?}"
    );
    let log = sandbox.call_log();
    assert_eq!(log.tokens_issued(), 1, "one token for all processes");
    assert_eq!(
        log.count(Endpoint::ManagerInfo),
        logins,
        "one exchange for each login"
    );
    assert_eq!((log.codes_refused(), log.max_uses_of_one_code()), (0, 1));
}
