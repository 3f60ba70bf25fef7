//! Logins and logouts at two processes.

use std::time::Duration;

use tower_weika_sandbox::{Browser, Endpoint, Sandbox};

use crate::alone::alone;
use crate::site::{ANONYMOUS, ORIGIN, Site, start_site};
use crate::store::folder;
use crate::time::now;

/// A logout is effective in all processes within this time.
pub(crate) const PROPAGATION: Duration = Duration::from_secs(1);

async fn two_sites(test: &str) -> (Sandbox, [Site; 2]) {
    let sandbox = Sandbox::builder().auto_approve("wang").start().await;
    let sandbox = sandbox.expect("a sandbox");
    let file = folder(test).join("sessions.db");
    let sites = [(); 2].map(|()| start_site("site::site", &file, &sandbox, &[]));
    (sandbox, sites)
}

/// Returns the text of the public page.
pub(crate) async fn who(browser: &Browser) -> String {
    let page = browser
        .get(&format!("{ORIGIN}/"))
        .await
        .expect("a response");
    assert_eq!(page.status(), 200, "{page:?}");
    page.text()
}

/// Begins a login at one process, and returns the URL of its callback.
async fn begin(browser: &Browser) -> String {
    let login = format!("{ORIGIN}/auth/weika/login");
    let redirect = browser.get_no_follow(&login).await.expect("a response");
    let authorize = redirect.location().expect("a redirect").to_owned();
    let approved = browser.get_no_follow(&authorize).await.expect("a response");
    approved.location().expect("a redirect").to_owned()
}

pub(crate) async fn log_out(browser: &Browser) {
    let logout = browser
        .post(&format!("{ORIGIN}/auth/weika/logout"), "")
        .await;
    let logout = logout.expect("a response");
    assert!(!logout.status().is_server_error(), "{logout:?}");
}

/// Waits until a process does not accept the session any more. Returns how long after the logout it
/// accepted the last request.
pub(crate) async fn time_until_anonymous(browser: &Browser, subject: &str) -> Duration {
    let logged_out = now();
    let mut last = Duration::ZERO;
    loop {
        let sent = logged_out.elapsed();
        let text = who(browser).await;
        if text == ANONYMOUS {
            return last;
        }
        assert_eq!(text, subject);
        assert!(sent < PROPAGATION, "{sent:?} after the logout");
        last = sent;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn login_begun_at_one_process_is_completed_at_the_other_and_a_logout_is_seen_by_both() {
    let _alone = alone().await;
    let (sandbox, sites) = two_sites("two-processes").await;
    let mut longest = Duration::ZERO;
    for round in 0..16 {
        let browser = Browser::new();
        let [one, other] = [0, 1].map(|site| sites[(round + site) % 2].in_browser(&browser));
        let callback = begin(&one).await;
        let page = other.get(&callback).await.expect("a response");
        assert_eq!(
            (page.status().as_u16(), page.path()),
            (200, "/"),
            "{page:?}"
        );
        let subject = page.text();
        assert_ne!(subject, ANONYMOUS);
        // Both processes have it in their local caches.
        for tab in [&one, &other, &one, &other] {
            assert_eq!(who(tab).await, subject);
        }
        // A browser that keeps the cookie of the session.
        let thief = Browser::new();
        for cookie in browser.cookies() {
            let set = format!("{}={}; Path=/; Secure", cookie.name, cookie.value);
            thief.plant_cookie(ORIGIN, &set).expect("a cookie");
        }
        let [thief, at_one] = [1, 0].map(|site| sites[(round + site) % 2].in_browser(&thief));
        assert_eq!(who(&thief).await, subject);
        log_out(&one).await;
        assert_eq!(
            who(&at_one).await,
            ANONYMOUS,
            "at the process of the logout"
        );
        longest = longest.max(time_until_anonymous(&thief, &subject).await);
    }
    println!("longest time until a logout is seen by the other process: {longest:?}");
    assert_eq!(sandbox.call_log().tokens_issued(), 1, "one token for both");
    assert_eq!(sandbox.call_log().codes_exchanged(), 16);
    assert_eq!(sandbox.call_log().codes_refused(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callbacks_doubled_over_two_processes_are_one_exchange_and_both_are_logged_in() {
    let _alone = alone().await;
    let (sandbox, sites) = two_sites("doubled-callbacks").await;
    for round in 0..40 {
        let browser = Browser::new();
        let [one, other] = [0, 1].map(|site| sites[site].in_browser(&browser));
        let callback = begin(&one).await;
        let (one, other) = tokio::join!(one.get(&callback), other.get(&callback));
        for visit in [one, other] {
            let visit = visit.expect("a response");
            assert_eq!(
                (visit.status().as_u16(), visit.path()),
                (200, "/"),
                "{visit:?}"
            );
            assert_ne!(visit.text(), ANONYMOUS, "round {round}");
        }
        assert_eq!(sandbox.call_log().count(Endpoint::ManagerInfo), round + 1);
    }
    assert_eq!(sandbox.call_log().tokens_issued(), 1, "one token for both");
    assert_eq!(sandbox.call_log().max_uses_of_one_code(), 1);
}
