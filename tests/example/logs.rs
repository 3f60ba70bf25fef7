//! The log of the site.

use tower_weika_sandbox::{Browser, Sandbox};

use crate::support::Site;
use crate::{SECRET_HEX, phone, site_at};

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_logged_at_any_level() {
    let weika = Sandbox::start().await.unwrap();
    let mut site = site_at(
        &weika,
        &[("RUST_LOG", "trace"), ("SESSION_SECRET", SECRET_HEX)],
    );
    let browser = Browser::new();
    let page = browser.get(&format!("{}/admin", site.url)).await.unwrap();
    let flow = browser.cookies();
    let visit = browser.click(&page, "data-person=\"wang\"").await.unwrap();
    assert_eq!(visit.status(), 200);
    let callback = url::Url::parse(&visit.hops()[1].url).unwrap();
    let from_url: Vec<_> = callback
        .query_pairs()
        .map(|(_, value)| value.into_owned())
        .collect();
    assert_eq!(from_url.len(), 2, "code and state");
    // The marker cookie of a login has the same value for all users.
    let cookies = flow
        .into_iter()
        .chain(browser.cookies())
        .filter(|cookie| !cookie.name.ends_with("-result"));
    let cookies: Vec<_> = cookies.map(|cookie| cookie.value).collect();
    assert_eq!(cookies.len(), 2, "flow and session");
    let own = vec![weika.app_secret().to_owned(), SECRET_HEX.to_owned()];

    let log = site.kill();
    assert!(
        log.contains("TRACE") && log.contains("access token: fetched"),
        "the log has the expected lines"
    );
    assert_lacks(&log, &[from_url, cookies, own].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_of_a_wechat_user_is_logged_at_any_level() {
    let sandbox = Sandbox::builder()
        .wechat_auto_approve("xiaohong")
        .start()
        .await
        .unwrap();
    let mut site = site_at(&sandbox, &[("RUST_LOG", "trace")]);
    let browser = phone();
    let page = browser.get(&format!("{}/bind", site.url)).await.unwrap();
    let callback = url::Url::parse(&page.hops()[2].url).unwrap();
    let from_url: Vec<_> = callback
        .query_pairs()
        .map(|(_, value)| value.into_owned())
        .collect();
    assert_eq!(from_url.len(), 2, "code and state");
    browser
        .post_from(page.url(), page.url(), "action=sms&mobile=13800000002")
        .await
        .unwrap();
    let form = format!(
        "action=bind&mobile=13800000002&sms={}",
        sandbox.last_sms("13800000002").unwrap()
    );
    let home = browser
        .post_from(page.url(), page.url(), form)
        .await
        .unwrap();
    assert!(home.text().contains("data-wechat=\"bound\"") && !home.text().contains("eyJ"));
    let cookies: Vec<_> = browser
        .cookies()
        .into_iter()
        .map(|cookie| cookie.value)
        .filter(|it| it.len() > 8)
        .collect();
    assert_eq!(cookies.len(), 1, "session");
    let me = browser
        .fetch(&format!("{}/api/me", site.url))
        .await
        .unwrap();
    assert!(!me.text().contains("eyJ"));

    let log = site.kill();
    assert!(
        log.contains("TRACE") && log.contains("bound"),
        "the log has the expected lines"
    );
    assert!(!log.contains("eyJ"), "the user's credential is in the log");
    let own = vec![
        sandbox.apptoken().to_owned(),
        sandbox.refresh_token().to_owned(),
    ];
    assert_lacks(&log, &[from_url, cookies, own].concat());
}

#[test]
fn invalid_log_filter_is_one_warning() {
    for (filter, warned) in [
        ("info,tower_weika=loud", 1),
        ("", 0),
        ("warn,tower_weika=debug", 0),
    ] {
        let mut site = Site::start(&[("RUST_LOG", filter)]);
        let log = site.kill();
        assert_eq!(log.matches("RUST_LOG").count(), warned, "{filter}: {log}");
    }
}

#[track_caller]
fn assert_lacks(log: &str, secrets: &[String]) {
    for (number, secret) in secrets.iter().enumerate() {
        assert!(
            secret.len() >= 16,
            "secret number {number} is too short to be one"
        );
        assert!(
            !log.contains(secret.as_str()),
            "secret number {number} is in the log"
        );
    }
}
