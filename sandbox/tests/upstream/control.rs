//! Control page: every button has the effect of its method.

use super::*;

async fn switch(sandbox: &Sandbox, name: &str) -> Visit {
    let url = format!("{}/sandbox/control", sandbox.base_url());
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("switch", name)
        .finish();
    let visit = Browser::new().post(&url, form).await.unwrap();
    assert_eq!(visit.hops()[0].status, 303, "{name}: {}", visit.text());
    assert_eq!((visit.status().as_u16(), visit.url()), (200, url.as_str()));
    visit
}

/// The buttons that are shown as on.
fn on(page: &Visit) -> Vec<String> {
    let text = page.text();
    let buttons = text
        .split("<button ")
        .skip(1)
        .filter(|it| it.contains("aria-pressed=\"true\""));
    let name = |it: &str| {
        it.split_once("data-switch=\"")
            .unwrap()
            .1
            .split_once('"')
            .unwrap()
            .0
            .to_owned()
    };
    buttons.map(name).collect()
}

#[tokio::test]
async fn home_leads_to_the_page_and_every_button_does_what_it_says() {
    let sandbox = Sandbox::start().await.unwrap();
    let browser = Browser::new();
    let home = browser.get(&sandbox.base_url()).await.unwrap();
    let page = browser
        .click(&home, "href=\"/sandbox/control\"")
        .await
        .unwrap();
    assert_eq!(page.status(), 200);
    let usual = [
        "kesion:authorized",
        "kesion-auto-login:off",
        "binding:normal",
        "phone:ask",
        "bind:xiaoming",
    ];
    let member = ["member-app:on", "member:ask"];
    assert_eq!(
        on(&page),
        [&usual[..], &["unbind:xiaohong", "bind:laoli"], &member].concat()
    );
    let text = page.text();
    let names: Vec<_> = text
        .split("data-switch=\"")
        .skip(1)
        .map(|it| it.split_once('"').unwrap().0)
        .collect();
    assert_eq!(names.len(), 4 + 2 + 12 + 5 + 6 + 2 + 7);
    for name in names {
        assert!(
            on(&switch(&sandbox, name).await).contains(&name.to_owned()),
            "{name}"
        );
    }
    assert!(!text.contains("<script"));
}

#[tokio::test]
async fn switches_reach_the_systems() {
    let sandbox = Sandbox::builder().any_browser().start().await.unwrap();
    let look_up = async || {
        let target = format!("{LOOKUP}?apptoken={}", sandbox.apptoken());
        post_as(&sandbox, &target, "application/x-www-form-urlencoded", "")
            .await
            .unwrap()
            .json()
    };
    switch(&sandbox, "kesion-auto-login:on").await;
    assert_eq!(look_up().await["iswechatautologin"], 1);
    switch(&sandbox, "kesion:not-authorized").await;
    assert_eq!(look_up().await["returnCode"], 3002);
    switch(&sandbox, "kesion:not-opened").await;
    assert_eq!(look_up().await["returnCode"], 3001);
    switch(&sandbox, "kesion:failing").await;
    assert_eq!(look_up().await.get("returnCode"), None);

    let exchange = async |person: &str| {
        let code = sandbox.issue_wechat_code(person).unwrap();
        open_id(&sandbox, &code).await["code"].clone()
    };
    for (name, code) in [
        ("unbind:xiaoming", 2000),
        ("bind:xiaoming", 0),
        ("binding:not-configured", 2002),
        ("binding:operator-unavailable", 2003),
        ("binding:all-unbound", 2000),
        ("binding:normal", 0),
    ] {
        switch(&sandbox, name).await;
        assert_eq!(exchange("xiaoming").await, code, "{name}");
    }

    let url = format!(
        "{}/connect/oauth2/authorize?appid={}&redirect_uri=http://x/&response_type=code&scope=snsapi_base&state=S",
        sandbox.base_url(),
        sandbox.app_id(),
    );
    for (name, location) in [
        ("person:xiaohong", Some("http://x/?code=")),
        ("phone:decline", Some("http://x/?state=S")),
        ("phone:ask", None),
    ] {
        switch(&sandbox, name).await;
        let visit = Browser::new().get_no_follow(&url).await.unwrap();
        assert_eq!(visit.location().is_some(), location.is_some());
        assert!(
            visit
                .location()
                .unwrap_or_default()
                .starts_with(location.unwrap_or_default())
        );
    }
}

#[tokio::test]
async fn sms_are_shown() {
    let sandbox = Sandbox::start().await.unwrap();
    post(&sandbox, SMS, &json!({ "mobile": "13800000002" }))
        .await
        .unwrap();
    let page = Browser::new()
        .get(&format!("{}/sandbox/control", sandbox.base_url()))
        .await
        .unwrap();
    let code = sandbox.last_sms("13800000002").unwrap();
    assert!(
        page.text()
            .contains(&format!(r#"<code data-sms="13800000002">{code}</code>"#))
    );
}

#[tokio::test]
async fn unknown_setting_changes_nothing() {
    let sandbox = Sandbox::start().await.unwrap();
    let url = format!("{}/sandbox/control", sandbox.base_url());
    let browser = Browser::new();
    let before = browser.get(&url).await.unwrap().text();
    for form in [
        "",
        "switch=",
        "switch=kesion%3Abroken",
        "switch=bind%3Aunknown",
        "switch=person%3Aunknown",
        "switch=%ff",
    ] {
        assert_eq!(
            browser.post(&url, form).await.unwrap().status(),
            400,
            "{form}"
        );
    }
    assert_eq!(browser.get(&url).await.unwrap().text(), before);
}

#[tokio::test]
async fn names_of_people_are_escaped() {
    let person = WechatPerson::new("a\"><script>", "<script>").mobile("1\"<script>");
    let sandbox = Sandbox::builder()
        .wechat_person(person)
        .start()
        .await
        .unwrap();
    for path in ["/", "/sandbox/control"] {
        let page = Browser::new()
            .get(&format!("{}{path}", sandbox.base_url()))
            .await
            .unwrap();
        assert!(!page.text().contains("<script"), "{path}");
    }
    assert!(
        on(&switch(&sandbox, "bind:a\"><script>").await)
            .iter()
            .any(|it| it.starts_with("bind:a"))
    );
}

#[tokio::test]
async fn pages_of_other_sites_switch_nothing() {
    let sandbox = Sandbox::start().await.unwrap();
    let browser = Browser::new();
    let target = format!("{}/sandbox/control", sandbox.base_url());
    let refused = browser
        .post_from(
            "https://evil.example/",
            &target,
            "switch=kesion%3Anot-opened",
        )
        .await
        .unwrap();
    assert_eq!(refused.status(), 400);
    assert!(on(&browser.get(&target).await.unwrap()).contains(&"kesion:authorized".to_owned()));
}
