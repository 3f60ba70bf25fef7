//! `/api/me`, for each combination of logins.

use serde_json::{Value, json};
use tower_weika_sandbox::Browser;

use crate::support::Site;
use crate::{log_in, phone};

/// The response to a browser that is logged in as these users: a manager, a member, a WeChat user.
async fn me(site: &Site, people: [Option<&str>; 3]) -> (u16, Value) {
    let browser: Browser = phone();
    let logins = ["weika", "weika-member", "wechat"];
    for (login, person) in logins.into_iter().zip(people) {
        if let Some(person) = person {
            log_in(
                &browser,
                &format!("{}/auth/{login}/login", site.url),
                person,
            )
            .await;
        }
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
    let (status, anonymous) = me(&site, [None; 3]).await;
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

    let (status, manager) = me(&site, [Some("li"), None, None]).await;
    assert_eq!(status, 200);
    assert!(
        manager["manager"]["user_id"].is_string()
            && manager["member"].is_null()
            && manager["wechat"].is_null(),
        "{manager}"
    );
    assert_eq!(manager.as_object().unwrap().len(), 3);

    let (status, member) = me(&site, [None, Some("li"), None]).await;
    let expected = json!({
        "school_code": "1000000001",
        "card_number": "********42",
        "name": "李晨🌸 <Li & Co>",
        "identity_type": "1",
    });
    assert_eq!(
        (status, member),
        (
            200,
            json!({ "manager": null, "member": expected, "wechat": null })
        )
    );
    let (_, bare) = me(&site, [None, Some("bare"), None]).await;
    let expected = json!({
        "school_code": "1000000001",
        "card_number": "******90",
        "name": null,
        "identity_type": null,
    });
    assert_eq!(bare["member"], expected);

    let (status, wechat) = me(&site, [None, None, Some("xiaoming")]).await;
    assert_eq!(status, 200);
    let seconds = wechat["wechat"]["expires_in"].as_u64().unwrap();
    assert!((604_000..=604_800).contains(&seconds), "{seconds}");
    let expected = json!({
        "open_id": "oFollowerXiaoming00000000001",
        "app_id": "wx0000000000000001",
        "bound": true,
        "expires_in": seconds,
    });
    assert_eq!(
        wechat,
        json!({ "manager": null, "member": null, "wechat": expected })
    );

    let (status, all) = me(&site, [Some("wang"), Some("wang"), Some("xiaohong")]).await;
    assert_eq!((status, &all["manager"]["name"]), (200, &json!("王老师")));
    assert_eq!(all["manager"]["real_info"]["card_number"], "*******01");
    assert_eq!(all["member"]["name"], "王小明");
    let expected = json!({
        "open_id": "oFollowerXiaohong00000000001",
        "app_id": "wx0000000000000001",
        "bound": false,
        "expires_in": null,
    });
    assert_eq!(all["wechat"], expected);
}
