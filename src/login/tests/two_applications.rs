//! Two applications on one host, with the same provider: their cookies do not meet.

use super::*;

/// Builds an application of the same provider, secret and store type as the others.
fn application(url: &str, cookie_prefix: Option<&str>) -> Site {
    let mut site = Site::new();
    let builder = LoginLayer::builder(site.provider.clone())
        .public_url(url)
        .secret([9; 32])
        .clock(site.clock.clock());
    let builder = match cookie_prefix {
        Some(prefix) => builder.cookie_prefix(prefix),
        None => builder,
    };
    site.login = builder.build().unwrap();
    site
}

async fn log_out(site: &Site, jar: &mut Jar) {
    let response = site
        .send(jar.request(Method::POST, "/auth/weika/logout"))
        .await;
    assert_eq!(response.parts.status, StatusCode::SEE_OTHER);
    jar.apply(&response);
}

/// Logs in at both applications at once in one browser, and logs out at each.
async fn assert_independent(one: &Site, other: &Site) {
    let mut jar = Jar::default();
    let states = [
        one.begin(&mut jar, "").await,
        other.begin(&mut jar, "").await,
    ];
    for (site, name, state) in [(one, "wang", &states[0]), (other, "li", &states[1])] {
        let response = site.callback(&mut jar, name, state).await;
        assert_eq!(response.parts.status, StatusCode::SEE_OTHER, "{response:?}");
        assert!(
            !response.is_to_provider(),
            "the flow cookie of {name} is there"
        );
    }
    assert_eq!([one.who(&jar).await, other.who(&jar).await], ["wang", "li"]);

    // Logging in again at one, and out of it, leaves the other alone; its flows as well.
    let pending = other.begin(&mut jar, "").await;
    let again = one.begin(&mut jar, "").await;
    one.callback(&mut jar, "zhao", &again).await;
    assert_eq!([one.who(&jar).await, other.who(&jar).await], ["zhao", "li"]);
    log_out(one, &mut jar).await;
    assert_eq!(
        [one.who(&jar).await, other.who(&jar).await],
        ["anonymous", "li"]
    );
    let response = other.callback(&mut jar, "sun", &pending).await;
    assert!(!response.is_to_provider(), "{response:?}");
    assert_eq!(other.who(&jar).await, "sun");
    log_out(other, &mut jar).await;
    assert_eq!(other.who(&jar).await, "anonymous");
}

const ORIGIN: &str = "https://campus.example";

#[tokio::test]
async fn applications_with_different_cookie_prefixes_leave_each_other_alone() {
    let portal = application(ORIGIN, Some("portal"));
    let admin = application("https://campus.example:8443", Some("admin"));
    let plain = application("https://campus.example:9443", None);
    assert_independent(&portal, &admin).await;
    assert_independent(&plain, &portal).await;
}

#[tokio::test]
async fn applications_under_different_paths_of_one_host_leave_each_other_alone() {
    let root = application(ORIGIN, None);
    let one = application("https://campus.example/app1", None);
    let other = application("https://campus.example/app2/", None);
    assert_independent(&one, &other).await;
    assert_independent(&root, &one).await;
}

#[tokio::test]
async fn every_cookie_name_has_both_prefixes() {
    let site = application("https://campus.example/a/b", Some("portal"));
    let mut jar = Jar::default();
    let state = site.begin(&mut jar, "").await;
    site.callback(&mut jar, "wang", &state).await;
    site.begin(&mut jar, "").await;
    let logged_out = site
        .send(jar.request(Method::POST, "/auth/weika/logout"))
        .await;
    let names: Vec<_> = jar.0.iter().map(|(name, _)| name.clone()).collect();
    jar.apply(&logged_out);
    let names = names.iter().chain(jar.0.iter().map(|(name, _)| name));
    let mut kinds = std::collections::BTreeSet::new();
    for name in names {
        let rest = name.strip_prefix("__Host-portal-a+b+weika-");
        let rest = rest.unwrap_or_else(|| panic!("{name}"));
        kinds.insert(rest.split('-').next().unwrap().to_owned());
    }
    let kinds: Vec<_> = kinds.iter().map(String::as_str).collect();
    assert_eq!(kinds, ["flow", "logout", "result", "session"]);
}

#[tokio::test]
async fn eight_flows_fit_with_the_longest_names() {
    let path = format!("/{}", "p".repeat(63));
    let mut site = application(
        &format!("https://campus.example{path}"),
        Some(&"c".repeat(32)),
    );
    let name = Box::leak("n".repeat(32).into_boxed_str());
    site.provider.name = name;
    site.login = LoginLayer::builder(site.provider.clone())
        .public_url(format!("https://campus.example{path}"))
        .cookie_prefix("c".repeat(32))
        .secret([9; 32])
        .clock(site.clock.clock())
        .build()
        .unwrap();
    let mut jar = Jar::default();
    site.log_in_to(&mut jar, "wang", &format!("{path}/")).await;
    let mut states = Vec::new();
    for _ in 0..8 {
        states.push(site.begin(&mut jar, "").await);
        let bytes: usize = jar
            .0
            .iter()
            .map(|(name, value)| name.len() + value.len() + 3)
            .sum();
        assert!(bytes <= 4_096, "{bytes}");
    }
    for state in states {
        let response = site.callback(&mut jar, "wang", &state).await;
        assert_eq!(response.location(), format!("{path}/"));
    }
}

#[test]
fn session_of_one_application_is_not_in_the_namespace_of_another() {
    let namespace = |url: &str| *application(url, None).login.namespace();
    let all = [
        namespace("https://campus.example"),
        namespace("https://campus.example/app1"),
        namespace("https://campus.example/app2"),
    ];
    assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2]);
    assert_eq!(namespace("https://campus.example/app1/"), all[1]);
    assert_eq!(namespace("https://campus.example/"), all[0]);
}

#[tokio::test]
async fn state_of_one_application_is_rejected_by_another_under_a_path() {
    let one = application("https://campus.example/app1", None);
    let other = application("https://campus.example/app2", None);
    let mut jar = Jar::default();
    let state = one.begin(&mut jar, "").await;
    let response = other.callback(&mut jar, "wang", &state).await;
    assert_eq!(response.parts.status, StatusCode::BAD_REQUEST);
    assert_eq!(other.exchanges(), 0);
}

#[test]
fn invalid_cookie_prefix_is_a_configuration_error() {
    for prefix in ["", "Portal", "a_b", "a b", "a;b", "校", &"a".repeat(33)] {
        let error = LoginLayer::builder(Site::new().provider)
            .public_url(ORIGIN)
            .cookie_prefix(prefix)
            .build()
            .unwrap_err();
        let [ConfigErrorKind::InvalidCharacters { name, value, .. }] = error.errors() else {
            panic!("{error}");
        };
        assert_eq!((*name, value.as_str()), ("cookie_prefix", prefix));
    }
    assert!(
        LoginLayer::builder(Site::new().provider)
            .public_url(ORIGIN)
            .cookie_prefix("portal-2")
            .build()
            .is_ok()
    );
}
