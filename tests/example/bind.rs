//! The page on which a WeChat user binds an account.

use serde_json::json;
use tower_weika_sandbox::{Browser, Endpoint, Fault, Sandbox, Visit};
use url::form_urlencoded::Serializer;

use crate::support::Site;
use crate::{address, control_page, log_in, phone, site_at, switch};

const XIAOHONG: &str = "13800000002";

/// Presses a button of the form on the page.
async fn press(browser: &Browser, page: &Visit, action: &str, mobile: &str, sms: &str) -> Visit {
    let mut form = Serializer::new(String::new());
    form.append_pair("mobile", mobile)
        .append_pair("sms", sms)
        .append_pair("action", action);
    browser
        .post_from(page.url(), page.url(), form.finish())
        .await
        .expect("the site responds")
}

/// The code that the sandbox shows in place of an SMS.
async fn sms(site: &Site, mobile: &str) -> String {
    let page = Browser::new()
        .get(&control_page(site))
        .await
        .expect("the sandbox responds")
        .text();
    let (_, code) = page
        .split_once(&format!("data-sms=\"{mobile}\">"))
        .expect("an SMS was sent");
    code.chars().take_while(char::is_ascii_digit).collect()
}

/// The status, and the notice above the form.
fn notice_of(page: &Visit) -> (u16, String) {
    let text = page.text();
    let notice = text
        .split_once("data-notice=")
        .and_then(|(_, rest)| rest.split_once('>'))
        .map(|(_, rest)| rest);
    let notice = notice
        .and_then(|rest| rest.split_once('<'))
        .map(|(notice, _)| notice);
    (
        page.status().as_u16(),
        notice.unwrap_or_default().to_owned(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn binding_with_an_sms_returns_to_the_target_bound() {
    let site = Site::start(&[]);
    let browser = phone();
    let page = log_in(&browser, &format!("{}/app/deep?x=1", site.url), "xiaohong").await;
    assert!(
        page.text().contains(XIAOHONG) && page.text().contains("/sandbox/control"),
        "a hint at the sandbox is shown"
    );
    assert!(
        !page.text().contains("oFollowerXiaohong00000000001"),
        "the openid is not shown"
    );
    switch(&site, "person:xiaohong").await;

    let page = press(&browser, &page, "sms", XIAOHONG, "").await;
    assert_eq!(
        notice_of(&page),
        (200, "验证码已发送，请查看短信。".to_owned())
    );
    assert!(
        page.text().contains(&format!("value=\"{XIAOHONG}\"")),
        "the input is kept"
    );
    assert_eq!(page.query("return_to").as_deref(), Some("/app/deep?x=1"));

    let code = sms(&site, XIAOHONG).await;
    let page = press(&browser, &page, "bind", XIAOHONG, &code).await;
    assert_eq!(
        (page.status().as_u16(), address(&page)),
        (200, format!("{}/app/deep?x=1", site.url).as_str())
    );
    assert_eq!(page.hops()[0].status, 303);
    assert_eq!(
        page.hops()[0].location.as_deref(),
        Some("/auth/wechat/login?return_to=%2Fapp%2Fdeep%3Fx%3D1")
    );
    let me = browser
        .fetch(&format!("{}/api/me", site.url))
        .await
        .unwrap()
        .json()
        .unwrap();
    assert_eq!(me["wechat"]["bound"], json!(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_failure_has_a_notice_and_the_form_is_kept() {
    let site = Site::start(&[]);
    let browser = phone();
    let page = log_in(&browser, &format!("{}/bind", site.url), "xiaohong").await;
    let page = press(&browser, &page, "sms", XIAOHONG, "").await;
    for (action, mobile, sms, expected) in [
        ("sms", "", "", "请输入手机号"),
        ("sms", "  ", "", "请输入手机号"),
        ("bind", "", "123456", "请输入手机号"),
        ("bind", XIAOHONG, "", "请输入短信验证码"),
        ("bind", XIAOHONG, "nonsense", "短信验证码不正确"),
        ("sms", XIAOHONG, "", "请勿频繁获取验证码，请稍后再试"),
        ("sms", "12345", "", "短信发送失败，请检查手机号"),
        ("bind", "13900000009", "123456", "没有使用此手机号的用户"),
        (
            "bind",
            "13800000001",
            "123456",
            "短信验证码已失效，请重新获取",
        ),
        ("nonsense", "", "", "请输入手机号"),
    ] {
        let page = press(&browser, &page, action, mobile, sms).await;
        assert_eq!(
            notice_of(&page),
            (422, expected.to_owned()),
            "{action} {mobile} {sms}"
        );
        let is_about_the_code =
            expected.starts_with("短信验证码") || expected.starts_with("请输入短信验证码");
        let is_about_the_mobile = [
            "请输入手机号",
            "短信发送失败，请检查手机号",
            "没有使用此手机号的用户",
        ]
        .contains(&expected);
        // A rejected code cannot be used again, so it is not kept.
        let (mobile, sms) = (
            mobile.trim(),
            if is_about_the_code { "" } else { sms.trim() },
        );
        let wrong = " aria-invalid=\"true\" aria-describedby=\"notice\"";
        for (value, is_wrong) in [(mobile, is_about_the_mobile), (sms, is_about_the_code)] {
            let field = format!(
                "required value=\"{value}\"{}>",
                if is_wrong { wrong } else { "" }
            );
            assert!(page.text().contains(&field), "{action} {field}");
        }
        assert_eq!(
            page.text().matches("aria-invalid").count(),
            usize::from(is_about_the_code || is_about_the_mobile)
        );
        assert!(
            page.text().contains("name=\"mobile\" type=\"tel\""),
            "{action}"
        );
    }
    let english = browser
        .get(&format!("{}/bind?lang=en&return_to=%2Fapp", site.url))
        .await
        .unwrap();
    let page = press(&browser, &english, "sms", "\"><script>", "").await;
    assert_eq!(
        notice_of(&page),
        (
            422,
            "The text message could not be sent. Please check the mobile number".to_owned()
        )
    );
    assert!(page.text().contains("&quot;&gt;&lt;script&gt;") && !page.text().contains("<script"));
}

#[tokio::test(flavor = "multi_thread")]
async fn number_of_another_user_cannot_be_bound() {
    let site = Site::start(&[]);
    let browser = phone();
    let page = log_in(&browser, &format!("{}/bind", site.url), "xiaohong").await;
    press(&browser, &page, "sms", "13800000001", "").await;
    let code = sms(&site, "13800000001").await;
    let page = press(&browser, &page, "bind", "13800000001", &code).await;
    assert_eq!(notice_of(&page), (422, "此用户已绑定其他微信".to_owned()));
    let me = browser
        .fetch(&format!("{}/api/me", site.url))
        .await
        .unwrap()
        .json()
        .unwrap();
    assert_eq!(me["wechat"]["bound"], json!(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn openid_comes_from_the_session_and_never_from_the_form() {
    let sandbox = Sandbox::builder()
        .wechat_auto_approve("xiaohong")
        .start()
        .await
        .unwrap();
    let site = site_at(&sandbox, &[]);
    let browser = phone();
    let page = browser.get(&format!("{}/bind", site.url)).await.unwrap();
    press(&browser, &page, "sms", XIAOHONG, "").await;
    let code = sandbox.last_sms(XIAOHONG).unwrap();
    let form = format!(
        "mobile={XIAOHONG}&sms={code}&action=bind&openId=oFollowerLaoli00000000000001&open_id=oFollowerLaoli00000000000001"
    );
    let page = browser
        .post_from(page.url(), page.url(), form)
        .await
        .unwrap();
    assert_eq!(page.path(), "/");
    let me = browser
        .fetch(&format!("{}/api/me", site.url))
        .await
        .unwrap()
        .json()
        .unwrap();
    assert_eq!(
        me["wechat"]["open_id"],
        json!("oFollowerXiaohong00000000001")
    );
    assert_eq!(me["wechat"]["bound"], json!(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_binding_service_is_502_and_invalid_input_is_not() {
    let sandbox = Sandbox::builder()
        .wechat_auto_approve("xiaohong")
        .start()
        .await
        .unwrap();
    let site = site_at(&sandbox, &[]);
    let browser = phone();
    let page = browser.get(&format!("{}/bind", site.url)).await.unwrap();
    sandbox.faults().once(Endpoint::SendSms, Fault::BadGateway);
    let page = press(&browser, &page, "sms", XIAOHONG, "").await;
    assert_eq!(
        notice_of(&page),
        (502, "绑定服务暂时不可用，请稍后再试".to_owned())
    );
    assert!(page.text().contains(XIAOHONG), "the input is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn bound_user_is_redirected_to_the_target_at_once() {
    let site = Site::start(&[]);
    let browser = phone();
    let page = log_in(
        &browser,
        &format!("{}/bind?return_to=%2Fapp%2Fdeep%3Fx%3D1", site.url),
        "xiaoming",
    )
    .await;
    assert_eq!(page.url(), format!("{}/app/deep?x=1", site.url));
    for (return_to, expected) in [
        ("", "/"),
        ("?return_to=", "/"),
        ("?return_to=https%3A%2F%2Fevil.example%2F", "/"),
        ("?return_to=%2F%2Fevil.example", "/"),
        ("?return_to=%2F%5Cevil.example", "/"),
        ("?return_to=%2Fauth%2Fwechat%2Flogout", "/"),
        ("?return_to=%2Fauth%2Fweika%2Flogin", "/"),
        ("?return_to=%2Fpretend", "/"),
        ("?return_to=%2Fapp%0d%0aX%3A1", "/"),
    ] {
        let sent = browser
            .get_no_follow(&format!("{}/bind{return_to}", site.url))
            .await
            .unwrap();
        assert_eq!(
            (sent.status().as_u16(), sent.location()),
            (303, Some(expected)),
            "{return_to}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_targets_and_forms_of_other_sites_are_rejected() {
    let site = Site::start(&[]);
    let browser = phone();
    let page = log_in(
        &browser,
        &format!("{}/bind?return_to=https%3A%2F%2Fevil.example%2F", site.url),
        "xiaohong",
    )
    .await;
    assert!(
        page.text().contains("href=\"/auth/wechat/login\""),
        "the login drops the foreign target"
    );

    let form = format!("mobile={XIAOHONG}&action=sms");
    let rejected = browser
        .post_from("https://evil.example/", page.url(), form.clone())
        .await
        .unwrap();
    // The browser does not send the session cookie either.
    assert!(
        matches!(rejected.status().as_u16(), 401 | 403),
        "{}",
        rejected.status()
    );
    let anonymous = phone()
        .post(&format!("{}/bind", site.url), form)
        .await
        .unwrap();
    assert_eq!(anonymous.status(), 401);
    let control = Browser::new()
        .get(&control_page(&site))
        .await
        .unwrap()
        .text();
    assert!(!control.contains("data-sms"), "no SMS was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_forms_and_queries_get_the_page() {
    let site = Site::start(&[]);
    let browser = phone();
    let bind = format!("{}/bind?return_to=%2Fa&return_to=%2Fb", site.url);
    let page = log_in(&browser, &bind, "xiaohong").await;
    assert!(
        page.status() == 200
            && page
                .text()
                .contains("href=\"/auth/wechat/login?return_to=%2Fa\""),
        "the first target is used"
    );
    for (form, status) in [
        (String::new(), 422),
        ("mobile=1&mobile=2".to_owned(), 422),
        ("x".repeat(20_000), 413),
    ] {
        let page = browser.post_from(&bind, &bind, form).await.unwrap();
        let (shown_status, notice) = notice_of(&page);
        assert_eq!(shown_status, status, "{notice}");
        assert!(
            !notice.is_empty() && page.text().contains("data-bind"),
            "{shown_status}"
        );
    }
    let page = raw_post(&site, &browser, "/bind").await;
    assert!(
        page.starts_with("HTTP/1.1 415") && page.contains("data-notice=\"refused\""),
        "{page}"
    );
    let page = raw_post(&site, &browser, "/pretend").await;
    assert!(page.starts_with("HTTP/1.1 303"), "{page}");
}

/// Sends a form of this site without a body and without a content type, which no browser does.
async fn raw_post(site: &Site, browser: &Browser, path: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let host = site.url.trim_start_matches("http://");
    let cookies: Vec<_> = browser
        .cookies()
        .iter()
        .map(|cookie| format!("{}={}", cookie.name, cookie.value))
        .collect();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\norigin: {}\r\ncookie: {}\r\nconnection: close\r\n\r\n",
        site.url,
        cookies.join("; "),
    );
    let mut stream = tokio::net::TcpStream::connect(host)
        .await
        .expect("the site listens");
    stream
        .write_all(head.as_bytes())
        .await
        .expect("the site reads");
    let mut response = Vec::new();
    stream
        .read_to_end(&mut response)
        .await
        .expect("the site responds");
    String::from_utf8_lossy(&response).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn binding_that_the_operator_denies_is_reported_once() {
    let site = Site::start(&[]);
    switch(&site, "binding:all-unbound").await;
    for (person, mobile, language, expected) in [
        (
            "xiaohong",
            XIAOHONG,
            "",
            "绑定已提交，但绑定服务仍显示未绑定。请稍后重试，或联系学校。",
        ),
        (
            "xiaoming",
            "13800000001",
            "?lang=en",
            "The account was linked, but the binding service still reports it as not linked. Please try again later, or contact your school.",
        ),
    ] {
        let browser = phone();
        let page = log_in(&browser, &format!("{}/app{language}", site.url), person).await;
        assert_eq!((page.path(), notice_of(&page).1.as_str()), ("/bind", ""));
        switch(&site, &format!("person:{person}")).await;
        press(&browser, &page, "sms", mobile, "").await;
        let code = sms(&site, mobile).await;
        let page = press(&browser, &page, "bind", mobile, &code).await;
        assert_eq!(
            (page.path(), notice_of(&page)),
            ("/bind", (200, expected.to_owned()))
        );
        let cookie = page.hops()[0].set_cookies.first().unwrap();
        assert_eq!(
            cookie,
            "just-bound=1; Path=/bind; HttpOnly; SameSite=Lax; Max-Age=60"
        );
        assert_eq!(
            notice_of(&browser.get(page.url()).await.unwrap()).1,
            "",
            "once"
        );
        switch(&site, "phone:ask").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn user_who_is_bound_already_is_redirected_without_an_sms() {
    let site = Site::start(&[]);
    let browser = phone();
    log_in(&browser, &format!("{}/app", site.url), "xiaoming").await;
    let bind = format!("{}/bind?return_to=%2Fapp%2Fdeep", site.url);
    let page = browser
        .post_from(&bind, &bind, "action=sms&mobile=13800000001")
        .await
        .unwrap();
    assert_eq!(page.url(), format!("{}/app/deep", site.url));
    let control = Browser::new()
        .get(&control_page(&site))
        .await
        .unwrap()
        .text();
    assert!(!control.contains("data-sms"), "no SMS was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn language_is_kept_on_the_redirect_to_the_page() {
    let site = Site::start(&[]);
    let page = log_in(&phone(), &format!("{}/app?lang=en", site.url), "xiaohong").await;
    assert!(
        page.path() == "/bind" && page.text().contains("Mobile number"),
        "{}",
        page.url()
    );
}
