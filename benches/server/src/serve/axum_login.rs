//! With `axum-login` on its own memory store, and the people in a map.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use axum_login::tower_sessions::SessionManagerLayer;
use axum_login::{AuthManagerLayerBuilder, AuthSession, AuthUser, AuthnBackend};
use http::{StatusCode, Uri};
use tokio::runtime::Runtime;
use tower_sessions_memory_store::MemoryStore;

use super::{Ready, answer, log_in};

pub(super) fn ready(visitors: usize, runtime: &Runtime) -> Ready {
    let people = (0..visitors).map(|number| {
        let id = format!("person-{number}");
        (id.clone(), User { id, hash: [7; 32] })
    });
    let backend = Backend {
        people: Arc::new(people.collect()),
    };
    let sessions = SessionManagerLayer::new(MemoryStore::default());
    let router = Router::new()
        .route("/me", get(me))
        .route("/login", get(login));
    let router = router.layer(AuthManagerLayerBuilder::new(backend, sessions).build());
    let visitors = log_in(&router, visitors, runtime);
    Ready { router, visitors }
}

#[derive(Clone, Debug)]
struct User {
    id: String,
    hash: [u8; 32],
}

impl AuthUser for User {
    type Id = String;

    fn id(&self) -> String {
        self.id.clone()
    }

    fn session_auth_hash(&self) -> &[u8] {
        &self.hash
    }
}

#[derive(Clone, Debug)]
struct Backend {
    people: Arc<HashMap<String, User>>,
}

impl AuthnBackend for Backend {
    type User = User;
    type Credentials = String;
    type Error = Infallible;

    async fn authenticate(&self, person: String) -> Result<Option<User>, Infallible> {
        self.get_user(&person).await
    }

    async fn get_user(&self, person: &String) -> Result<Option<User>, Infallible> {
        Ok(self.people.get(person).cloned())
    }
}

async fn login(mut session: AuthSession<Backend>, uri: Uri) {
    let person = uri.query().expect("a person").to_owned();
    let user = session
        .authenticate(person)
        .await
        .expect("infallible")
        .expect("one of the people");
    session.login(&user).await.expect("the store takes it");
}

async fn me(session: AuthSession<Backend>, uri: Uri) -> Result<String, StatusCode> {
    answer(session.user.as_ref().map(|user| user.id.as_str()), &uri)
}
