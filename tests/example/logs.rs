//! What the site writes to its log.

use std::sync::{Arc, PoisonError};

use tower_weika::sandbox::{Browser, Sandbox};

use crate::{SECRET_HEX, log_in, site_at};

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_logged_at_any_level() {
    let weika = Sandbox::start().await.unwrap();
    let mut site = site_at(&weika, &[("RUST_LOG", "trace"), ("SESSION_SECRET", SECRET_HEX)]);
    let browser = Browser::new();
    let visit = log_in(&browser, &format!("{}/admin", site.url), "wang").await;
    assert_eq!(visit.status(), 200);
    let callback = &visit.hops()[1].url;
    let values = url::Url::parse(callback).unwrap().query_pairs().map(|(_, value)| value.into_owned()).collect();
    let cookies = browser.cookies().into_iter().map(|cookie| cookie.value).collect();
    let own = vec![weika.app_secret().to_owned(), SECRET_HEX.to_owned()];

    site.child.kill().unwrap();
    site.child.wait().unwrap();
    // Whoever reads the log holds it until its end.
    while Arc::strong_count(&site.stderr) > 1 {
        tokio::task::yield_now().await;
    }
    let log = site.stderr.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(log.contains("TRACE") && log.contains("access token fetched"), "it does log");
    let secrets: Vec<String> = [values, cookies, own].concat();
    assert!(secrets.len() >= 5, "code, state, session and two of our own");
    for (number, secret) in secrets.iter().enumerate() {
        assert!(!log.contains(secret.as_str()), "secret number {number} is in the log");
    }
}
