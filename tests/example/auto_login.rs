//! Logging in without being asked, as Kesion's switch wants it.

use tower_weika_sandbox::Browser;

use crate::support::Site;
use crate::{address, phone, see, switch};

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_logged_in_unasked_unless_the_school_wants_it() {
    let site = Site::start(&[]);
    switch(&site, "person:xiaoming").await;
    let page = phone().get(&format!("{}/", site.url)).await.unwrap();
    assert_eq!(page.hops().len(), 1);
    assert!(page.text().contains("未登录"));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_switch_on_wechat_users_are_logged_in_once_a_visit() {
    let site = Site::start(&[]);
    let url = format!("{}/", site.url);
    switch(&site, "kesion-auto-login:on").await;
    switch(&site, "person:xiaoming").await;
    let browser = phone();
    let page = see(&browser, &url, "data-wechat=\"bound\"").await;
    assert_eq!(address(&page), url);

    let logout = format!("{}/auth/wechat/logout", site.url);
    let page = browser.post_from(&url, &logout, "").await.unwrap();
    assert!(
        page.text().contains("未登录"),
        "who has logged out stays so"
    );
    assert!(browser.get(&url).await.unwrap().text().contains("未登录"));
    let desk = Browser::new().get(&url).await.unwrap();
    assert_eq!(desk.hops().len(), 1, "other browsers are left alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_declines_is_not_asked_again() {
    let site = Site::start(&[]);
    let url = format!("{}/", site.url);
    switch(&site, "kesion-auto-login:on").await;
    switch(&site, "person:xiaoming").await;
    see(&phone(), &url, "data-wechat=\"bound\"").await;
    switch(&site, "phone:decline").await;
    let browser = phone();
    let page = browser.get(&url).await.unwrap();
    assert!(
        page.hops().len() > 1 && address(&page) == url && page.text().contains("未登录"),
        "{page:?}"
    );
    assert_eq!(browser.get(&url).await.unwrap().hops().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_home_page_logs_in_unasked() {
    let site = Site::start(&[]);
    switch(&site, "kesion-auto-login:on").await;
    switch(&site, "person:xiaoming").await;
    // From here on the site knows of the switch.
    see(&phone(), &format!("{}/", site.url), "data-wechat=\"bound\"").await;
    for (path, status) in [("/api/me", 401), ("/style.css", 200), ("/nowhere", 404)] {
        let page = phone()
            .get_no_follow(&format!("{}{path}", site.url))
            .await
            .unwrap();
        assert_eq!(page.status(), status, "{path}");
    }
    let told = phone()
        .get_no_follow(&format!("{}/api/me", site.url))
        .await
        .unwrap();
    assert_eq!(told.header("content-type"), Some("application/json"));
    let sent = |path| async move {
        phone()
            .get_no_follow(path)
            .await
            .unwrap()
            .location()
            .unwrap_or_default()
            .to_owned()
    };
    let (home, admin) = (format!("{}/", site.url), format!("{}/admin", site.url));
    assert!(
        sent(&home).await.contains("/connect/oauth2/authorize"),
        "the home page does"
    );
    assert!(
        !sent(&admin).await.contains("/connect/oauth2/authorize"),
        "managers have a login of their own"
    );
}
