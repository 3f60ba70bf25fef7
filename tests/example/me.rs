//! `/api/me`, for each combination of logins.

use serde_json::{Value, json};
use tower_weika_sandbox::Browser;

use crate::support::Site;
use crate::{log_in, phone};

/// The response to a browser that is logged in as these users.
async fn me(site: &Site, manager: Option<&str>, wechat: Option<&str>) -> (u16, Value) {
    let browser: Browser = phone();
    if let Some(person) = manager {
        log_in(&browser, &format!("{}/admin", site.url), person).await;
    }
    if let Some(person) = wechat {
        log_in(&browser, &format!("{}/auth/wechat/login", site.url), person).await;
    }
    let visit = browser
        .fetch(&format!("{}/api/me", site.url))
        .await
        .expect("the site responds");
    (visit.status().as_u16(), visit.json().expect("JSON"))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_combination_of_logins_has_its_response() {
    let site = Site::start(&[]);
    let (status, anonymous) = me(&site, None, None).await;
    assert_eq!(
        (status, anonymous),
        (
            401,
            json!({ "error": "login_required", "login_url": "/auth/wechat/login" })
        )
    );

    let desktop = Browser::new()
        .get(&format!("{}/api/me", site.url))
        .await
        .unwrap();
    assert_eq!(
        desktop.json(),
        Some(json!({ "error": "login_required", "login_url": "/auth/weika/login" }))
    );

    let (status, manager) = me(&site, Some("li"), None).await;
    assert_eq!(status, 200);
    assert!(
        manager["manager"]["user_id"].is_string() && manager["wechat"].is_null(),
        "{manager}"
    );
    assert_eq!(manager.as_object().unwrap().len(), 2);

    let (status, wechat) = me(&site, None, Some("xiaoming")).await;
    assert_eq!(status, 200);
    let seconds = wechat["wechat"]["expires_in"].as_u64().unwrap();
    assert!((604_000..=604_800).contains(&seconds), "{seconds}");
    let expected = json!({
        "open_id": "oFollowerXiaoming00000000001",
        "app_id": "wx0000000000000001",
        "bound": true,
        "expires_in": seconds,
    });
    assert_eq!(wechat, json!({ "manager": null, "wechat": expected }));

    let (status, both) = me(&site, Some("wang"), Some("xiaohong")).await;
    assert_eq!((status, &both["manager"]["name"]), (200, &json!("王老师")));
    let expected = json!({
        "open_id": "oFollowerXiaohong00000000001",
        "app_id": "wx0000000000000001",
        "bound": false,
        "expires_in": null,
    });
    assert_eq!(both["wechat"], expected);
}
