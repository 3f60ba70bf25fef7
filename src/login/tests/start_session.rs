//! Sessions that the application starts without a provider.

use http::HeaderMap;

use super::shared_store::{SharedStore, instance};
use super::*;
use crate::session::SetCookies;

impl Jar {
    fn set(&mut self, cookies: SetCookies) {
        let mut response = Response::new(());
        cookies.append_to(response.headers_mut());
        let (parts, ()) = response.into_parts();
        let text = String::new();
        self.apply(&TextResponse { parts, text });
    }

    fn headers(&self) -> HeaderMap {
        self.get("/").into_parts().0.headers
    }
}

#[tokio::test]
async fn started_session_passes_the_guard_and_ends_with_a_logout() {
    let (site, mut jar) = (Site::new(), Jar::default());
    let wang = Person("wang".to_owned());
    let cookies = site
        .login
        .start_session(wang, &jar.headers())
        .await
        .unwrap();
    jar.set(cookies);
    assert!(jar.has(site.login.session_cookie_name()));
    assert_eq!(jar.0.len(), 1);
    assert_eq!(site.send(jar.get("/admin")).await.text, "wang");
    let logout = jar.request(Method::POST, "/auth/weika/logout");
    let before = jar.clone();
    jar.apply(&site.send(logout).await);
    assert!(!jar.has(site.login.session_cookie_name()));
    assert_eq!(site.who(&before).await, "anonymous");
}

#[tokio::test]
async fn started_session_has_a_new_id_and_revokes_the_previous_one() {
    let (site, mut jar) = (Site::new(), Jar::default());
    site.log_in(&mut jar, "li").await;
    let before = jar.clone();
    let wang = Person("wang".to_owned());
    let cookies = site
        .login
        .start_session(wang, &jar.headers())
        .await
        .unwrap();
    jar.set(cookies);
    assert_eq!(site.who(&jar).await, "wang");
    assert_eq!(site.who(&before).await, "anonymous");
    // A planted id is never adopted.
    let name = site.login.session_cookie_name().to_owned();
    let mut planted = Jar(vec![(name, "A".repeat(43))]);
    let victim = planted.clone();
    let wang = Person("wang".to_owned());
    let cookies = site.login.start_session(wang, &planted.headers()).await;
    planted.set(cookies.unwrap());
    assert_ne!(planted.0, victim.0);
    assert_eq!(site.who(&victim).await, "anonymous");
}

#[tokio::test]
async fn started_session_expires_by_the_timeouts_of_the_layer_and_by_revocation() {
    let site = Site::new();
    for wait in [0, 30 * 60] {
        let mut jar = Jar::default();
        let wang = Person("wang".to_owned());
        let cookies = site.login.start_session(wang, &HeaderMap::new()).await;
        jar.set(cookies.unwrap());
        assert_eq!(site.who(&jar).await, "wang");
        site.clock.advance(Duration::from_secs(wait));
        if wait == 0 {
            site.login.revoke_sessions_of("wang").await.unwrap();
        }
        assert_eq!(site.who(&jar).await, "anonymous", "{wait}");
    }
}

#[tokio::test]
async fn both_cookie_policies_have_their_attributes_and_debug_shows_no_value() {
    for (url, name, attributes) in [
        (
            "https://campus.example",
            "__Host-weika-session",
            "; Path=/; HttpOnly; SameSite=Lax; Secure",
        ),
        (
            "http://localhost:3000",
            "dev-weika-session",
            "; Path=/; HttpOnly; SameSite=Lax",
        ),
    ] {
        let login = LoginLayer::builder(Site::new().provider).public_url(url);
        let login = login.loopback_development().build().unwrap();
        assert_eq!(login.session_cookie_name(), name);
        let wang = Person("wang".to_owned());
        let cookies = login.start_session(wang, &HeaderMap::new()).await.unwrap();
        let shown = format!("{cookies:?}");
        let mut headers = HeaderMap::new();
        cookies.append_to(&mut headers);
        let cookie = headers[SET_COOKIE].to_str().unwrap();
        let (pair, rest) = cookie.split_at(cookie.find(';').unwrap());
        assert_eq!(rest, attributes);
        let (set, value) = pair.split_once('=').unwrap();
        assert_eq!(set, name);
        assert!(!shown.contains(value), "{shown}");
    }
}

#[tokio::test]
async fn session_that_a_concurrent_revocation_covers_is_an_error_and_not_live() {
    let (origin, store) = (Site::new(), SharedStore::default());
    let site = instance(&origin, &store, 9, &[]);
    store.revoke_before_insert.store(true, Ordering::Relaxed);
    let wang = Person("wang".to_owned());
    let started = site.login.start_session(wang, &HeaderMap::new()).await;
    assert_eq!(started.unwrap_err().kind(), ErrorKind::Denied);
    assert!(store.is_empty());
}

#[tokio::test]
async fn failed_store_is_an_error_of_kind_store() {
    let (origin, store) = (Site::new(), SharedStore::default());
    let site = instance(&origin, &store, 9, &[]);
    store.fails_to_insert.store(true, Ordering::Relaxed);
    let wang = Person("wang".to_owned());
    let started = site.login.start_session(wang, &HeaderMap::new()).await;
    assert_eq!(started.unwrap_err().kind(), ErrorKind::Store);
}
