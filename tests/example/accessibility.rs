//! Accessibility: every page has a language, one first heading, named landmarks, labels, named
//! buttons, and table headers. The pages are simple enough to be checked as text.

use std::collections::HashSet;

use tower_weika_sandbox::{Browser, Endpoint, Sandbox};

use crate::support::Site;
use crate::{control_page, log_in, own_secret, phone, switch};

/// The start tags of one element, without the angle brackets.
fn tags<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let starts = page.split('<').filter(|tag| {
        tag.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with([' ', '>', '\n']) || rest.is_empty())
    });
    starts
        .map(|tag| tag.split_once('>').map_or(tag, |(tag, _)| tag))
        .collect()
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = tag.split_once(&format!(" {name}=\""))?;
    value.split_once('"').map(|(value, _)| value)
}

/// The text of each such element, from its start tag on.
fn texts<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}"), format!("</{name}>"));
    page.split(&*open)
        .skip(1)
        .filter_map(|rest| rest.split_once(&*close))
        .map(|(text, _)| text)
        .collect()
}

#[track_caller]
fn assert_accessible(page: &str, what: &str) {
    let html = tags(page, "html");
    assert!(
        html.len() == 1 && attribute(html[0], "lang").is_some_and(|lang| !lang.is_empty()),
        "{what}: language"
    );
    assert!(
        texts(page, "title").iter().all(|title| title.len() > 1) && page.contains("<title>"),
        "{what}: title"
    );
    assert_eq!(tags(page, "h1").len(), 1, "{what}: one first heading");
    assert_eq!(tags(page, "main").len(), 1, "{what}: one main landmark");

    // Several landmarks of the same kind need different names.
    let mut names = HashSet::new();
    for nav in tags(page, "nav") {
        let name =
            attribute(nav, "aria-label").unwrap_or_else(|| panic!("{what}: <{nav}> has no name"));
        assert!(
            !name.is_empty() && names.insert(name),
            "{what}: two landmarks are called {name:?}"
        );
    }
    let regions = tags(page, "section")
        .into_iter()
        .filter_map(|section| attribute(section, "aria-label"));
    let regions: Vec<_> = regions.collect();
    assert_eq!(
        regions.len(),
        regions.iter().collect::<HashSet<_>>().len(),
        "{what}: {regions:?}"
    );

    // An input is inside its label, or hidden.
    let labels = texts(page, "label").concat();
    for input in tags(page, "input") {
        let is_hidden = attribute(input, "type") == Some("hidden");
        assert!(
            is_hidden || labels.contains(input),
            "{what}: <{input}> has no label"
        );
    }
    for (element, texts) in [("button", texts(page, "button")), ("a", texts(page, "a "))] {
        for text in texts {
            let (tag, content) = text.split_once('>').expect("a start tag");
            let has_text = content.split('<').any(|part| {
                let text = part.split_once('>').map_or(part, |(_, text)| text);
                text.chars().any(char::is_alphanumeric)
            });
            assert!(
                has_text || tag.contains("aria-label"),
                "{what}: <{element}{tag}> has no name"
            );
        }
    }
    for image in tags(page, "img") {
        assert!(
            image.contains(" alt="),
            "{what}: <{image}> has no alternative"
        );
    }
    for table in texts(page, "table") {
        assert!(
            table.contains("<th scope=\"col\">"),
            "{what}: a table without headers"
        );
        assert!(
            table.starts_with(" aria-label") || table.contains("<caption>"),
            "{what}: a table without a name"
        );
    }
    for group in page.split("role=\"group\"").skip(1) {
        assert!(
            group.starts_with(" aria-label"),
            "{what}: a group without a name"
        );
    }
    let ids: Vec<_> = page
        .split(" id=\"")
        .skip(1)
        .filter_map(|rest| rest.split_once('"'))
        .map(|(id, _)| id)
        .collect();
    assert_eq!(
        ids.len(),
        ids.iter().collect::<HashSet<_>>().len(),
        "{what}: {ids:?}"
    );
    for reference in ["aria-labelledby", "aria-describedby"] {
        for rest in page.split(&format!("{reference}=\"")).skip(1) {
            let id = rest.split_once('"').expect("a quoted value").0;
            assert!(
                ids.contains(&id),
                "{what}: {reference} refers to {id:?}, which does not exist"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_the_site_is_accessible() {
    let site = Site::start(&[]);
    let (desktop, phone) = (Browser::new(), phone());
    let visit = async |browser: &Browser, who: &str, paths: &[&str]| {
        for path in paths {
            for lang in ["zh", "en"] {
                let page = browser
                    .get(&format!("{}{path}?lang={lang}", site.url))
                    .await
                    .unwrap();
                let what = format!("{path} in {lang} for {who}");
                assert!(page.url().contains(path), "{what} is at {}", page.url());
                assert_accessible(&page.text(), &what);
            }
        }
    };
    visit(&desktop, "an anonymous visitor", &["/", "/nowhere"]).await;
    log_in(&desktop, &format!("{}/admin", site.url), "wang").await;
    visit(
        &desktop,
        "a manager",
        &[
            "/",
            "/admin",
            "/admin/settings",
            "/account",
            "/devices",
            "/nowhere",
        ],
    )
    .await;
    switch(&site, "kesion:not-authorized").await;
    visit(&desktop, "a manager", &["/account"]).await;

    let member = Browser::new();
    log_in(&member, &format!("{}/card", site.url), "li").await;
    visit(&member, "a member", &["/", "/card", "/nowhere"]).await;

    let page = log_in(&phone, &format!("{}/bind", site.url), "xiaohong").await;
    visit(&phone, "an unbound user", &["/", "/bind"]).await;
    let rejected = phone
        .post_from(page.url(), page.url(), "mobile=&sms=&action=bind")
        .await
        .unwrap();
    assert_accessible(&rejected.text(), "a rejected form");
    switch(&site, "bind:xiaohong").await;
    let bound = phone
        .get(&format!("{}/auth/wechat/login?return_to=/app", site.url))
        .await
        .unwrap();
    phone
        .click(&bound, "data-person=\"xiaohong\"")
        .await
        .unwrap();
    visit(&phone, "a bound user", &["/", "/app"]).await;
    log_in(&phone, &format!("{}/admin", site.url), "li").await;
    visit(&phone, "both", &["/", "/app", "/admin"]).await;
    log_in(&phone, &format!("{}/card", site.url), "bare").await;
    visit(
        &phone,
        "all three",
        &["/", "/app", "/card", "/admin", "/devices"],
    )
    .await;

    let real = Sandbox::start().await.unwrap();
    let site = own_secret::site(&real);
    let browser = phone.without_cookies();
    let page = log_in(&browser, &format!("{}/bind", site.url), "xiaohong").await;
    assert_accessible(&page.text(), "nothing to bind");
    let page = browser.get(&format!("{}/app?lang=en", site.url)).await;
    assert_accessible(&page.unwrap().text(), "the app without a binding service");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_the_sandbox_is_accessible() {
    let site = Site::start(&[]);
    let sandbox = site.sandbox.as_deref().unwrap();
    let (desktop, phone) = (Browser::new(), phone());
    let get = async |browser: &Browser, url: &str| browser.get(url).await.unwrap().text();
    for (what, page) in [
        ("home", get(&desktop, &format!("{sandbox}/")).await),
        ("control page", get(&desktop, &control_page(&site)).await),
        (
            "manager page",
            get(&desktop, &format!("{}/admin", site.url)).await,
        ),
        (
            "WeChat page",
            get(&phone, &format!("{}/app", site.url)).await,
        ),
        (
            "member page with a QR code",
            get(&desktop, &format!("{}/card", site.url)).await,
        ),
        (
            "member page in WeChat",
            get(&phone, &format!("{}/card", site.url)).await,
        ),
        (
            "error",
            get(
                &desktop,
                &format!("{sandbox}{}", Endpoint::ManagerConnect.path()),
            )
            .await,
        ),
        (
            "WeChat on a desktop",
            get(
                &desktop,
                &format!("{sandbox}{}", Endpoint::WechatAuthorize.path()),
            )
            .await,
        ),
        (
            "WeChat's error page",
            get(
                &phone,
                &format!("{sandbox}{}", Endpoint::WechatAuthorize.path()),
            )
            .await,
        ),
    ] {
        assert_accessible(&page, what);
    }
    let page = log_in(&phone, &format!("{}/bind", site.url), "xiaohong").await;
    phone
        .post_from(page.url(), page.url(), "mobile=13800000002&sms=&action=sms")
        .await
        .unwrap();
    let control = get(&desktop, &control_page(&site)).await;
    assert!(control.contains("data-sms"), "an SMS is shown");
    assert_accessible(&control, "control page with an SMS");
}
