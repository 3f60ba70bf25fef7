//! axum-login on the memory store of the tower-sessions that it uses; its users are in memory, too.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum_login::{AuthManagerLayerBuilder, AuthSession, AuthUser, AuthnBackend, UserId};
use http::Request;
use http::header::COOKIE;
use serde::Serialize;
use tower::{Layer, service_fn};
use tower_sessions_0_14::{MemoryStore, Session, SessionManagerLayer};

use super::{Contender, Setting, at_once, visitors};
use crate::support::{Candidate, Person, answered};

const KEY: &str = "axum-login.data";

#[derive(Clone, Debug)]
struct User {
    number: usize,
    subject: String,
    password_hash: Vec<u8>,
}

impl User {
    fn numbered(number: usize) -> Self {
        Self {
            number,
            subject: Person::numbered(number).0,
            password_hash: number.to_le_bytes().repeat(4),
        }
    }
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

#[derive(Clone)]
struct Users(Arc<HashMap<usize, User>>);

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

/// What a login leaves in the session.
#[derive(Serialize)]
struct Data {
    user_id: usize,
    auth_hash: Vec<u8>,
}

pub(super) fn build(setting: &Setting<'_>) -> Contender {
    let store = MemoryStore::default();
    let mut ids = Vec::with_capacity(setting.sessions);
    let mut users = HashMap::new();
    let heap = (setting.meter)(&mut || {
        let store = Arc::new(store.clone());
        for number in 0..setting.sessions {
            let user = User::numbered(number);
            let session = Session::new(None, Arc::clone(&store), None);
            let data = Data {
                user_id: number,
                auth_hash: user.password_hash.clone(),
            };
            at_once(session.insert(KEY, data)).expect("the session takes it");
            at_once(session.save()).expect("the store takes it");
            ids.push(session.id().expect("it was saved"));
            users.insert(number, user);
        }
    });
    let visitors = visitors(ids.iter().map(|id| format!("id={id}")));
    let sessions = SessionManagerLayer::new(store);
    let layer = AuthManagerLayerBuilder::new(Users(Arc::new(users)), sessions)
        .with_data_key(KEY)
        .build();
    Contender::new(heap, move || {
        let inner = service_fn(async |request: Request<()>| {
            let session = request
                .extensions()
                .get::<AuthSession<Users>>()
                .expect("the layer is there");
            let known = session
                .user
                .as_ref()
                .is_some_and(|user| !user.subject.is_empty());
            Ok::<_, Infallible>(answered(request, known))
        });
        Candidate::new("axum-login", layer.layer(inner), COOKIE, &visitors, true)
    })
}
