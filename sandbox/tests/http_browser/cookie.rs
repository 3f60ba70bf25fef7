//! Cookies that are stored, and cookies that are sent.

use super::*;
use crate::support::ManualClock;

#[tokio::test]
async fn cookies_are_taken_and_sent_by_the_rules() {
    let browser = secure().await;
    let (app, www, plain) = (
        "https://app.example/",
        "https://www.app.example/",
        "http://app.example/",
    );
    for (from, set, to, sent) in [
        // Host-only and `Domain`.
        (app, "a=1", app, true),
        (app, "a=1", www, false),
        (app, "a=1; Domain=app.example", www, true),
        (www, "a=1; Domain=.App.Example", app, true),
        (www, "a=1; Domain=example", www, false),
        (www, "a=1; Domain=other.example", www, false),
        // `Secure`, and without it.
        (app, "a=1", plain, true),
        (app, "a=1; Secure", app, true),
        (app, "a=1; Secure", plain, false),
        (plain, "a=1; Secure", app, false),
        // Name prefixes, in any case.
        (app, "__Host-a=1; Secure; Path=/", app, true),
        (app, "__Host-a=1; Secure", app, false),
        (app, "__Host-a=1; Path=/", app, false),
        (
            app,
            "__Host-a=1; Secure; Path=/; Domain=app.example",
            app,
            false,
        ),
        (
            app,
            "__HOST-a=1; Secure; Path=/x",
            "https://app.example/x",
            false,
        ),
        (plain, "__Host-a=1; Secure; Path=/", plain, false),
        (app, "__Secure-a=1; Secure; Domain=app.example", www, true),
        (app, "__Secure-a=1", app, false),
        // `Path`.
        (app, "a=1; Path=/auth", "https://app.example/auth/x", true),
        (app, "a=1; Path=/auth", "https://app.example/author", false),
        (app, "a=1; Path=relative", app, true),
        (
            "https://app.example/a/b",
            "a=1",
            "https://app.example/a/c",
            true,
        ),
        ("https://app.example/a/b", "a=1", app, false),
        // Age.
        (app, "a=1; Max-Age=60", app, true),
        (app, "a=1; Max-Age=0", app, false),
        (app, "a=1; Max-Age=-5", app, false),
        (
            app,
            "a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            app,
            true,
        ),
        (
            app,
            "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            app,
            false,
        ),
        // `SameSite` and the rest.
        (app, "a=1; SameSite=None", app, false),
        (app, "a=1; SameSite=None; Secure", app, true),
        (app, "a=1; SameSite=Strict", app, true),
        (app, "a=b\tc", app, true),
    ] {
        let tab = browser.without_cookies();
        tab.get(&with(from, "set", set)).await.unwrap();
        assert_eq!(
            cookies_at(&tab, to).await.is_some(),
            sent,
            "{set:?} from {from} to {to}"
        );
    }
}

#[tokio::test]
async fn set_cookie_is_parsed_as_the_standard_says() {
    let browser = secure().await;
    let app = "https://app.example/a/b";
    for (set, sent) in [
        // A pair needs a `=` and a name before the first one.
        ("=a=bar", None),
        ("===a=bar", None),
        ("=bar", None),
        (" =bar", None),
        ("=", None),
        ("bare", None),
        ("\"quoted\"; Path=/", None),
        ("", None),
        ("; a=1", None),
        ("=__Host-a=1; Secure; Path=/", None),
        ("a=", Some("a=")),
        ("a==b=", Some("a==b=")),
        (" \ta \t=\t b c ", Some("a=b c")),
        ("a=\"x\"y\"", Some("a=\"x\"y\"")),
        // Only a semicolon ends the pair, also inside quotes.
        ("a=\"x;y\"", Some("a=\"x")),
        ("a=x,b=y", Some("a=x,b=y")),
        // Names of attributes are trimmed and compared in any case, and unknown ones are skipped.
        ("a=1;PATH = /a ; foo=bar;;=;", Some("a=1")),
        ("a=1; path = /other", None),
        ("a=1; sEcUrE=no; Path=/; HTTPONLY=x", Some("a=1")),
        // The last of an attribute counts.
        ("a=1; Path=/other; Path=/", Some("a=1")),
        ("a=1; Path=/; Path=/other", None),
        ("a=1; Path=/other; Path=relative", Some("a=1")),
        ("a=1; Path=/other; Path", Some("a=1")),
        ("a=1; Domain=other.example; Domain=app.example", Some("a=1")),
        ("a=1; Domain=app.example; Domain=other.example", None),
        ("a=1; Max-Age=0; Max-Age=60", Some("a=1")),
        ("a=1; Max-Age=60; Max-Age=0", None),
        // An empty `Domain` is ignored, a dot alone is the host.
        ("a=1; Domain=", Some("a=1")),
        ("a=1; Domain=other.example; Domain=", None),
        ("a=1; Domain=other.example; Domain=.", Some("a=1")),
        ("a=1; Domain=..app.example", None),
        // A date that fails and a `Max-Age` that is no number are ignored.
        ("a=1; Expires=Sat, 15-Apr-17 ::00 21:01:22", None),
        ("a=1; Expires=never", Some("a=1")),
        (
            "a=1; Max-Age=0; Expires=Tue, 01 Jan 2097 00:00:00 GMT",
            None,
        ),
        (
            "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Expires=Thu, 30 Feb 2097 00:00:00 GMT",
            None,
        ),
        ("a=1; Max-Age=", Some("a=1")),
        ("a=1; Max-Age=-", Some("a=1")),
        ("a=1; Max-Age=+0", Some("a=1")),
        ("a=1; Max-Age=0x", Some("a=1")),
        ("a=1; Max-Age=0.5", Some("a=1")),
        ("a=1; Max-Age=-1", None),
        ("a=1; Max-Age=00", None),
        ("a=1; Max-Age=99999999999999999999", Some("a=1")),
        ("a=1; Max-Age=-99999999999999999999", None),
    ] {
        let tab = browser.without_cookies();
        tab.get(&with(app, "set", set)).await.unwrap();
        assert_eq!(cookies_at(&tab, app).await.as_deref(), sent, "{set:?}");
    }
}

#[tokio::test]
async fn insecure_page_cannot_touch_a_secure_cookie() {
    let browser = secure().await;
    browser
        .get(&with("https://app.example/", "set", "a=good; Secure"))
        .await
        .unwrap();
    browser
        .get(&with(
            "http://app.example/",
            "set",
            "a=evil; Domain=app.example",
        ))
        .await
        .unwrap();
    browser
        .get(&with("http://app.example/", "set", "a=; Max-Age=0"))
        .await
        .unwrap();
    assert_eq!(
        cookies_at(&browser, "https://app.example/")
            .await
            .as_deref(),
        Some("a=good")
    );
}

#[tokio::test]
async fn longer_paths_come_first_and_then_older_cookies() {
    let browser = secure().await;
    let url = "https://app.example/a/b";
    for set in [
        "one=1; Path=/",
        "two=2; Path=/a",
        "three=3; Path=/",
        "one=4; Path=/",
    ] {
        browser.get(&with(url, "set", set)).await.unwrap();
    }
    assert_eq!(
        cookies_at(&browser, url).await.as_deref(),
        Some("two=2; one=4; three=3")
    );
    browser
        .get(&with(url, "set", "one=; Path=/; Max-Age=0"))
        .await
        .unwrap();
    assert_eq!(
        cookies_at(&browser, url).await.as_deref(),
        Some("two=2; three=3")
    );
}

#[tokio::test]
async fn cookies_do_not_care_for_ports_and_are_secure_on_loopback_only_when_trusted() {
    let (one, two) = (server().await, server().await);
    for (trust, expected) in [(false, "b=2"), (true, "__Host-a=1; b=2")] {
        let browser = Browser::new().trust_loopback(trust);
        let url = format!("http://{one}/");
        browser
            .get(&with(&url, "set", "__Host-a=1; Secure; Path=/"))
            .await
            .unwrap();
        browser.get(&with(&url, "set", "b=2")).await.unwrap();
        assert_eq!(
            cookies_at(&browser, &format!("http://{two}/"))
                .await
                .as_deref(),
            Some(expected)
        );
        assert_eq!(
            cookies_at(&browser, &format!("http://localhost:{}/", one.port())).await,
            None
        );
    }
}

#[tokio::test]
async fn same_site_decides_what_comes_along_from_elsewhere() {
    let browser = secure().await;
    let app = "https://app.example/";
    for set in [
        "lax=1",
        "strict=1; SameSite=Strict",
        "none=1; SameSite=None; Secure",
    ] {
        browser.get(&with(app, "set", set)).await.unwrap();
    }
    let all = Some("lax=1; strict=1; none=1");
    let other = "https://other.example/";
    let sent =
        async |visit: io::Result<Visit>| visit.unwrap().hops().last().unwrap().sent_cookies.clone();
    assert_eq!(sent(browser.get(app).await).await.as_deref(), all);
    assert_eq!(sent(browser.fetch(app).await).await.as_deref(), all);
    assert_eq!(sent(browser.post(app, "").await).await.as_deref(), all);
    assert_eq!(
        sent(browser.get_from("https://www.app.example/", app).await)
            .await
            .as_deref(),
        all
    );
    assert_eq!(
        sent(browser.get_from(other, app).await).await.as_deref(),
        Some("lax=1; none=1")
    );
    assert_eq!(
        sent(browser.post_from(other, app, "").await)
            .await
            .as_deref(),
        Some("none=1")
    );
    // One foreign hop makes the rest cross-site, also if the beginning was typed.
    let there_and_back = with(app, "to", &with(other, "to", app));
    assert_eq!(
        sent(browser.get(&there_and_back).await).await.as_deref(),
        Some("lax=1; none=1")
    );
}

#[tokio::test]
async fn tabs_share_cookies_and_other_browsers_do_not() {
    let browser = secure().await;
    let (app, tab) = ("https://app.example/", browser.clone());
    browser.get(&with(app, "set", "a=1")).await.unwrap();
    assert_eq!(cookies_at(&tab, app).await.as_deref(), Some("a=1"));
    assert_eq!(cookies_at(&browser.without_cookies(), app).await, None);
    tab.lose_cookies();
    assert_eq!(cookies_at(&browser, app).await, None);
    tab.refuse_cookies(true);
    browser.get(&with(app, "set", "a=1")).await.unwrap();
    assert!(browser.cookies().is_empty());
}

#[tokio::test]
async fn cookies_expire_by_the_clock() {
    let hand = ManualClock::new(1_700_000_000);
    let browser = Browser::new().clock(hand.now());
    browser
        .plant_cookie(
            "https://app.example/",
            "a=secret; Max-Age=60; Secure; HttpOnly",
        )
        .unwrap();
    hand.advance(Duration::from_secs(59));
    let cookies = browser.cookies();
    assert!(cookies[0].secure && cookies[0].http_only && cookies[0].host_only);
    assert!(!format!("{browser:?}").contains("secret"));
    hand.advance(Duration::from_secs(1));
    assert!(browser.cookies().is_empty());
}
