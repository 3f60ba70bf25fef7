//! What the site writes to its log.

use std::sync::{Arc, PoisonError};

use tower_weika::sandbox::{Browser, Sandbox};

use crate::{SECRET_HEX, site_at};

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_logged_at_any_level() {
    let weika = Sandbox::start().await.unwrap();
    let mut site = site_at(&weika, &[("RUST_LOG", "trace"), ("SESSION_SECRET", SECRET_HEX)]);
    let browser = Browser::new();
    let page = browser.get(&format!("{}/admin", site.url)).await.unwrap();
    let flow = browser.cookies();
    let visit = browser.click(&page, "data-person=\"wang\"").await.unwrap();
    assert_eq!(visit.status(), 200);
    let callback = url::Url::parse(&visit.hops()[1].url).unwrap();
    let from_url: Vec<_> = callback.query_pairs().map(|(_, value)| value.into_owned()).collect();
    assert_eq!(from_url.len(), 2, "code and state");
    // The mark of a fresh login says the same for everybody.
    let cookies = flow.into_iter().chain(browser.cookies()).filter(|cookie| !cookie.name.ends_with("-arrived"));
    let cookies: Vec<_> = cookies.map(|cookie| cookie.value).collect();
    assert_eq!(cookies.len(), 2, "flow and session");
    let own = vec![weika.app_secret().to_owned(), SECRET_HEX.to_owned()];

    site.child.kill().unwrap();
    site.child.wait().unwrap();
    // Whoever reads the log holds it until its end.
    while Arc::strong_count(&site.stderr) > 1 {
        tokio::task::yield_now().await;
    }
    let log = site.stderr.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(log.contains("TRACE") && log.contains("access token fetched"), "it does log");
    for (number, secret) in [from_url, cookies, own].concat().iter().enumerate() {
        assert!(secret.len() >= 16, "secret number {number} is too short to be one");
        assert!(!log.contains(secret.as_str()), "secret number {number} is in the log");
    }
}
