//! The metrics at `/metrics`.

use tower_weika_sandbox::{Browser, Sandbox};

use crate::{log_in, phone, site_at};

#[tokio::test(flavor = "multi_thread")]
async fn logins_are_counted_and_no_secret_is_a_label() {
    let sandbox = Sandbox::start().await.unwrap();
    let site = site_at(&sandbox, &[]);
    let metrics = async || {
        Browser::new()
            .get(&format!("{}/metrics", site.url))
            .await
            .unwrap()
    };
    assert_eq!(
        metrics().await.header("content-type"),
        Some("text/plain; version=0.0.4")
    );

    let browser = phone();
    log_in(&browser, &format!("{}/admin", site.url), "wang").await;
    log_in(&browser, &format!("{}/app", site.url), "xiaoming").await;
    browser
        .post(&format!("{}/auth/wechat/logout", site.url), "")
        .await
        .unwrap();
    browser
        .get(&format!("{}/auth/wechat/callback?state=x&code=y", site.url))
        .await
        .unwrap();
    let text = metrics().await.text();
    for expected in [
        "tower_weika_logins_begun_total{provider=\"weika\"} 1",
        "tower_weika_logins_begun_total{provider=\"wechat\"} 1",
        "tower_weika_logins_total{provider=\"weika\",outcome=\"success\"} 1",
        "tower_weika_logins_total{provider=\"wechat\",outcome=\"success\"} 1",
        "tower_weika_logouts_total{provider=\"wechat\"} 1",
        "tower_weika_callbacks_refused_total{provider=\"wechat\"} 1",
        "tower_weika_token_fetches_total{outcome=\"success\"} 1",
        "tower_weika_upstream_seconds_bucket{",
    ] {
        assert!(text.contains(expected), "{expected} is not in: {text}");
    }
    let cookies: Vec<_> = browser
        .cookies()
        .into_iter()
        .map(|cookie| cookie.value)
        .filter(|it| it.len() > 8)
        .collect();
    let known = [
        "oSandboxWang",
        "oFollower",
        "王老师",
        "eyJ",
        sandbox.app_secret(),
        sandbox.apptoken(),
    ];
    for secret in known.into_iter().chain(cookies.iter().map(String::as_str)) {
        assert!(!text.contains(secret), "a secret is in the metrics");
    }
}
