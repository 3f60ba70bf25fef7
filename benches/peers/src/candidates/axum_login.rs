//! axum-login on the memory store of the tower-sessions that it uses; its users are in memory as
//! well.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum_login::{AuthManagerLayer, AuthManagerLayerBuilder, AuthUser, AuthnBackend, UserId};
use harness::candidate::served;
use harness::{Candidate, Person, at_once};
use http::Request;
use serde::Serialize;
use tower::{Layer, service_fn};
use tower_sessions_0_14::{MemoryStore, Session, SessionManagerLayer};

use super::Setting;

const KEY: &str = "axum-login.data";

pub type AuthSession = axum_login::AuthSession<Users>;

#[derive(Clone, Debug)]
pub struct User {
    number: usize,
    pub subject: String,
    password_hash: Vec<u8>,
}

impl AuthUser for User {
    type Id = usize;

    fn id(&self) -> usize {
        self.number
    }

    fn session_auth_hash(&self) -> &[u8] {
        &self.password_hash
    }
}

#[derive(Clone, Debug)]
pub struct Users(Arc<HashMap<usize, User>>);

impl AuthnBackend for Users {
    type User = User;
    type Credentials = usize;
    type Error = Infallible;

    async fn authenticate(&self, number: usize) -> Result<Option<User>, Infallible> {
        self.get_user(&number).await
    }

    async fn get_user(&self, number: &UserId<Self>) -> Result<Option<User>, Infallible> {
        Ok(self.0.get(number).cloned())
    }
}

/// The data of a login in the session.
#[derive(Serialize)]
struct Data {
    user_id: usize,
    auth_hash: Vec<u8>,
}

/// Returns the layer, the cookies of its users, and the heap bytes of users and sessions.
pub fn layer(
    setting: Setting,
) -> (
    AuthManagerLayer<Users, MemoryStore>,
    impl ExactSizeIterator<Item = String>,
    i64,
) {
    let store = MemoryStore::default();
    let mut ids = Vec::with_capacity(setting.sessions);
    let mut users = HashMap::new();
    let (_, heap) = (setting.meter)(&mut || {
        let store = Arc::new(store.clone());
        for number in 0..setting.sessions {
            let password_hash = number.to_le_bytes().repeat(4);
            let session = Session::new(None, Arc::clone(&store), None);
            let data = Data {
                user_id: number,
                auth_hash: password_hash.clone(),
            };
            at_once(session.insert(KEY, data)).expect("the session accepts it");
            at_once(session.save()).expect("the store accepts it");
            ids.push(session.id().expect("it was saved"));
            users.insert(
                number,
                User {
                    number,
                    subject: Person::<0>::numbered(number).0,
                    password_hash,
                },
            );
        }
    });
    let layer =
        AuthManagerLayerBuilder::new(Users(Arc::new(users)), SessionManagerLayer::new(store));
    (
        layer.with_data_key(KEY).build(),
        ids.into_iter().map(|id| format!("id={id}")),
        heap,
    )
}

pub fn candidate(setting: Setting) -> Candidate {
    let (layer, cookies, heap) = layer(setting);
    let inner = service_fn(async |request: Request<()>| {
        let session = request
            .extensions()
            .get::<AuthSession>()
            .expect("the layer is applied");
        let is_found = session
            .user
            .as_ref()
            .is_some_and(|user| !user.subject.is_empty());
        Ok::<_, Infallible>(served(request, is_found))
    });
    Candidate::new(
        "axum-login",
        layer.layer(inner),
        &super::users(cookies),
        true,
    )
    .with_heap(heap)
}
