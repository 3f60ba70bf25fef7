//! A disk that takes long for a sync.

use tower_weika_sandbox::{Browser, Sandbox};

use crate::alone::alone;
use crate::preload::library;
use crate::site::{ANONYMOUS, ORIGIN, Site, start_site};
use crate::store::folder;

/// How long each sync takes, in milliseconds.
const SYNC: &str = "1000";

/// Responses of the site during one sync: each takes about a millisecond. If a sync blocked the only
/// thread of the site, there would be none.
const RESPONSES: u32 = 15;

/// Counts the responses to requests for a page that arrive, one after the other, until the task is
/// done.
async fn responses_during<T>(
    browser: &Browser,
    path: &str,
    text: &str,
    task: &tokio::task::JoinHandle<T>,
) -> u32 {
    let mut responses = 0;
    while !task.is_finished() {
        let visit = browser.get(&format!("{ORIGIN}{path}")).await;
        assert_eq!(visit.expect("a response").text(), text);
        responses += 1;
    }
    responses
}

async fn site_with_a_slow_disk(sandbox: &Sandbox) -> Site {
    let folder = folder("slow-disk");
    let path = folder.to_str().expect("text");
    let variables = [
        ("LD_PRELOAD", library().to_str().expect("text")),
        ("DISK_FOLDER", path),
        ("DISK_DELAY", SYNC),
        // Each request with a session reads the file.
        ("LOCAL_CACHE", "0"),
    ];
    start_site(
        "site::site_with_one_thread",
        &folder.join("sessions.db"),
        sandbox,
        &variables,
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a C compiler; run tests/run"]
async fn site_with_one_thread_responds_while_logins_and_logouts_wait_for_the_disk() {
    let _alone = alone().await;
    let sandbox = Sandbox::builder().auto_approve("wang").start().await;
    let sandbox = sandbox.expect("a sandbox");
    let site = site_with_a_slow_disk(&sandbox).await;
    let user = site.in_browser(&Browser::new());
    let page = user
        .get(&format!("{ORIGIN}/admin"))
        .await
        .expect("a response");
    let subject = page.text();
    assert_eq!(page.path(), "/admin");

    for (path, text, viewer) in [
        ("/health", "healthy", user.without_cookies()),
        ("/admin", &subject, user.clone()),
    ] {
        let other = user.without_cookies();
        let tab = other.clone();
        let login = tokio::spawn(async move { tab.get(&format!("{ORIGIN}/admin")).await });
        let responses = responses_during(&viewer, path, text, &login).await;
        println!("{responses} responses of {path} during a login");
        assert!(responses >= RESPONSES, "{path}: {responses}");
        let page = login.await.expect("a task").expect("a response");
        assert_eq!(page.text(), subject);

        let tab = other.clone();
        let url = format!("{ORIGIN}/auth/weika/logout");
        let logout = tokio::spawn(async move { tab.post(&url, "").await });
        let responses = responses_during(&viewer, path, text, &logout).await;
        println!("{responses} responses of {path} during a logout");
        assert!(responses >= RESPONSES, "{path}: {responses}");
        logout.await.expect("a task").expect("a response");
        let page = other.get(&format!("{ORIGIN}/")).await.expect("a response");
        assert_eq!(page.text(), ANONYMOUS);
    }
}
