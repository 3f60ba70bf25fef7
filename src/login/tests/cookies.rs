//! The cookies of the endpoints' responses.

use std::collections::HashSet;

use http::HeaderMap;

use super::*;

const LOGOUT_MARKER: &str = "__Host-weika-logout";

/// Checks rule A4, for every response of these tests.
#[track_caller]
pub(super) fn assert_a4(headers: &HeaderMap) {
    let names = names(headers);
    let distinct: HashSet<_> = names.iter().collect();
    assert!(
        names.len() <= 32 && distinct.len() == names.len(),
        "{names:?}"
    );
}

fn names(headers: &HeaderMap) -> Vec<String> {
    let name = |cookie: &http::HeaderValue| {
        cookie
            .to_str()
            .unwrap()
            .split_once('=')
            .unwrap()
            .0
            .to_owned()
    };
    headers.get_all(SET_COOKIE).iter().map(name).collect()
}

fn deleted(response: &TextResponse) -> Vec<&str> {
    let cookies = response
        .parts
        .headers
        .get_all(SET_COOKIE)
        .iter()
        .map(|cookie| cookie.to_str().unwrap());
    cookies
        .filter(|cookie| cookie.contains("Max-Age=0;"))
        .map(|cookie| cookie.split_once('=').unwrap().0)
        .collect()
}

fn flow_of(jar: &Jar, index: usize) -> String {
    jar.0
        .iter()
        .filter(|(name, _)| name.contains("-flow-"))
        .nth(index)
        .unwrap()
        .0
        .clone()
}

/// A jar with 15,000 flow cookies, of 390 kB.
fn jar_with_15_000_flows() -> Jar {
    Jar((0..15_000)
        .map(|number| (format!("__Host-weika-flow-{number:08}"), "1".to_owned()))
        .collect())
}

#[tokio::test]
async fn a4_request_with_15_000_flow_cookies_gets_at_most_32_and_the_login_works() {
    let site = Site::new();
    for target in ["/auth/weika/login", "/admin"] {
        let mut jar = jar_with_15_000_flows();
        let begun = site.send(jar.get(target)).await;
        let new: Vec<_> = names(&begun.parts.headers)
            .into_iter()
            .filter(|name| !jar.has(name))
            .collect();
        assert_eq!(
            (
                begun.parts.headers.get_all(SET_COOKIE).iter().count(),
                new.len()
            ),
            (32, 1),
            "the new flow is set"
        );
        jar.apply(&begun);
        let back = site.callback(&mut jar, "wang", &begun.state()).await;
        assert!(names(&back.parts.headers).contains(&"__Host-weika-session".to_owned()));
        assert_eq!(site.who(&jar).await, "wang");

        let out = site
            .send(jar.request(Method::POST, "/auth/weika/logout"))
            .await;
        assert_eq!(out.parts.headers.get_all(SET_COOKIE).iter().count(), 32);
        assert!(deleted(&out).contains(&"__Host-weika-session"));
        jar.apply(&out);
        assert!(!jar.has("__Host-weika-session"));
    }
}

#[tokio::test]
async fn a4_failed_login_that_restarts_replaces_its_own_flow_and_no_other() {
    let (site, mut jar) = (Site::new(), Jar::default());
    // As many flows as the browser may hold.
    let target = format!("/{}", "a".repeat(150));
    let mut states = Vec::new();
    loop {
        let begun = site
            .send(jar.get(&format!("/auth/weika/login?return_to={target}")))
            .await;
        jar.apply(&begun);
        states.push(begun.state());
        site.clock.advance(Duration::from_secs(1));
        if !deleted(&begun).is_empty() {
            break;
        }
    }
    let failing = flow_of(&jar, 1);
    let before = jar.clone();
    // The first state lost its flow, so the second remaining flow belongs to the third state.
    let again = site.callback(&mut jar, "bad", &states[2]).await;
    assert!(again.is_to_provider());
    assert_eq!(deleted(&again), [failing.as_str()]);
    assert_eq!(jar.0.len(), before.0.len());
}

#[tokio::test]
async fn a4_silent_login_sets_its_marker_and_its_flow() {
    let site = Site::with(Provider {
        silent: true,
        ..Site::new().provider
    });
    let mut jar = jar_with_15_000_flows();
    let page =
        service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Body::default())));
    let app = site.login.layer(site.login.silent_login().layer(page));
    let mut request = jar.get("/news");
    request.headers_mut().insert(
        "user-agent",
        "Mozilla/5.0 (iPhone) MicroMessenger/8.0.59"
            .parse()
            .unwrap(),
    );
    let begun = collect(app.oneshot(request).await.unwrap()).await;
    assert!(begun.is_to_provider() && names(&begun.parts.headers).len() == 32);
    jar.apply(&begun);
    assert!(jar.has("__Host-weika-silent"));
    assert_eq!(
        site.callback(&mut jar, "wang", &begun.state())
            .await
            .location(),
        "/news"
    );
}

#[tokio::test]
async fn logout_deletes_a_flow_that_the_request_names_twice_once() {
    let (site, mut jar) = (Site::new(), Jar::default());
    site.log_in(&mut jar, "wang").await;
    site.begin(&mut jar, "/a").await;
    let flow = jar.0.last().unwrap().clone();
    jar.0
        .extend([flow.clone(), (flow.0.clone(), "other".to_owned())]);
    let out = site
        .send(jar.request(Method::POST, "/auth/weika/logout"))
        .await;
    assert_eq!(
        deleted(&out),
        [
            "__Host-weika-session",
            "__Host-weika-result",
            flow.0.as_str()
        ]
    );
}

#[tokio::test]
async fn s5_marker_changes_with_each_logout() {
    let (site, mut jar) = (Site::new(), Jar::default());
    let mut values = HashSet::new();
    for round in 1..=3 {
        site.log_in(&mut jar, "wang").await;
        let out = site
            .send(jar.request(Method::POST, "/auth/weika/logout"))
            .await;
        jar.apply(&out);
        let cookies = out
            .parts
            .headers
            .get_all(SET_COOKIE)
            .iter()
            .map(|cookie| cookie.to_str().unwrap());
        let marker = cookies.filter_map(|cookie| cookie.strip_prefix(&format!("{LOGOUT_MARKER}=")));
        let marker = marker.collect::<Vec<_>>()[..].join("|");
        let (value, attributes) = marker.split_once(';').unwrap();
        assert_eq!(value.len(), 8);
        assert_eq!(
            attributes,
            " Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=10"
        );
        values.insert(value.to_owned());
        assert_eq!(values.len(), round);
    }
}

#[tokio::test]
async fn s5_loopback_development_has_the_marker_too() {
    let login = LoginLayer::builder(Site::new().provider)
        .public_url("http://127.0.0.1:3000")
        .loopback_development()
        .secret([9; 32])
        .build()
        .unwrap();
    let page =
        service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Body::default())));
    let request = Jar::default().request(Method::POST, "/auth/weika/logout");
    let out = collect(login.layer(page).oneshot(request).await.unwrap()).await;
    assert_eq!(
        names(&out.parts.headers),
        ["dev-weika-logout", "dev-weika-session"]
    );
}
