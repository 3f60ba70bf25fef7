//! Guards that require a recent session, and the new login that replaces an older one.

use http::header::CONTENT_TYPE;

use super::*;
use crate::guard::{LoggedIn, Recent};
use crate::response::{Reason, Rejection};

const MINUTE: Duration = Duration::from_secs(60);

async fn inside(_: Request<Body>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(Body::from("inside")))
}

/// The response of a service that accepts a session for a minute.
async fn visit(site: &Site, request: Request<Body>) -> TextResponse {
    let guard = GuardLayer::<Person>::logged_in().max_age(MINUTE);
    let guarded = guard.clock(site.clock.clock()).layer(service_fn(inside));
    collect(site.login.layer(guarded).oneshot(request).await.unwrap()).await
}

/// A browser that logged in more than a minute ago. The marker of the login has expired.
async fn browser(site: &Site) -> Jar {
    let mut jar = Jar::default();
    site.log_in(&mut jar, "wang").await;
    assert_eq!(visit(site, jar.get("/danger")).await.text, "inside");
    site.clock.advance(MINUTE + Duration::from_millis(1));
    forget_marker(&mut jar);
    jar
}

/// Removes the marker of the last login, as a browser does after ten seconds.
fn forget_marker(jar: &mut Jar) {
    let before = jar.0.len();
    jar.0.retain(|(name, _)| !name.ends_with("-result"));
    assert_eq!(jar.0.len(), before - 1);
}

fn with<'h>(
    mut request: Request<Body>,
    headers: impl IntoIterator<Item = (&'static str, &'h str)>,
) -> Request<Body> {
    for (name, value) in headers {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    request
}

#[tokio::test]
async fn old_session_is_replaced_by_a_new_login_that_leads_back_to_the_page() {
    let site = Site::new();
    let mut jar = browser(&site).await;
    let old = jar.clone();
    let refused = visit(&site, jar.get("/danger/课?a=%20b")).await;
    assert!(refused.is_to_provider());
    jar.apply(&refused);
    let back = site.callback(&mut jar, "wang", &refused.state()).await;
    assert_eq!(back.location(), "/danger/%E8%AF%BE?a=%20b");
    assert_eq!(visit(&site, jar.get("/danger")).await.text, "inside");
    // The old session is revoked, also for a thief of its cookie.
    assert_eq!(site.who(&old).await, "anonymous");
    assert_eq!(site.who(&jar).await, "wang");
}

/// Both tabs renew the same old session. Requests with the new session of the first may be under way
/// when the second completes.
#[tokio::test]
async fn two_tabs_that_renew_an_old_session_replace_that_session_only() {
    let site = Site::new();
    let mut jar = browser(&site).await;
    let old = jar.clone();
    let mut states = Vec::new();
    for _ in 0..2 {
        let refused = visit(&site, jar.get("/danger")).await;
        jar.apply(&refused);
        states.push(refused.state());
    }
    site.callback(&mut jar, "wang", &states[0]).await;
    let first = jar.clone();
    site.callback(&mut jar, "wang", &states[1]).await;
    assert_ne!(first.0, jar.0);
    for jar in [&first, &jar] {
        assert_eq!(visit(&site, jar.get("/danger")).await.text, "inside");
    }
    assert_eq!(site.who(&old).await, "anonymous");
}

#[tokio::test]
async fn old_session_stays_if_the_user_declines_the_new_login() {
    let site = Site::new();
    let mut jar = browser(&site).await;
    let refused = visit(&site, jar.get("/danger")).await;
    jar.apply(&refused);
    let url = format!("/auth/weika/callback?state={}", refused.state());
    let declined = site.send(jar.get(&url)).await;
    assert_eq!(declined.parts.status, StatusCode::FORBIDDEN);
    assert_eq!(site.who(&jar).await, "wang");
    assert!(visit(&site, jar.get("/danger")).await.is_to_provider());
}

#[tokio::test]
async fn provider_learns_that_a_fresh_login_is_asked_for_also_when_the_login_restarts() {
    let site = Site::new();
    let mut jar = browser(&site).await;
    let refused = visit(&site, jar.get("/danger")).await;
    jar.apply(&refused);
    let again = site.callback(&mut jar, "bad", &refused.state()).await;
    assert!(again.is_to_provider());
    // The login of a browser without a session is not a fresh one.
    visit(&site, Jar::default().get("/danger")).await;
    let asked = site.provider.fresh_logins.lock().unwrap().clone();
    assert_eq!(asked, [false, true, true, false]);
}

#[tokio::test]
async fn session_that_is_old_right_after_a_login_gets_a_page_and_no_redirect_loop() {
    let site = Site::new();
    let mut jar = Jar::default();
    site.log_in(&mut jar, "wang").await;
    // The clock of this instance is ahead of the one that took the callback.
    site.clock.advance(2 * MINUTE);
    #[cfg(feature = "tracing")]
    let captured = crate::trace::tests::Captured::new();
    let refused = visit(&site, jar.get("/danger?a=b")).await;
    assert_eq!(refused.parts.status, StatusCode::UNAUTHORIZED);
    assert!(!refused.parts.headers.contains_key(SET_COOKIE));
    assert!(
        refused.text.contains("请重新登录以确认身份")
            && refused
                .text
                .contains("href=\"/auth/weika/login?return_to=%2Fdanger%3Fa%3Db\""),
        "{}",
        refused.text
    );
    #[cfg(feature = "tracing")]
    assert!(captured.text().contains("synchronize them"));
    forget_marker(&mut jar);
    assert!(visit(&site, jar.get("/danger?a=b")).await.is_to_provider());
}

#[tokio::test]
async fn script_with_an_old_session_gets_401_with_the_reason_and_the_login_url() {
    let site = Site::new();
    let jar = browser(&site).await;
    let script = || {
        let headers = [
            ("accept", "application/json"),
            ("referer", "https://campus.example/keys?page=2"),
        ];
        with(jar.request(Method::DELETE, "/danger"), headers)
    };
    let expected = serde_json::json!({
        "error": "recent_login_required",
        "login_url": "/auth/weika/login?return_to=%2Fkeys%3Fpage%3D2",
    });
    let refused = visit(&site, script()).await;
    assert_eq!(refused.parts.status, StatusCode::UNAUTHORIZED);
    assert!(!refused.parts.headers.contains_key(SET_COOKIE));
    assert!(!refused.parts.headers.contains_key("hx-redirect"));
    let json: serde_json::Value = serde_json::from_str(&refused.text).unwrap();
    assert_eq!(json, expected);

    let refused = visit(&site, with(script(), [("hx-request", "true")])).await;
    assert_eq!(refused.parts.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        refused.parts.headers["hx-redirect"],
        "/auth/weika/login?return_to=%2Fkeys%3Fpage%3D2"
    );
    // The login that the script leads to replaces the session, too.
    let mut jar = jar.clone();
    let begun = site
        .send(jar.get("/auth/weika/login?return_to=%2Fkeys%3Fpage%3D2"))
        .await;
    jar.apply(&begun);
    let back = site.callback(&mut jar, "wang", &begun.state()).await;
    assert_eq!(back.location(), "/keys?page=2");
    assert_eq!(visit(&site, jar.get("/danger")).await.text, "inside");
}

#[tokio::test]
async fn r5_form_with_an_old_session_gets_a_page_that_says_it_was_not_saved() {
    let site = Site::new();
    let jar = browser(&site).await;
    let form = [
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
        ("sec-fetch-site", "same-origin"),
        ("referer", "https://campus.example/keys"),
    ];
    let refused = visit(&site, with(jar.request(Method::POST, "/danger"), form)).await;
    assert_eq!(refused.parts.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        refused.parts.headers[CONTENT_TYPE],
        "text/html; charset=utf-8"
    );
    assert!(!refused.parts.headers.contains_key(SET_COOKIE));
    for words in [
        "请重新登录以确认身份",
        "内容没有保存",
        "href=\"/auth/weika/login?return_to=%2Fkeys\"",
    ] {
        assert!(refused.text.contains(words), "{}", refused.text);
    }
}

#[tokio::test]
async fn r2_and_r6_frame_gets_a_page_with_a_top_level_link_and_a_prefetch_503() {
    let site = Site::new();
    let jar = browser(&site).await;
    let frame = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
    let refused = visit(&site, with(jar.get("/danger"), frame)).await;
    assert_eq!(refused.parts.status, StatusCode::UNAUTHORIZED);
    let link = "href=\"/auth/weika/login?return_to=%2Fdanger\" target=\"_top\"";
    assert!(refused.text.contains(link), "{}", refused.text);

    let refused = visit(
        &site,
        with(jar.get("/danger"), [("sec-purpose", "prefetch")]),
    )
    .await;
    assert_eq!(refused.parts.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!refused.parts.headers.contains_key(SET_COOKIE));
}

#[tokio::test]
async fn old_session_behind_a_layer_without_a_login_is_401() {
    let site = Site::new();
    let jar = browser(&site).await;
    let guard = GuardLayer::<Person>::logged_in().max_age(MINUTE);
    let guard = guard.clock(site.clock.clock());
    let app = site
        .login
        .authenticate()
        .layer(guard.layer(service_fn(inside)));
    for (accept, text) in [
        ("text/html", "请重新登录以确认身份"),
        ("application/json", "{\"error\":\"recent_login_required\"}"),
    ] {
        let request = with(jar.get("/danger"), [("accept", accept)]);
        let refused = collect(app.clone().oneshot(request).await.unwrap()).await;
        assert_eq!(refused.parts.status, StatusCode::UNAUTHORIZED);
        assert!(refused.text.contains(text), "{}", refused.text);
        let rejection = refused.parts.extensions.get::<Rejection>().unwrap();
        assert!(matches!(rejection.reason(), Reason::RecentLoginRequired));
    }
}

#[tokio::test]
async fn guarded_prefix_requires_a_recent_session_as_well() {
    let site = Site::new();
    let recent = Recent::new(LoggedIn, MINUTE).clock(site.clock.clock());
    let login = LoginLayer::builder(site.provider.clone())
        .public_url("https://campus.example")
        .secret([9; 32])
        .clock(site.clock.clock())
        .guard_prefix("/danger", recent);
    let site = Site {
        login: login.build().unwrap(),
        ..site
    };
    let visit = async |request| {
        let app = site.login.layer(service_fn(inside));
        collect(app.oneshot(request).await.unwrap()).await
    };
    let mut jar = Jar::default();
    site.log_in(&mut jar, "wang").await;
    forget_marker(&mut jar);
    site.clock.advance(MINUTE);
    assert_eq!(visit(jar.get("/danger/x")).await.text, "inside");
    site.clock.advance(Duration::from_millis(1));
    assert_eq!(visit(jar.get("/open")).await.text, "inside");
    let refused = visit(jar.get("/danger/x")).await;
    assert!(refused.is_to_provider());
    jar.apply(&refused);
    let back = site.callback(&mut jar, "wang", &refused.state()).await;
    assert_eq!(back.location(), "/danger/x");
    assert_eq!(visit(jar.get("/danger/x")).await.text, "inside");
}

/// A proxy drops the flow cookie: the callback leads to the default target, which is behind the
/// guard as well.
#[tokio::test]
async fn login_that_cannot_replace_an_old_session_ends_on_a_page_and_no_redirect_loop() {
    let site = Site::new();
    let mut jar = browser(&site).await;
    let refused = visit(&site, jar.get("/")).await;
    assert!(refused.is_to_provider());
    let back = site.callback(&mut jar, "wang", &refused.state()).await;
    assert_eq!(back.location(), "/");
    let page = visit(&site, jar.get("/")).await;
    assert_eq!(page.parts.status, StatusCode::UNAUTHORIZED);
    assert!(page.text.contains("请重新登录以确认身份"), "{}", page.text);
}

#[tokio::test]
async fn session_from_an_instance_whose_clock_is_far_ahead_is_not_recent() {
    let site = Site::new();
    let jar = {
        let mut jar = Jar::default();
        site.log_in(&mut jar, "wang").await;
        forget_marker(&mut jar);
        jar
    };
    let at = |behind: Duration| {
        let clock = ManualClock::new(site.clock.clock().now().minus(behind));
        let guard = GuardLayer::<Person>::logged_in().max_age(MINUTE);
        site.login
            .layer(guard.clock(clock.clock()).layer(service_fn(inside)))
            .oneshot(jar.get("/danger"))
    };
    let tolerated = collect(at(Duration::from_secs(59)).await.unwrap()).await;
    assert_eq!(tolerated.text, "inside");
    let refused = collect(at(MINUTE).await.unwrap()).await;
    assert!(refused.is_to_provider());
}

#[tokio::test]
async fn callback_of_another_browser_changes_no_cookie_of_an_authenticated_user() {
    let site = Site::new();
    let mut jar = Jar::default();
    site.log_in(&mut jar, "wang").await;
    let state = site.begin(&mut Jar::default(), "/admin").await;
    let response = site.callback(&mut jar, "li", &state).await;
    assert_eq!(response.location(), "/");
    assert!(!response.parts.headers.contains_key(SET_COOKIE));
    assert_eq!(site.who(&jar).await, "wang");
}
