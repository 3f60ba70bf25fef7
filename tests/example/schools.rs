//! The example `schools`.

use std::net::SocketAddr;

use tower_weika_sandbox::Browser;

use crate::log_in;
use crate::support::{DEADLINE, Site, command};

#[tokio::test(flavor = "multi_thread")]
async fn each_school_has_its_own_login_and_other_hosts_are_421() {
    let site = Site::run(&mut command("schools", &[]), false);
    let rest = |_| site.stdout.recv_timeout(DEADLINE).unwrap();
    let origins = [site.url.clone(), rest(()), rest(())]
        .map(|line| line.trim_start_matches("listening on ").to_owned());
    let (_, port) = site.url.rsplit_once(':').unwrap();
    let address: SocketAddr = format!("127.0.0.1:{port}").parse().unwrap();
    let mut browser = Browser::new();
    for origin in &origins {
        browser = browser.route(origin, address);
    }
    let page = log_in(&browser, &format!("{}/admin", origins[0]), "wang").await;
    assert_eq!(page.text(), format!("{} 的管理后台：王老师", origins[0]));
    for origin in &origins[1..] {
        let page = browser.get(origin).await.unwrap();
        assert_eq!(
            page.text(),
            format!("{origin}：<a href=\"/admin\">登录</a>")
        );
    }
    let page = log_in(&browser, &format!("{}/admin", origins[1]), "li").await;
    assert_eq!(page.text(), format!("{} 的管理后台：李主任", origins[1]));
    let page = browser.get(&origins[0]).await.unwrap();
    assert_eq!(page.text(), format!("{}：你好，王老师", origins[0]));

    // A cookie of one school at another is worthless.
    let session = browser
        .cookies()
        .into_iter()
        .find(|cookie| cookie.name.ends_with("-session"));
    let session = session.unwrap();
    let thief = Browser::new().route(&origins[2], address);
    let planted = format!("{}={}; Path=/", session.name, session.value);
    thief.plant_cookie(&origins[2], &planted).unwrap();
    let page = thief.get(&origins[2]).await.unwrap();
    assert!(page.text().contains("登录"), "{}", page.text());

    let unknown = browser.get(&format!("http://{address}/")).await.unwrap();
    assert_eq!(unknown.status(), 421);
}
