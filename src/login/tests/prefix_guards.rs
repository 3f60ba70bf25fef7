//! Path prefixes that the login layer guards.

use super::*;
use crate::guard::LoggedIn;
use crate::session::Namespace;
use crate::session::{Session, SessionDigest, SessionId, SessionInfo};
use crate::store::{Inserted, LoadResult, Lookup, Previous, Stamp};

fn login<St: SessionStore<Person>>(store: St) -> LoginLayer<Provider, St> {
    LoginLayer::builder_with_store(Site::new().provider, store)
        .public_url("https://campus.example")
        .secret([9; 32])
        .guard_prefix("/admin", LoggedIn)
        .guard_prefix("/admin/roles", |person: &Person| person.0 == "chief")
        .build()
        .unwrap()
}

/// The application is open; only the login layer guards.
fn app<St: SessionStore<Person>>(
    login: &LoginLayer<Provider, St>,
) -> impl Service<Request<Body>, Response = Response<ResponseBody<Body>>, Error = Infallible>
+ Clone
+ use<St> {
    login.layer(service_fn(async |_: Request<Body>| {
        Ok::<_, Infallible>(Response::new(Body::from("inside")))
    }))
}

async fn visit<St: SessionStore<Person>>(
    login: &LoginLayer<Provider, St>,
    jar: &Jar,
    target: &str,
) -> TextResponse {
    collect(app(login).oneshot(jar.get(target)).await.unwrap()).await
}

async fn logged_in(login: &LoginLayer<Provider>, name: &str) -> Jar {
    let site = Site {
        login: login.clone(),
        ..Site::new()
    };
    let mut jar = Jar::default();
    site.log_in(&mut jar, name).await;
    jar
}

#[tokio::test]
async fn p1_targets_under_a_prefix_need_a_login_and_others_do_not() {
    let login = login(MemoryStore::new());
    for open in ["/", "/public", "/administration"] {
        assert_eq!(
            visit(&login, &Jar::default(), open).await.text,
            "inside",
            "{open}"
        );
    }
    for guarded in ["/admin", "/admin/", "/admin/x?y", "/%61dmin"] {
        assert!(
            visit(&login, &Jar::default(), guarded)
                .await
                .is_to_provider(),
            "{guarded}"
        );
    }
    // P2: every prefix guards a target that can be read in two ways.
    for ambiguous in [
        "//admin",
        "/public/..%2fadmin",
        "/public;x/admin",
        "/%252e/",
    ] {
        assert_ne!(
            visit(&login, &Jar::default(), ambiguous).await.text,
            "inside",
            "{ambiguous}"
        );
    }
    assert_eq!(
        visit(&login, &Jar::default(), "/auth/weika/login")
            .await
            .parts
            .status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn target_under_two_prefixes_has_to_satisfy_both() {
    let login = login(MemoryStore::new());
    let (clerk, chief) = (
        logged_in(&login, "clerk").await,
        logged_in(&login, "chief").await,
    );
    assert_eq!(visit(&login, &clerk, "/admin").await.text, "inside");
    let refused = visit(&login, &clerk, "/admin/roles/1").await;
    assert_eq!(refused.parts.status, StatusCode::FORBIDDEN);
    assert!(
        refused.text.contains("return_to=%2Fadmin%2Froles%2F1"),
        "{}",
        refused.text
    );
    assert_eq!(visit(&login, &chief, "/admin/roles/1").await.text, "inside");
}

#[tokio::test]
async fn r7_guarded_responses_get_cache_control_and_open_ones_do_not() {
    let login = login(MemoryStore::new());
    let jar = logged_in(&login, "clerk").await;
    assert_eq!(
        visit(&login, &jar, "/admin").await.parts.headers["cache-control"],
        "private, no-store"
    );
    assert!(
        !visit(&login, &jar, "/public")
            .await
            .parts
            .headers
            .contains_key("cache-control")
    );
    let store = MemoryStore::new();
    let unchanged = LoginLayer::builder_with_store(Site::new().provider, store)
        .public_url("https://campus.example");
    let unchanged = unchanged
        .secret([9; 32])
        .guard_prefix("/admin", LoggedIn)
        .without_cache_control()
        .build()
        .unwrap();
    let jar = logged_in(&unchanged, "clerk").await;
    let response = visit(&unchanged, &jar, "/admin").await;
    assert!(response.text == "inside" && !response.parts.headers.contains_key("cache-control"));
}

/// A store whose look-ups are never ready at once.
#[derive(Clone)]
struct Late(MemoryStore<Person>);

impl SessionStore<Person> for Late {
    type Load = std::pin::Pin<Box<dyn Future<Output = LoadResult<Person>> + Send>>;

    fn load(&self, namespace: &Namespace, id: &SessionId) -> Lookup<Person, Self::Load> {
        let Lookup::Ready(found) = self.0.load(namespace, id) else {
            unreachable!("a store in memory is always ready")
        };
        Lookup::Pending(Box::pin(async move {
            tokio::task::yield_now().await;
            found
        }))
    }

    async fn stamp(&self, namespace: &Namespace) -> Result<Stamp, Error> {
        self.0.stamp(namespace).await
    }

    async fn insert(
        &self,
        session: Session<Person>,
        previous: Option<Previous<'_>>,
        since: Stamp,
    ) -> Result<Inserted, Error> {
        self.0.insert(session, previous, since).await
    }

    async fn remove(&self, namespace: &Namespace, id: &SessionId) -> Result<bool, Error> {
        self.0.remove(namespace, id).await
    }

    async fn remove_of(
        &self,
        namespace: &Namespace,
        subject: &str,
        session: &SessionDigest,
    ) -> Result<bool, Error> {
        self.0.remove_of(namespace, subject, session).await
    }

    async fn remove_subject(
        &self,
        namespace: &Namespace,
        subject: &str,
        kept: Option<&SessionId>,
    ) -> Result<(), Error> {
        self.0.remove_subject(namespace, subject, kept).await
    }

    async fn remove_all(&self, namespace: &Namespace) -> Result<(), Error> {
        self.0.remove_all(namespace).await
    }

    async fn sessions_of(
        &self,
        namespace: &Namespace,
        subject: &str,
    ) -> Result<Vec<SessionInfo>, Error> {
        self.0.sessions_of(namespace, subject).await
    }
}

#[tokio::test]
async fn prefix_is_guarded_when_the_store_responds_late() {
    let (store, provider) = (Late(MemoryStore::new()), Site::new().provider);
    let site = Site {
        login: login(store),
        provider,
        clock: Site::new().clock,
    };
    let mut jar = Jar::default();
    site.log_in(&mut jar, "clerk").await;
    assert_eq!(visit(&site.login, &jar, "/admin").await.text, "inside");
    assert_eq!(
        visit(&site.login, &jar, "/admin/roles").await.parts.status,
        StatusCode::FORBIDDEN
    );
    jar.0
        .iter_mut()
        .for_each(|(_, value)| *value = "A".repeat(value.len()));
    assert!(visit(&site.login, &jar, "/admin").await.is_to_provider());
    assert_eq!(visit(&site.login, &jar, "/public").await.text, "inside");
}
