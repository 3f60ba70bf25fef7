//! The page on which users see their devices, and log them out.

use tower_weika_sandbox::{Browser, Visit};

#[cfg(unix)]
use crate::instances::{Instances, ORIGIN, at, me};
#[cfg(unix)]
use crate::several_instances::within_a_second;
use crate::support::Site;
use crate::{log_in, phone, see};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";

/// The page, in the language of the browser.
pub(crate) async fn open(site: &Site, browser: &Browser) -> Visit {
    let page = browser.get(&format!("{}/devices", site.url)).await;
    let page = page.expect("the site responds");
    assert_eq!(page.status(), 200);
    assert_eq!(page.path(), "/devices");
    page
}

/// The names of the devices in the list of a login, the current one first.
pub(crate) fn names(page: &Visit, login: &str) -> Vec<String> {
    let text = page.text();
    let list = between(&text, &format!("data-login-devices=\"{login}\""), "</form>");
    let names = list.split("<strong>").skip(1);
    names
        .map(|rest| rest.split_once('<').expect("an end").0.to_owned())
        .collect()
}

/// The digests in the buttons of a login, in the order of the list.
pub(crate) fn digests(page: &Visit, login: &str) -> Vec<String> {
    let text = page.text();
    let list = between(&text, &format!("data-login-devices=\"{login}\""), "</ul>");
    let buttons = list.split("name=\"session\" value=\"").skip(1);
    buttons
        .map(|rest| rest.split_once('"').expect("an end").0.to_owned())
        .collect()
}

/// The notice above the lists, or nothing.
pub(crate) fn notice(page: &Visit) -> String {
    match page.text().contains("data-notice>") {
        true => between(&page.text(), "data-notice>", "<").to_owned(),
        false => String::new(),
    }
}

#[track_caller]
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text
        .split_once(start)
        .unwrap_or_else(|| panic!("{start:?} is not in {text}"));
    rest.split_once(end)
        .unwrap_or_else(|| panic!("no {end:?} after {start:?}"))
        .0
}

/// Presses a button of the page.
pub(crate) async fn press(site: &Site, browser: &Browser, login: &str, session: &str) -> Visit {
    let url = format!("{}/devices", site.url);
    let form = format!("login={login}&session={session}");
    browser.post(&url, form).await.expect("the site responds")
}

pub(crate) async fn is_logged_in(site: &Site, browser: &Browser) -> bool {
    let me = browser.fetch(&format!("{}/api/me", site.url)).await;
    me.expect("the site responds").status() == 200
}

/// Three browsers in which `wang` has logged in, and one of `li`.
async fn four_logins(site: &Site) -> [Browser; 4] {
    let firefox = Browser::new().user_agent(FIREFOX).accept_language("en");
    let browsers = [Browser::new(), phone(), firefox, Browser::new()];
    for (browser, person) in browsers.iter().zip(["wang", "wang", "wang", "li"]) {
        log_in(browser, &format!("{}/admin", site.url), person).await;
    }
    browsers
}

#[tokio::test(flavor = "multi_thread")]
async fn each_device_of_the_user_is_listed_in_the_language_of_the_browser() {
    let site = Site::start(&[]);
    let [chrome, wechat, firefox, li] = four_logins(&site).await;
    let page = open(&site, &chrome).await;
    let listed = names(&page, "weika");
    assert_eq!(listed[0], "Windows 上的 Chrome 浏览器");
    assert_eq!(listed.len(), 3);
    for name in ["iOS 上的微信", "Linux 上的 Firefox 浏览器"] {
        assert!(listed.iter().any(|listed| listed == name), "{listed:?}");
    }
    for text in [
        "本设备",
        "管理员 · 王老师",
        "北京时间（UTC+8）",
        "退出所有其他设备",
    ] {
        assert!(page.text().contains(text), "{text}");
    }
    // The current device has no button: the one at the top logs it out.
    assert_eq!(digests(&page, "weika").len(), 2);
    assert_eq!(page.header("cache-control"), Some("no-store"));

    let page = open(&site, &firefox).await;
    let listed = names(&page, "weika");
    assert_eq!(listed[0], "Firefox on Linux");
    assert!(listed.contains(&"WeChat on iOS".to_owned()), "{listed:?}");
    for text in ["This device", "UTC+8", "Log out all other devices"] {
        assert!(page.text().contains(text), "{text}");
    }

    let page = open(&site, &li).await;
    assert_eq!(names(&page, "weika"), ["Windows 上的 Chrome 浏览器"]);
    assert!(page.text().contains("没有其他设备登录"), "{}", page.text());
    drop(wechat);
}

#[tokio::test(flavor = "multi_thread")]
async fn times_are_those_of_the_school() {
    let site = Site::start(&[]);
    let browser = Browser::new();
    let before = minutes_in_china();
    log_in(&browser, &format!("{}/admin", site.url), "wang").await;
    let page = open(&site, &browser).await;
    let after = minutes_in_china();
    let text = page.text();
    let [created, used, expires] = ["登录时间", "最近使用", "最迟到期"].map(|label| {
        let rest = between(&text, &format!("<dt>{label}</dt>"), "</dd>");
        let (date, clock) = between(rest, "\">", "</time>")
            .split_once(' ')
            .expect("both");
        assert!(
            rest.contains(&format!("datetime=\"{date}T{clock}+08:00\"")),
            "{rest}"
        );
        let (hours, minutes) = clock.split_once(':').expect("both");
        let number = |text: &str| text.parse::<u64>().expect("a number");
        number(hours) * 60 + number(minutes)
    });
    let is_now = |minute| minute == before || minute == after;
    assert!(
        is_now(created) && is_now(used),
        "{before} {created} {used} {after}"
    );
    // Sessions last for twelve hours.
    assert_eq!(expires, (created + 12 * 60) % (24 * 60));
}

/// Minutes since midnight in China.
fn minutes_in_china() -> u64 {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed();
    (now.expect("after 1970").as_secs() / 60 + 8 * 60) % (24 * 60)
}

#[tokio::test(flavor = "multi_thread")]
async fn user_logs_out_one_device() {
    let site = Site::start(&[]);
    let [chrome, wechat, firefox, li] = four_logins(&site).await;
    let page = open(&site, &chrome).await;
    let position = names(&page, "weika")
        .iter()
        .position(|name| name == "iOS 上的微信");
    let digest = digests(&page, "weika").remove(position.expect("listed") - 1);

    let page = press(&site, &chrome, "weika", &digest).await;
    assert_eq!(page.hops()[0].status, 303);
    assert_eq!((page.path(), page.status().as_u16()), ("/devices", 200));
    assert_eq!(notice(&page), "该设备已退出登录。");
    assert_eq!(names(&page, "weika").len(), 2);
    assert!(!is_logged_in(&site, &wechat).await);
    for browser in [&chrome, &firefox, &li] {
        assert!(is_logged_in(&site, browser).await);
    }
    assert_eq!(notice(&open(&site, &chrome).await), "", "it is shown once");

    let page = press(&site, &chrome, "weika", &digest).await;
    assert!(
        notice(&page).contains("已不在登录状态"),
        "{}",
        notice(&page)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn user_logs_out_all_other_devices() {
    let site = Site::start(&[]);
    let [chrome, wechat, firefox, li] = four_logins(&site).await;
    let page = press(&site, &firefox, "weika", "others").await;
    assert_eq!(notice(&page), "All other devices have been logged out.");
    assert_eq!(names(&page, "weika"), ["Firefox on Linux"]);
    for (browser, expected) in [
        (&chrome, false),
        (&wechat, false),
        (&firefox, true),
        (&li, true),
    ] {
        assert_eq!(is_logged_in(&site, browser).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn session_of_another_user_is_not_revoked() {
    let site = Site::start(&[]);
    let [chrome, wechat, firefox, li] = four_logins(&site).await;
    let digest = digests(&open(&site, &chrome).await, "weika").remove(0);
    let page = press(&site, &li, "weika", &digest).await;
    assert!(
        notice(&page).contains("没有退出任何设备"),
        "{}",
        notice(&page)
    );
    for browser in [&chrome, &wechat, &firefox, &li] {
        assert!(is_logged_in(&site, browser).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn form_of_another_origin_revokes_nothing() {
    let site = Site::start(&[]);
    let [chrome, wechat, ..] = four_logins(&site).await;
    let url = format!("{}/devices", site.url);
    // Another port is another origin of the same site: the cookie comes with the form.
    let form = "login=weika&session=others";
    for from in ["http://127.0.0.1:1/", "https://evil.example/"] {
        let page = chrome
            .post_from(from, &url, form)
            .await
            .expect("the site responds");
        assert!(
            [401, 403].contains(&page.status().as_u16()),
            "{from}: {page:?}"
        );
        assert_eq!(
            from.contains("127"),
            page.status() == 403,
            "{from}: {page:?}"
        );
    }
    assert!(is_logged_in(&site, &wechat).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_form_is_a_page_and_revokes_nothing() {
    let site = Site::start(&[]);
    let [chrome, wechat, firefox, _] = four_logins(&site).await;
    let digest = digests(&open(&site, &chrome).await, "weika").remove(0);
    let url = format!("{}/devices", site.url);
    for form in [
        String::new(),
        "login=weika".to_owned(),
        format!("session={digest}"),
        "login=weika&session=".to_owned(),
        "login=weika&session=Others".to_owned(),
        format!("login=weika&session={}", &digest[1..]),
        format!("login=weika&session={digest}="),
        format!("login=unknown&session={digest}"),
        format!("login=weika&session={digest}&session={digest}"),
        "%FF=%00&&".to_owned(),
        format!("login=weika&session=others&padding={}", "x".repeat(20_000)),
    ] {
        let page = chrome
            .post(&url, form.clone())
            .await
            .expect("the site responds");
        assert_eq!(page.status(), 400, "{form}");
        assert!(page.text().contains("没有退出任何设备"), "{form}");
        assert_eq!(page.header("set-cookie"), None, "{form}");
    }
    for browser in [&chrome, &wechat, &firefox] {
        assert!(is_logged_in(&site, browser).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn anonymous_visitor_logs_in_and_comes_back() {
    let site = Site::start(&[]);
    let url = format!("{}/devices", site.url);
    let page = log_in(&Browser::new(), &url, "wang").await;
    assert_eq!((page.url(), names(&page, "weika").len()), (&*url, 1));
    let page = log_in(&phone(), &url, "xiaoming").await;
    assert!(page.url().starts_with(&url), "{}", page.url());
    assert_eq!(names(&page, "wechat"), ["iOS 上的微信"]);

    let page = press(&site, &Browser::new(), "weika", "others").await;
    assert_eq!(page.status(), 401);
    assert!(page.text().contains("登录已过期"), "{}", page.text());
    let script = Browser::new().fetch(&url).await.expect("the site responds");
    assert_eq!(script.status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_login_has_its_list_and_revocations_stay_in_it() {
    let site = Site::start(&[]);
    let (desk, mobile) = (Browser::new(), phone());
    for browser in [&desk, &mobile] {
        log_in(browser, &format!("{}/admin", site.url), "wang").await;
        log_in(browser, &format!("{}/card", site.url), "li").await;
    }
    let page = open(&site, &desk).await;
    assert_eq!(names(&page, "weika").len(), 2);
    assert_eq!(names(&page, "weika-member").len(), 2);
    assert!(!page.text().contains("data-login-devices=\"wechat\""));

    // A digest of one login is unknown at another.
    let manager = digests(&page, "weika").remove(0);
    let page = press(&site, &desk, "weika-member", &manager).await;
    assert!(
        notice(&page).contains("没有退出任何设备"),
        "{}",
        notice(&page)
    );
    let page = press(&site, &desk, "weika-member", "others").await;
    assert_eq!(names(&page, "weika-member").len(), 1);
    assert_eq!(names(&page, "weika").len(), 2);
    let me = mobile.fetch(&format!("{}/api/me", site.url)).await;
    let me = me.expect("the site responds").json().expect("JSON");
    assert!(me["manager"].is_object() && me["member"].is_null(), "{me}");

    // A login that the visitor does not have.
    let page = press(&site, &desk, "wechat", "others").await;
    assert_eq!(page.status(), 401);
    assert_eq!(names(&open(&site, &desk).await, "weika").len(), 2);
}

/// The devices of a manager at one of several instances, and the digests of the others.
#[cfg(unix)]
async fn devices_at(browser: &Browser, site: &Site) -> (Vec<String>, Vec<String>) {
    let page = at(browser, site).get(&format!("{ORIGIN}/devices")).await;
    let page = page.expect("the site responds");
    assert_eq!(page.status(), 200, "{page:?}");
    (names(&page, "weika"), digests(&page, "weika"))
}

#[cfg(unix)]
#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn device_of_one_instance_is_listed_and_logged_out_at_another() {
    let instances = Instances::none_yet().await;
    let (a, b) = (instances.start(), instances.start());
    let (desk, lost, other) = (Browser::new(), phone(), Browser::new());
    for (browser, site, person) in [(&lost, &a, "wang"), (&desk, &b, "wang"), (&other, &a, "li")] {
        log_in(&at(browser, site), &format!("{ORIGIN}/admin"), person).await;
    }
    for browser in [&desk, &lost, &other] {
        // Both instances have cached the sessions now.
        assert_eq!(
            (me(browser, &a).await.0, me(browser, &b).await.0),
            (200, 200)
        );
    }
    let (listed, digests) = devices_at(&desk, &b).await;
    assert_eq!(listed, ["Windows 上的 Chrome 浏览器", "iOS 上的微信"]);
    assert_eq!(devices_at(&desk, &a).await, (listed, digests.clone()));

    let form = format!("login=weika&session={}", digests[0]);
    let url = format!("{ORIGIN}/devices");
    let page = at(&desk, &b).post(&url, form).await.expect("a page");
    assert_eq!(notice(&page), "该设备已退出登录。");
    assert_eq!(me(&lost, &b).await.0, 401, "at this instance at once");
    within_a_second("the device is logged out at the other", async || {
        me(&lost, &a).await.0 == 401
    })
    .await;
    for site in [&a, &b] {
        assert_eq!(me(&desk, site).await.0, 200);
        assert_eq!(me(&other, site).await.0, 200);
        let (listed, _) = devices_at(&desk, site).await;
        assert_eq!(listed, ["Windows 上的 Chrome 浏览器"]);
    }
}

#[cfg(unix)]
#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn failed_store_is_503_at_the_devices_and_the_user_stays_logged_in() {
    let mut instances = Instances::none_yet().await;
    let site = instances.start();
    let (desk, lost) = (Browser::new(), phone());
    for browser in [&desk, &lost] {
        log_in(&at(browser, &site), &format!("{ORIGIN}/admin"), "wang").await;
    }
    let (browser, url) = (at(&desk, &site), format!("{ORIGIN}/devices"));
    let assert_unavailable = |page: &Visit| {
        assert_eq!(page.status(), 503, "{page:?}");
        assert!(page.header("retry-after").is_some(), "{page:?}");
        assert_eq!(page.header("set-cookie"), None);
    };
    instances.redis.kill();
    for _ in 0..2 {
        assert_unavailable(&browser.get_no_follow(&url).await.expect("a page"));
        let form = "login=weika&session=others";
        assert_unavailable(&browser.post(&url, form).await.expect("a page"));
    }
    instances.redis.restart();
    see(&browser, &format!("{ORIGIN}/admin"), "王老师").await;
    assert_eq!(me(&lost, &site).await.0, 200, "nothing was revoked");

    // While Redis hangs, the session is served from the local cache for not quite a second, so that
    // the handler finds that the store fails. A slow machine may need several attempts.
    let mut is_seen = false;
    for _ in 0..20 {
        see(&browser, &format!("{ORIGIN}/admin"), "王老师").await;
        instances.redis.command(&["CLIENT", "PAUSE", "2000", "ALL"]);
        let page = browser.get_no_follow(&url).await.expect("a page");
        assert_unavailable(&page);
        is_seen = page.text().contains("您仍处于登录状态");
        if is_seen {
            break;
        }
    }
    assert!(is_seen, "the handler never found the failure");
}

#[tokio::test(flavor = "multi_thread")]
async fn revoking_the_current_session_leads_to_the_home_page() {
    let site = Site::start(&[]);
    let [chrome, wechat, ..] = four_logins(&site).await;
    let before = digests(&open(&site, &wechat).await, "weika");
    let seen = digests(&open(&site, &chrome).await, "weika");
    // The page of the other device has the digest of this one.
    let current = before.iter().find(|digest| !seen.contains(digest));
    let page = press(&site, &chrome, "weika", current.expect("listed")).await;
    assert_eq!((page.path(), page.status().as_u16()), ("/", 200));
    assert!(page.text().contains("未登录"), "{}", page.text());
    assert!(is_logged_in(&site, &wechat).await);
}
