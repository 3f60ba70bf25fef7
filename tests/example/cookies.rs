//! The attributes of the cookies that the site sets beside those of the login layers.

use tower_weika_sandbox::Browser;
use url::form_urlencoded::Serializer;

use crate::support::Site;
use crate::{control_page, log_in, phone, switch};

const ORIGIN: &str = "https://campus.example.edu.cn";

/// All `Set-Cookie` lines of these cookies, set and removed, of a site at `public_url`.
async fn set_cookies(public_url: Option<&str>) -> Vec<String> {
    let public: Vec<_> = public_url
        .map(|url| ("PUBLIC_URL", url))
        .into_iter()
        .collect();
    let site = Site::start(&[&public[..], &[("ALLOW_SANDBOX", "1")]].concat());
    let origin = public_url.unwrap_or(&site.url);
    let address = site
        .url
        .trim_start_matches("http://")
        .parse()
        .expect("an address");
    let route = |browser: Browser| {
        if public_url.is_some() {
            browser.route(ORIGIN, address)
        } else {
            browser
        }
    };
    let mut pages = Vec::new();

    let desktop = route(Browser::new());
    for form in ["on=1", ""] {
        pages.push(
            desktop
                .post_from(&format!("{origin}/"), &format!("{origin}/pretend"), form)
                .await
                .expect("the site responds"),
        );
    }

    // A binding that the binding service denies: the marker is set, and removed on the next page.
    let phone = route(phone());
    let page = log_in(&phone, &format!("{origin}/bind"), "xiaohong").await;
    switch(&site, "person:xiaohong").await;
    let form = |action: &str, sms: &str| {
        let mut form = Serializer::new(String::new());
        form.append_pair("mobile", "13800000002")
            .append_pair("sms", sms)
            .append_pair("action", action)
            .finish()
    };
    phone
        .post_from(page.url(), page.url(), form("sms", ""))
        .await
        .expect("the site responds");
    let control = Browser::new()
        .get(&control_page(&site))
        .await
        .expect("the site responds")
        .text();
    let (_, code) = control
        .split_once("data-sms=\"13800000002\">")
        .expect("an SMS was sent");
    let code: String = code.chars().take_while(char::is_ascii_digit).collect();
    switch(&site, "binding:all-unbound").await;
    pages.push(
        phone
            .post_from(page.url(), page.url(), form("bind", &code))
            .await
            .expect("the site responds"),
    );
    pages.push(
        phone
            .get(&format!("{origin}/bind"))
            .await
            .expect("the site responds"),
    );

    let lines = pages
        .iter()
        .flat_map(|page| page.hops())
        .flat_map(|hop| hop.set_cookies.clone());
    let is_of_a_login = |line: &str| {
        ["__Host-", "dev-"]
            .iter()
            .any(|start| line.starts_with(start))
    };
    lines.filter(|line| !is_of_a_login(line)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_of_the_site_are_secure_under_https() {
    for (public_url, secure) in [(Some(ORIGIN), "; Secure"), (None, "")] {
        let mut cookies = set_cookies(public_url).await;
        cookies.sort();
        cookies.dedup();
        let expected = [
            format!("just-bound=1; Path=/bind; HttpOnly; SameSite=Lax{secure}; Max-Age=0"),
            format!("just-bound=1; Path=/bind; HttpOnly; SameSite=Lax{secure}; Max-Age=60"),
            format!("pretend-wechat=1; Path=/; HttpOnly; SameSite=Lax{secure}"),
            format!("pretend-wechat=1; Path=/; HttpOnly; SameSite=Lax{secure}; Max-Age=0"),
        ];
        assert_eq!(cookies, expected, "{public_url:?}");
    }
}
