//! Logins and logouts in four engines.
//!
//! The site is on `localhost` and the sandbox on `127.0.0.1`, so that a login leads through another
//! site, as in production: `SameSite`, `Sec-Fetch-Site` and the back/forward cache depend on it.
//! nginx terminates TLS in front of the site, unless a flow is about plain http.

use serde_json::json;

use crate::engine::Engine;
use crate::kind::{Kind, desktop, wechat};
use crate::narrow_window::{
    generated_pages_fit_the_narrowest_window, pages_fit_the_narrowest_window,
    pages_of_wechat_users_fit_the_narrowest_window,
};
use crate::stage::{Stage, XIAOHONG, XIAOMING};
use crate::{WANG, tls};

/// Declares each flow as a test of each engine; those behind the semicolon need several windows or
/// `Sec-Fetch-Dest`, which WPE does not have. `tests/run` chooses the engines by the names of these
/// modules.
macro_rules! flows {
    ($($flow:ident)*; $($not_in_wpe:ident)*) => {
        flows!(in_chromium Chromium "needs Chromium; run tests/run" $($flow)* $($not_in_wpe)*);
        flows!(in_webkit_gtk WebKitGtk "needs WebKitGTK; run tests/run" $($flow)* $($not_in_wpe)*);
        flows!(in_firefox Firefox "needs Firefox; run tests/run --weekly" $($flow)* $($not_in_wpe)*);
        flows!(in_wpe Wpe "needs WPE WebKit; run tests/run --weekly" $($flow)*);
    };
    ($module:ident $engine:ident $reason:literal $($flow:ident)*) => {
        mod $module {
            use crate::engine::Engine;

            $(
                #[ignore = $reason]
                #[tokio::test(flavor = "multi_thread")]
                async fn $flow() {
                    super::$flow(Engine::$engine).await;
                }
            )*
        }
    };
}

flows! {
    manager_logs_in_and_out
    member_logs_in_and_out_beside_a_manager
    wechat_user_logs_in_and_out
    wechat_user_links_an_account
    linking_needs_no_second_click_while_wechat_approves_automatically
    other_browser_than_wechat_gets_a_qr_code
    s5_back_after_a_logout_shows_no_guarded_page_over_tls
    s5_back_after_a_logout_shows_members_and_wechat_users_no_guarded_page
    s5_back_after_a_logout_over_http_depends_on_the_engine
    back_button_after_the_login_leads_to_a_working_login
    callback_can_be_reloaded_and_is_invalid_without_its_cookies
    session_cookie_comes_with_a_link_from_another_site
    form_of_another_site_gets_a_page_that_leads_on
    script_without_a_session_gets_401_and_no_redirect
    form_of_an_expired_session_gets_a_page_that_says_so
    lost_cookies_restart_the_login_once
    blocked_cookies_end_on_a_page_that_names_the_cause
    login_and_logout_need_no_scripts
    user_logs_another_device_out
    pages_fit_the_narrowest_window
    pages_of_wechat_users_fit_the_narrowest_window
    generated_pages_fit_the_narrowest_window;
    two_tabs_log_in_independently
    logout_in_one_tab_is_a_logout_in_the_other
    frame_on_another_site_gets_a_page_with_a_link_that_leaves_it
}

async fn manager_logs_in_and_out(engine: Engine) {
    let stage = Stage::over_tls(desktop(engine)).await;
    let browser = &stage.browser;
    stage.open("/admin/deep?x=1").await;
    stage.log_in(WANG, "[data-asked]").await;
    assert_eq!(browser.address().await, "/admin/deep?x=1");
    let asked = browser.find("[data-asked]").await.text().await;
    assert_eq!(asked.expect("text"), "/admin/deep?x=1");

    let cookies = browser.client.get_all_cookies().await.expect("cookies");
    assert!(!cookies.is_empty());
    for cookie in cookies {
        assert!(cookie.name().starts_with("__Host-"), "{}", cookie.name());
        assert_eq!(cookie.secure(), Some(true), "{}", cookie.name());
        assert_eq!(cookie.http_only(), Some(true), "{}", cookie.name());
    }

    stage.open("/").await;
    browser.find("[data-manager]").await;
    stage.open("/admin").await;
    browser.find("[data-asked]").await;
    stage.log_out().await;
    stage.open("/admin").await;
    stage.see_login().await;
}

async fn member_logs_in_and_out_beside_a_manager(engine: Engine) {
    let stage = Stage::over_tls(desktop(engine)).await;
    let browser = &stage.browser;
    stage.open("/card?x=1").await;
    browser.click(WANG).await;
    browser.find("[data-member]").await;
    assert_eq!(browser.address().await, "/card?x=1");
    stage.open("/").await;
    browser.click("[data-login]").await;
    stage.log_in(WANG, "[data-manager]").await;
    assert!(browser.has("[data-member]").await, "both logins at once");
    browser.click("[data-logout=weika-member]").await;
    browser.find("[data-member-login]").await;
    assert!(browser.has("[data-manager]").await);
}

async fn wechat_user_logs_in_and_out(engine: Engine) {
    let stage = Stage::over_tls(wechat(engine)).await;
    let browser = &stage.browser;
    stage.open("/app/deep/path?x=1").await;
    browser.click(XIAOMING).await;
    browser.find("[data-wechat=bound]").await;
    assert_eq!(browser.address().await, "/app/deep/path?x=1");
    stage.open("/").await;
    browser.click("[data-logout=wechat]").await;
    browser.see("Not logged in").await;
}

async fn wechat_user_links_an_account(engine: Engine) {
    let stage = Stage::over_http(wechat(engine)).await;
    let browser = &stage.browser;
    stage.open("/app/deep?x=1").await;
    browser.click(XIAOHONG).await;
    browser.find("[data-bind]").await;
    let code = stage.request_sms("13800000002").await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    browser.fill("[name=sms]", wrong).await;
    browser.click(".submit").await;
    browser.find("[data-notice=refused]").await;
    browser.fill("[name=sms]", &code).await;
    browser.click(".submit").await;
    browser.click(XIAOHONG).await;
    browser.find("[data-wechat=bound]").await;
    assert_eq!(browser.address().await, "/app/deep?x=1");
}

async fn linking_needs_no_second_click_while_wechat_approves_automatically(engine: Engine) {
    let stage = Stage::over_http(wechat(engine)).await;
    let browser = &stage.browser;
    stage.switch("person:xiaohong").await;
    stage.open("/app/deep?x=1").await;
    let code = stage.request_sms("13800000002").await;
    browser.fill("[name=sms]", &code).await;
    // The page's content security policy must allow the redirects of the form to WeChat and back.
    browser.click(".submit").await;
    browser.find("[data-wechat=bound]").await;
    let address = browser.address().await;
    assert!(address.starts_with("/app/deep?x=1"), "{address}");
}

async fn other_browser_than_wechat_gets_a_qr_code(engine: Engine) {
    let stage = Stage::over_tls(desktop(engine)).await;
    stage.open("/app").await;
    stage.browser.see("Please open this in WeChat").await;
    let code = stage.browser.find("svg").await;
    assert!(code.is_displayed().await.expect("on the page"));
}

/// Logs in as this person at a guarded page with this element, logs out there, and goes back.
async fn go_back_after_a_logout(stage: &Stage, path: &str, person: &str, element: &str) {
    stage.open(path).await;
    stage.browser.click(person).await;
    stage.browser.find(element).await;
    // A page that is restored from the back/forward cache keeps its variables.
    stage.browser.run("window.isRestored = true").await;
    stage.log_out().await;
    stage.browser.client.back().await.expect("a page before");
}

async fn s5_back_after_a_logout_shows_no_guarded_page_over_tls(engine: Engine) {
    let stage = Stage::over_tls(desktop(engine)).await;
    // The second logout replaces the marker of the first one.
    for _ in 0..2 {
        go_back_after_a_logout(&stage, "/admin", WANG, "[data-asked]").await;
        // The page was requested again, and the guard redirected to the login.
        stage.see_login().await;
        assert!(stage.browser.run("return !window.isRestored").await == true);
    }
}

async fn s5_back_after_a_logout_shows_members_and_wechat_users_no_guarded_page(engine: Engine) {
    let stage = Stage::over_tls(wechat(engine)).await;
    for (path, person, element) in [
        ("/card", WANG, "[data-member]"),
        ("/app", XIAOMING, "[data-wechat=bound]"),
    ] {
        go_back_after_a_logout(&stage, path, person, element).await;
        stage.browser.find(person).await;
        assert!(stage.browser.run("return !window.isRestored").await == true);
    }
}

/// WebKit shows the guarded page on plain http, which is for development only. If this fails in
/// WebKit, correct the documentation of `login`.
async fn s5_back_after_a_logout_over_http_depends_on_the_engine(engine: Engine) {
    let stage = Stage::over_http(desktop(engine)).await;
    go_back_after_a_logout(&stage, "/admin", WANG, "[data-asked]").await;
    if engine.is_webkit() {
        stage.browser.find("[data-asked]").await;
        assert!(stage.browser.run("return window.isRestored").await == true);
    } else {
        stage.see_login().await;
        assert!(stage.browser.run("return !window.isRestored").await == true);
    }
}

async fn back_button_after_the_login_leads_to_a_working_login(engine: Engine) {
    let stage = Stage::over_tls(desktop(engine)).await;
    stage.open("/").await;
    stage.browser.click("[data-login]").await;
    stage.log_in(WANG, "[data-manager]").await;
    stage.browser.client.back().await.expect("a page before");

    // The same login again, with another code.
    stage.log_in(WANG, "[data-manager]").await;
    assert_eq!(stage.browser.address().await, "/");
}

async fn callback_can_be_reloaded_and_is_invalid_without_its_cookies(engine: Engine) {
    let stage = Stage::over_tls(desktop(engine)).await;
    let browser = &stage.browser;
    stage.open("/admin/deep").await;
    let approve = browser.find(WANG).await.prop("href").await;
    let approve = approve.expect("an element").expect("a link");
    let redirect = tower_weika_sandbox::Browser::new()
        .get_no_follow(&approve)
        .await
        .expect("the sandbox");
    let callback = redirect.location().expect("a redirect");

    for _ in 0..3 {
        browser.go(callback).await;
        browser.find("[data-asked]").await;
        assert_eq!(browser.address().await, "/admin/deep");
    }
    browser.client.delete_all_cookies().await.expect("a page");
    browser.go(callback).await;
    browser.see("This login link is no longer valid").await;
}

async fn session_cookie_comes_with_a_link_from_another_site(engine: Engine) {
    let stage = Stage::over_tls(desktop(engine)).await;
    let browser = &stage.browser;
    stage.open("/admin").await;
    stage.log_in(WANG, "[data-asked]").await;
    browser.go(stage.sandbox()).await;
    let link = "const link = document.createElement('a'); link.href = arguments[0]; link.id = 'link'; \
                link.textContent = 'to the site'; document.body.prepend(link)";
    let target = json!(format!("{}/admin/link", stage.origin));
    browser
        .client
        .execute(link, vec![target])
        .await
        .expect("a script");
    browser.click("#link").await;
    browser.find("[data-asked]").await;
    assert_eq!(browser.address().await, "/admin/link");
}

/// `SameSite=Lax` keeps the session cookie from such a form.
async fn form_of_another_site_gets_a_page_that_leads_on(engine: Engine) {
    let stage = Stage::over_tls(desktop(engine)).await;
    let browser = &stage.browser;
    stage.open("/admin").await;
    stage.log_in(WANG, "[data-asked]").await;
    stage.open_other_site().await;
    let form = "const form = document.createElement('form'); form.method = 'post'; \
                form.action = arguments[0]; form.append(document.createElement('button')); \
                form.firstChild.textContent = 'send'; document.body.append(form)";
    let target = json!(format!("{}/admin/form?x=1", stage.origin));
    let written = browser.client.execute(form, vec![target]).await;
    written.expect("a script");
    browser.click("button").await;
    browser.see("You are coming back from another site").await;
    browser.click("main a").await;
    browser.find("[data-asked]").await;
    assert_eq!(browser.address().await, "/admin/form?x=1");
}

async fn frame_on_another_site_gets_a_page_with_a_link_that_leaves_it(engine: Engine) {
    let stage = Stage::over_tls(desktop(engine)).await;
    let browser = &stage.browser;
    stage.open_other_site().await;
    let frame = "const frame = document.createElement('iframe'); frame.src = arguments[0]; \
                 document.body.append(frame)";
    let target = json!(format!("{}/admin/framed", stage.origin));
    let written = browser.client.execute(frame, vec![target]).await;
    written.expect("a script");
    let frame = browser.find("iframe").await;
    frame.enter_frame().await.expect("a frame");
    browser.see("The login needs the whole window").await;
    browser.click("main a").await;
    browser.client.enter_parent_frame().await.expect("a page");
    stage.log_in(WANG, "[data-asked]").await;
    assert_eq!(browser.address().await, "/admin/framed");
}

async fn script_without_a_session_gets_401_and_no_redirect(engine: Engine) {
    let stage = Stage::over_tls(desktop(engine)).await;
    let script = "const done = arguments[arguments.length - 1]; \
                  fetch('/admin').then(async it => done([it.status, it.redirected, (await it.json()).error])) \
                  .catch(error => done(String(error)))";
    stage.open(tls::BLANK).await;
    let response = stage.browser.client.execute_async(script, Vec::new()).await;
    assert_eq!(
        response.expect("a response"),
        json!([401, false, "login_required"])
    );
    // Neither did it begin a login.
    let cookies = stage.browser.client.get_all_cookies().await;
    assert!(cookies.expect("a page").is_empty());
}

async fn form_of_an_expired_session_gets_a_page_that_says_so(engine: Engine) {
    let stage = Stage::over_tls(wechat(engine)).await;
    let browser = &stage.browser;
    stage.open("/bind").await;
    browser.click(XIAOHONG).await;
    browser.find("[data-bind]").await;
    browser.client.delete_all_cookies().await.expect("a page");
    browser.fill("[name=mobile]", "13800000002").await;
    browser.click(".send").await;
    browser.see("Your login has expired").await;
    browser.click("main a").await;
    browser.click(XIAOHONG).await;
    browser.find("[data-bind]").await;
}

async fn lost_cookies_restart_the_login_once(engine: Engine) {
    let stage = Stage::over_tls(desktop(engine)).await;
    stage.open("/admin/deep").await;
    stage.see_login().await;
    stage.lose_cookies().await;
    stage.restart_login().await;
    // The return target was in a cookie.
    stage.log_in(WANG, "[data-manager]").await;
    assert_eq!(stage.browser.address().await, "/");
}

async fn blocked_cookies_end_on_a_page_that_names_the_cause(engine: Engine) {
    let kind = Kind {
        blocks_cookies: true,
        ..desktop(engine)
    };
    let stage = Stage::over_tls(kind).await;
    let browser = &stage.browser;
    stage.open("/admin").await;
    stage.restart_login().await;
    browser.click(WANG).await;
    browser.see("You could not be kept logged in").await;
}

async fn login_and_logout_need_no_scripts(engine: Engine) {
    let kind = Kind {
        runs_scripts: false,
        // Without scripts, chromedriver cannot touch, only click.
        is_phone: false,
        ..wechat(engine)
    };
    let stage = Stage::over_http(kind).await;
    let browser = &stage.browser;
    browser
        .go("data:text/html,<title>off</title><script>document.title='on'</script>")
        .await;
    assert_eq!(browser.client.title().await.expect("a page"), "off");

    stage.open("/admin").await;
    stage.log_in(WANG, "[data-asked]").await;
    stage.open("/card").await;
    browser.click(WANG).await;
    browser.find("[data-member]").await;
    stage.open("/app/deep").await;
    browser.click(XIAOHONG).await;
    browser.find("[data-bind]").await;
    let code = stage.request_sms("13800000002").await;
    browser.fill("[name=sms]", &code).await;
    browser.click(".submit").await;
    browser.click(XIAOHONG).await;
    browser.find("[data-wechat=bound]").await;
    stage.open("/admin").await;
    browser.click(".top form button").await;
    browser.find("[data-login]").await;
}

/// Its form is accepted without `Sec-Fetch-Site`, too.
async fn user_logs_another_device_out(engine: Engine) {
    let stage = Stage::over_http(desktop(engine)).await;
    let browser = &stage.browser;
    let admin = format!("{}/admin", stage.origin);
    let other = tower_weika_sandbox::Browser::new();
    let page = other.get(&admin).await.expect("the site");
    let page = other.click(&page, "data-person=\"wang\"").await;
    assert_eq!(page.expect("the sandbox").url(), admin);

    stage.open("/devices").await;
    stage.log_in(WANG, "[data-revoke]").await;
    browser.click("[data-revoke]").await;
    browser.see("The device has been logged out").await;
    assert_eq!(browser.address().await, "/devices");
    let home = other.get(&format!("{}/", stage.origin)).await;
    let home = home.expect("the site").text();
    assert!(
        home.contains("data-login") && !home.contains("data-manager"),
        "{home}"
    );
}

async fn two_tabs_log_in_independently(engine: Engine) {
    let stage = Stage::over_tls(desktop(engine)).await;
    let client = &stage.browser.client;
    stage.open("/admin/first").await;
    stage.see_login().await;
    let first = client.window().await.expect("a tab");
    let second = client.new_window(true).await.expect("another tab").handle;
    client
        .switch_to_window(second.clone())
        .await
        .expect("the new tab");
    stage.open("/admin/second").await;
    stage.see_login().await;

    for (tab, address) in [(first, "/admin/first"), (second, "/admin/second")] {
        client.switch_to_window(tab).await.expect("a tab");
        stage.log_in(WANG, "[data-asked]").await;
        assert_eq!(stage.browser.address().await, address);
    }
}

async fn logout_in_one_tab_is_a_logout_in_the_other(engine: Engine) {
    let stage = Stage::over_tls(desktop(engine)).await;
    let browser = &stage.browser;
    stage.open("/devices").await;
    stage.log_in(WANG, "[data-device]").await;
    let first = browser.client.window().await.expect("a tab");
    let second = browser.client.new_window(true).await;
    let second = second.expect("another tab").handle;
    browser
        .client
        .switch_to_window(second)
        .await
        .expect("the new tab");
    stage.open("/admin").await;
    browser.find("[data-asked]").await;
    stage.log_out().await;
    browser
        .client
        .switch_to_window(first)
        .await
        .expect("the first tab");
    browser.client.refresh().await.expect("a page");
    stage.log_in(WANG, "[data-device]").await;
}
