//! WeChat's authorize page: its parameters, the browsers that it accepts, and its redirects.

use std::time::Duration;

use super::*;
use crate::support::ManualClock;

const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                      Mobile/15E148 MicroMessenger/8.0.59(0x18003b28) NetType/WIFI Language/zh_CN";
const WECOM: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 15_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)  \
                     Mobile/15E148 wxwork/4.0.19 MicroMessenger/7.0.1 Language/zh ColorScheme/Light";

/// The query of a good request; `replace` changes it.
fn query(sandbox: &Sandbox, scope: &str) -> String {
    let app_id = sandbox.app_id();
    format!(
        "appid={app_id}&redirect_uri=http%3A%2F%2Fapp.example%2Fback&response_type=code&scope={scope}&state=S1"
    )
}

fn url(sandbox: &Sandbox, query: &str) -> String {
    format!(
        "{}{}?{query}",
        sandbox.base_url(),
        Endpoint::WechatAuthorize.path()
    )
}

/// Where a good request sends WeChat's browser.
async fn sent_back(sandbox: &Sandbox, scope: &str) -> String {
    let browser = Browser::new().user_agent(IPHONE);
    let visit = browser
        .get_no_follow(&url(sandbox, &query(sandbox, scope)))
        .await
        .unwrap();
    assert_eq!(visit.status(), 302, "{}", visit.text());
    visit.location().unwrap().to_owned()
}

#[tokio::test]
async fn person_with_the_phone_is_sent_back_with_a_code() {
    let sandbox = Sandbox::builder()
        .wechat_auto_approve("xiaoming")
        .start()
        .await
        .unwrap();
    for scope in ["snsapi_base", "snsapi_userinfo"] {
        let location = sent_back(&sandbox, scope).await;
        let code = location
            .strip_prefix("http://app.example/back?code=")
            .unwrap();
        let code = code.strip_suffix("&state=S1").unwrap();
        assert!(
            code.len() == 32 && code.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "{code}"
        );
        let answer = open_id(&sandbox, code).await;
        assert_eq!(answer["data"]["openId"], "oFollowerXiaoming00000000001");
    }
    assert_eq!(sandbox.call_log().count(Endpoint::WechatAuthorize), 2);
    assert_eq!(
        (
            sandbox.call_log().codes_issued(),
            sandbox.call_log().codes_exchanged()
        ),
        (2, 2)
    );
    sandbox.set_wechat(WechatApproval::Decline);
    assert_eq!(
        sent_back(&sandbox, "snsapi_base").await,
        "http://app.example/back?state=S1"
    );
    sandbox.wechat_auto_approve("unknown");
    let browser = Browser::new().user_agent(IPHONE);
    let visit = browser
        .get_no_follow(&url(&sandbox, &query(&sandbox, "snsapi_base")))
        .await
        .unwrap();
    assert_eq!((visit.status().as_u16(), visit.location()), (400, None));
}

#[tokio::test]
async fn absent_state_stays_absent_and_empty_state_stays_empty() {
    let sandbox = Sandbox::builder()
        .wechat_auto_approve("xiaoming")
        .start()
        .await
        .unwrap();
    let browser = Browser::new().user_agent(IPHONE);
    let good = query(&sandbox, "snsapi_base");
    for (spelled, returned) in [("", None), ("&state=", Some("")), ("&state", Some(""))] {
        let query = good.replace("&state=S1", spelled);
        for path in [
            Endpoint::WechatAuthorize.path().to_owned() + "?",
            approve("person=xiaoming"),
        ] {
            let visit = browser
                .get_no_follow(&format!("{}{path}{query}", sandbox.base_url()))
                .await
                .unwrap();
            let back = url::Url::parse(visit.location().unwrap()).unwrap();
            let pairs: Vec<_> = back.query_pairs().into_owned().collect();
            assert_eq!(pairs[0].0, "code", "{spelled:?}");
            let rest: Vec<_> = pairs[1..]
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            assert_eq!(
                rest,
                returned
                    .map(|state| ("state", state))
                    .into_iter()
                    .collect::<Vec<_>>(),
                "{spelled:?}"
            );
        }
        // Without a code and without a state nothing is left to append.
        let declined = approve("decline=1");
        let visit = browser
            .get_no_follow(&format!("{}{declined}{query}", sandbox.base_url()))
            .await
            .unwrap();
        let suffix = returned.map(|_| "?state=").unwrap_or_default();
        assert_eq!(
            visit.location().unwrap(),
            format!("http://app.example/back{suffix}")
        );
    }
    sandbox
        .faults()
        .once(Endpoint::WechatApprove, Fault::AlteredState("x".into()));
    let without = url(&sandbox, &good.replace("&state=S1", ""));
    let visit = browser.get_no_follow(&without).await.unwrap();
    assert!(
        !visit.location().unwrap().contains("state"),
        "there is no state to alter"
    );
}

/// The address behind a button of the page that asks, up to the request.
fn approve(decision: &str) -> String {
    format!("{}?{decision}&", Endpoint::WechatApprove.path())
}

#[tokio::test]
async fn page_asks_whose_phone_it_is() {
    let sandbox = Sandbox::start().await.unwrap();
    let app = Sandbox::start().await.unwrap();
    let browser = Browser::new().user_agent(IPHONE);
    for (scope, words) in [
        ("snsapi_base", "这是谁的手机"),
        ("snsapi_userinfo", "申请获取你的昵称"),
    ] {
        let back: String =
            url::form_urlencoded::byte_serialize(format!("{}/back?a=1", app.base_url()).as_bytes())
                .collect();
        let query = query(&sandbox, scope).replace("http%3A%2F%2Fapp.example%2Fback", &back);
        let page = browser.get(&url(&sandbox, &query)).await.unwrap();
        assert!(page.status() == 200 && page.text().contains(words));
        let visit = browser
            .click(&page, "data-person=\"xiaohong\"")
            .await
            .unwrap();
        assert!(
            visit
                .url()
                .starts_with(&format!("{}/back?a=1&code=", app.base_url())),
            "{}",
            visit.url()
        );
        assert_eq!(visit.query("state").as_deref(), Some("S1"));
        let answer = open_id(&sandbox, &visit.query("code").unwrap()).await;
        assert_eq!(answer["data"]["openId"], "oFollowerXiaohong00000000001");
        let declined = browser.click(&page, "data-decline").await.unwrap();
        assert!(declined.url().ends_with("/back?a=1&state=S1"));
    }
    assert_eq!(sandbox.call_log().count(Endpoint::WechatApprove), 4);
}

#[tokio::test]
async fn wrong_request_gets_a_page_with_its_number() {
    let sandbox = Sandbox::builder()
        .redirect_domain("App.example")
        .wechat_auto_approve("xiaoming")
        .start()
        .await
        .unwrap();
    let good = query(&sandbox, "snsapi_base");
    let long = format!("state={}", "a".repeat(129));
    let browser = Browser::new().user_agent(IPHONE);
    for (from, to, mark) in [
        ("app.example%2F", "app.example%3A8080%2F", "10003"),
        ("app.example", "www.app.example", "10003"),
        (
            "http%3A%2F%2Fapp.example%2F",
            "javascript%3Aalert(1)",
            "10003",
        ),
        ("snsapi_base", "snsapi_login", "10005"),
        ("snsapi_base", "", "10010"),
        ("scope=snsapi_base&", "", "10010"),
        ("http%3A%2F%2Fapp.example%2Fback", "", "10011"),
        (sandbox.app_id(), "", "10012"),
        (sandbox.app_id(), "wxffffffffffffffff", "40013"),
        ("state=S1", &long, "state-too-long"),
        ("state=S1", "state=a-b", "state-alphabet"),
        ("response_type=code", "response_type=token", "response-type"),
        ("state=S1", "state=S1&extra=1", "parameter-order"),
        (
            "response_type=code&scope=snsapi_base",
            "scope=snsapi_base&response_type=code",
            "parameter-order",
        ),
    ] {
        let wrong = good.replacen(from, to, 1);
        assert_ne!(wrong, good);
        for path in [
            Endpoint::WechatAuthorize.path(),
            "/sandbox/wechat/approve?person=xiaoming&",
        ] {
            let joint = if path.ends_with('&') { "" } else { "?" };
            let visit = browser
                .get_no_follow(&format!("{}{path}{joint}{wrong}", sandbox.base_url()))
                .await
                .unwrap();
            assert_eq!(
                (visit.status().as_u16(), visit.location()),
                (200, None),
                "{wrong}"
            );
            assert_eq!(
                visit.header("content-type"),
                Some("text/html; charset=utf-8")
            );
            assert!(
                visit.text().contains(&format!("data-error=\"{mark}\"")),
                "{wrong}: {}",
                visit.text()
            );
            let number = mark.parse().unwrap_or(200);
            assert_eq!(
                sandbox.call_log().entries().last().unwrap().outcome,
                Outcome::Refused(number)
            );
        }
    }
    assert_eq!(sandbox.call_log().codes_issued(), 0);
    assert!(
        sent_back(&sandbox, "snsapi_base")
            .await
            .starts_with("http://app.example/back?code=")
    );
}

#[tokio::test]
async fn without_a_registered_host_every_one_will_do() {
    let sandbox = Sandbox::builder()
        .wechat_auto_approve("xiaoming")
        .any_browser()
        .start()
        .await
        .unwrap();
    let query = query(&sandbox, "snsapi_base").replace("app.example", "127.0.0.1%3A3000");
    let visit = Browser::new()
        .get_no_follow(&url(&sandbox, &query))
        .await
        .unwrap();
    assert!(
        visit
            .location()
            .unwrap()
            .starts_with("http://127.0.0.1:3000/back?code=")
    );
}

#[tokio::test]
async fn other_browsers_are_told_to_use_wechat_and_may_pretend() {
    let sandbox = Sandbox::builder()
        .wechat_auto_approve("xiaoming")
        .start()
        .await
        .unwrap();
    let url = url(&sandbox, &query(&sandbox, "snsapi_base"));
    let desktop = Browser::new();
    for browser in [
        desktop.clone(),
        Browser::new().user_agent(WECOM),
        Browser::new().user_agent(""),
    ] {
        let page = browser.get_no_follow(&url).await.unwrap();
        assert_eq!(page.status(), 200);
        assert!(
            page.text().contains("data-error=\"not-wechat\"")
                && page.text().contains("请在微信客户端打开链接")
        );
    }
    let page = desktop.get_no_follow(&url).await.unwrap();
    let onward = page.link("data-pretend").unwrap();
    assert!(
        onward.ends_with("&state=S1&sandbox_browser=wechat"),
        "{onward}"
    );
    let back = desktop.get_no_follow(&onward).await.unwrap();
    assert!(back.location().unwrap().ends_with("&state=S1"));
    sandbox.set_wechat(WechatApproval::Ask);
    let asked = desktop.get_no_follow(&onward).await.unwrap();
    let chosen = desktop
        .get_no_follow(&asked.link("data-person=\"laoli\"").unwrap())
        .await
        .unwrap();
    assert!(chosen.location().unwrap().ends_with("&state=S1"));
    sandbox.accept_any_browser(true);
    assert!(
        desktop
            .get_no_follow(&url)
            .await
            .unwrap()
            .text()
            .contains("data-person")
    );
    sandbox.accept_any_browser(false);
    assert!(
        desktop
            .get_no_follow(&url)
            .await
            .unwrap()
            .text()
            .contains("not-wechat")
    );
}

#[tokio::test]
async fn code_is_good_once_for_five_minutes_and_for_its_account() {
    let hand = ManualClock::new(1_700_000_000);
    let builder = Sandbox::builder()
        .clock(hand.now())
        .official_account("wx00000000000000aa");
    let sandbox = builder
        .wechat_auto_approve("xiaoming")
        .start()
        .await
        .unwrap();
    let code = sandbox.issue_wechat_code("xiaoming").unwrap();
    let foreign = json!({ "appid": "wx00000000000000aa", "code": code });
    let foreign = post(&sandbox, OPEN_ID, &foreign).await.unwrap().json();
    assert_eq!(
        foreign,
        json!({ "code": 2001, "msg": "获取微信openid失败" })
    );
    assert_eq!(
        open_id(&sandbox, &code).await["code"],
        0,
        "a foreign account did not consume it"
    );
    assert_eq!(open_id(&sandbox, &code).await["code"], 2001, "consumed");
    let (early, late) = (
        sandbox.issue_wechat_code("xiaoming").unwrap(),
        sandbox.issue_wechat_code("xiaoming").unwrap(),
    );
    hand.advance(Duration::from_millis(299_999));
    assert_eq!(open_id(&sandbox, &early).await["code"], 0);
    hand.advance(Duration::from_millis(1));
    assert_eq!(open_id(&sandbox, &late).await["code"], 2001, "expired");
    assert_eq!(open_id(&sandbox, "never").await["code"], 2001);
    assert_eq!(sandbox.issue_wechat_code("unknown"), None);
    let call_log = sandbox.call_log();
    assert_eq!(
        (
            call_log.codes_issued(),
            call_log.codes_exchanged(),
            call_log.codes_refused()
        ),
        (3, 2, 4)
    );
    assert_eq!(call_log.max_uses_of_one_code(), 3);
}

#[tokio::test]
async fn openid_differs_from_account_to_account() {
    let builder = Sandbox::builder()
        .official_account("wx00000000000000aa")
        .any_browser();
    let sandbox = builder
        .wechat_auto_approve("xiaoming")
        .start()
        .await
        .unwrap();
    let query = query(&sandbox, "snsapi_base").replace(sandbox.app_id(), "wx00000000000000aa");
    let visit = Browser::new()
        .get_no_follow(&url(&sandbox, &query))
        .await
        .unwrap();
    let code = visit
        .location()
        .unwrap()
        .split(['=', '&'])
        .nth(1)
        .unwrap()
        .to_owned();
    let body = json!({ "appid": "wx00000000000000aa", "code": code });
    let answer = post(&sandbox, OPEN_ID, &body).await.unwrap().json();
    assert_eq!(answer["code"], 0);
    assert_eq!(
        answer["data"]["openId"],
        sandbox.wechat_people()[0].open_id("wx00000000000000aa")
    );
    assert_ne!(
        answer["data"]["openId"],
        sandbox.wechat_people()[0].open_id(sandbox.app_id())
    );
}

#[tokio::test]
async fn faults_of_the_redirect_happen_with_and_without_the_page() {
    let sandbox = Sandbox::builder()
        .wechat_auto_approve("xiaoming")
        .start()
        .await
        .unwrap();
    let faults = sandbox.faults();
    faults.once(Endpoint::WechatApprove, Fault::altered_state());
    faults.once(Endpoint::WechatApprove, Fault::StateMissing);
    assert!(
        sent_back(&sandbox, "snsapi_base")
            .await
            .ends_with("&state=S1https://i.maxthon.cn")
    );
    let first = sent_back(&sandbox, "snsapi_base").await;
    assert!(!first.contains("state"));
    sandbox.wechat_auto_approve("xiaohong");
    faults.once(Endpoint::WechatApprove, Fault::SameCode);
    assert_eq!(
        sent_back(&sandbox, "snsapi_base").await,
        format!("{first}&state=S1")
    );

    let approve = format!(
        "{}?person=xiaohong&{}",
        Endpoint::WechatApprove.path(),
        query(&sandbox, "snsapi_base")
    );
    faults.once(Endpoint::WechatApprove, Fault::StateMissing);
    let browser = Browser::new().user_agent(IPHONE);
    let visit = browser
        .get_no_follow(&format!("{}{approve}", sandbox.base_url()))
        .await
        .unwrap();
    assert!(!visit.location().unwrap().contains("state"));
    assert!(faults.pending(Endpoint::WechatApprove).is_empty());
    faults.once(Endpoint::Approve, Fault::StateMissing);
    assert!(
        sent_back(&sandbox, "snsapi_base")
            .await
            .ends_with("&state=S1"),
        "that is Weika's"
    );
}
