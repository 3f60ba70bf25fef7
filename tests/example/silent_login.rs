//! Silent login, switched on and off at Kesion.

use tower_weika_sandbox::Browser;

use crate::support::Site;
use crate::{address, phone, see, switch};

#[tokio::test(flavor = "multi_thread")]
async fn no_silent_login_while_the_switch_is_off() {
    let site = Site::start(&[]);
    switch(&site, "person:xiaoming").await;
    let page = phone().get(&format!("{}/", site.url)).await.unwrap();
    assert_eq!(page.hops().len(), 1);
    assert!(page.text().contains("未登录"));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_switch_on_wechat_users_are_silently_logged_in_once_per_visit() {
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
        "a user who has logged out stays logged out"
    );
    assert!(browser.get(&url).await.unwrap().text().contains("未登录"));
    let desktop = Browser::new().get(&url).await.unwrap();
    assert_eq!(desktop.hops().len(), 1, "no silent login outside of WeChat");
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_login_is_not_repeated_after_the_user_declined() {
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
async fn only_the_home_page_begins_a_silent_login() {
    let site = Site::start(&[]);
    switch(&site, "kesion-auto-login:on").await;
    switch(&site, "person:xiaoming").await;
    // From here on the site has cached the switch.
    see(&phone(), &format!("{}/", site.url), "data-wechat=\"bound\"").await;
    for (path, status) in [("/api/me", 401), ("/style.css", 200), ("/nowhere", 404)] {
        let page = phone()
            .get_no_follow(&format!("{}{path}", site.url))
            .await
            .unwrap();
        assert_eq!(page.status(), status, "{path}");
    }
    let response = phone()
        .get_no_follow(&format!("{}/api/me", site.url))
        .await
        .unwrap();
    assert_eq!(response.header("content-type"), Some("application/json"));
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
        "the home page begins a silent login"
    );
    assert!(
        !sent(&admin).await.contains("/connect/oauth2/authorize"),
        "a manager's page begins the manager login"
    );
}
