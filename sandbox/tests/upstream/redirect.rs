//! Weika's login page and its redirect, also for many visitors at once.

use super::*;

#[tokio::test]
async fn state_comes_back_byte_for_byte() {
    let sandbox = Sandbox::builder()
        .auto_approve("wang")
        .start()
        .await
        .unwrap();
    let back = "redirect_uri=http%3A%2F%2Fxxx.com";
    for state in [
        "S",
        "",
        "a%2Bb+c%20d",
        "%E7%8E%8B",
        "https://x/?a=b#",
        "a=b=c",
    ] {
        let state = state.replace('#', "%23");
        let location = redirected(&sandbox, &format!("state={state}&{back}")).await;
        let (start, rest) = location.split_once("&state=").unwrap();
        assert_eq!(rest, state);
        let code = start.strip_prefix("http://xxx.com?wxcode=").unwrap();
        assert!(code.len() == 18 && code.bytes().all(|byte| byte.is_ascii_digit()));
    }
    assert!(!redirected(&sandbox, back).await.contains("state"));
    sandbox.set_approval(Approval::Decline);
    assert_eq!(
        redirected(&sandbox, &format!("{back}&state=S")).await,
        "http://xxx.com?state=S"
    );
    assert_eq!(redirected(&sandbox, back).await, "http://xxx.com");
}

#[tokio::test]
async fn parameters_are_appended_where_they_belong() {
    let sandbox = Sandbox::builder().start().await.unwrap();
    sandbox.set_approval(Approval::Decline);
    let twice = Variation::SecondQuestionMark;
    for (redirect_uri, plain, quirky) in [
        ("http://x/cb", "http://x/cb?state=S", "http://x/cb?state=S"),
        (
            "http://x/cb?a=1",
            "http://x/cb?a=1&state=S",
            "http://x/cb?a=1?state=S",
        ),
        (
            "http://x/cb?",
            "http://x/cb?state=S",
            "http://x/cb??state=S",
        ),
        (
            "http://x/#/home",
            "http://x/?state=S#/home",
            "http://x/?state=S#/home",
        ),
        (
            "http://x/王",
            "http://x/%E7%8E%8B?state=S",
            "http://x/%E7%8E%8B?state=S",
        ),
    ] {
        let encoded: String =
            url::form_urlencoded::byte_serialize(redirect_uri.as_bytes()).collect();
        let parameters = format!("redirect_uri={encoded}&state=S");
        assert_eq!(redirected(&sandbox, &parameters).await, plain);
        sandbox.variations().on(twice.clone());
        assert_eq!(redirected(&sandbox, &parameters).await, quirky);
        sandbox.variations().off(&twice);
    }
}

#[tokio::test]
async fn person_chooses_on_the_page() {
    let sandbox = Sandbox::start().await.unwrap();
    let app = Sandbox::start().await.unwrap();
    let login = format!(
        "{}/open/auth/manager-connect?app_key={}&redirect_uri={}/back&state=a%2Bb",
        sandbox.base_url(),
        sandbox.app_key(),
        app.base_url(),
    );
    let browser = Browser::new();
    let page = browser.get(&login).await.unwrap();
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let back = browser.click(&page, "data-person=\"li\"").await.unwrap();
    let code = back.query("wxcode").unwrap();
    assert!(back.url().ends_with("&state=a%2Bb"));
    assert_eq!(manager_info(&sandbox, &code).await["name"], "李主任");
    let declined = browser.click(&page, "data-decline").await.unwrap();
    assert!(declined.url().ends_with("/back?state=a%2Bb"));
}

#[tokio::test]
async fn wrong_login_request_gets_a_page_and_no_redirect() {
    let sandbox = Sandbox::builder()
        .auto_approve("wang")
        .start()
        .await
        .unwrap();
    let key = sandbox.app_key();
    for query in [
        String::new(),
        "app_key=unknown&redirect_uri=http://x/".to_owned(),
        format!("app_key={key}"),
        format!("app_key={key}&redirect_uri=javascript:alert(1)"),
        format!("app_key={key}&redirect_uri=/relative"),
    ] {
        let answer = get(&sandbox, &format!("/open/auth/manager-connect?{query}"))
            .await
            .unwrap();
        assert_eq!(
            (answer.status, answer.header("location")),
            (400, None),
            "{query}"
        );
    }
    assert_eq!(get(&sandbox, TOKEN).await.unwrap().status, 405);
    assert_eq!(get(&sandbox, "/unknown").await.unwrap().status, 404);
    assert_eq!(sandbox.call_log().codes_issued(), 0);
    assert_eq!(sandbox.call_log().unknown_paths(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_logins_at_once_succeed() {
    const PEOPLE: usize = 1_000;
    let sandbox = Sandbox::builder()
        .auto_approve("wang")
        .start()
        .await
        .unwrap();
    let token = token(&sandbox).await;
    let sandbox = std::sync::Arc::new(sandbox);
    let mut logins = tokio::task::JoinSet::new();
    for _ in 0..PEOPLE {
        let (sandbox, token) = (std::sync::Arc::clone(&sandbox), token.clone());
        logins.spawn(async move {
            let location = redirected(&sandbox, "redirect_uri=http://x/").await;
            let code = location.strip_prefix("http://x/?wxcode=").unwrap();
            let target = format!("{INFO}?access_token={token}");
            post(&sandbox, &target, &json!({ "wxcode": code }))
                .await
                .unwrap()
                .json()["errcode"]
                .clone()
        });
    }
    let errcodes = logins.join_all().await;
    assert_eq!(errcodes, vec![json!(0); PEOPLE]);
    let call_log = sandbox.call_log();
    assert_eq!(
        (call_log.codes_exchanged(), call_log.max_uses_of_one_code()),
        (PEOPLE as u64, 1)
    );
    assert_eq!((call_log.tokens_issued(), call_log.codes_refused()), (1, 0));
}
