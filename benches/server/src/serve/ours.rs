//! With a login layer of this crate.

use axum::Router;
use axum::routing::get;
use http::Uri;
use tokio::runtime::Runtime;
use tower_weika::identity::Identity;
use tower_weika::session::Authenticated;
use tower_weika::store::{Redis, SessionStore};

use super::{Ready, answer};
use crate::redis_server::{Options, Redis as Server};
use crate::support::{Person, Site};

/// Sessions in this process.
pub(super) fn in_memory(visitors: usize) -> Ready {
    ready(&Site::with_sessions(visitors))
}

/// A Redis that keeps nothing on the disk.
pub(super) fn redis() -> Server {
    Server::start_with(&Options {
        arguments: &["--appendonly", "no"],
        ..Options::default()
    })
}

/// Copies of sessions at that Redis.
pub(super) fn near(server: &Server, visitors: usize, runtime: &Runtime) -> Ready {
    let capacity = u64::try_from(2 * visitors).expect("small");
    let redis = runtime.block_on(
        Redis::builder(server.url())
            .local_cache_capacity(capacity)
            .connect(),
    );
    ready(&Site::with_sessions_in(
        &redis.expect("the server answers").store(),
        visitors,
        runtime,
    ))
}

fn ready<St: SessionStore<Person>>(site: &Site<St>) -> Ready {
    let router = Router::new()
        .route("/me", get(me))
        .layer(site.login.clone());
    Ready {
        router,
        visitors: site.live.to_vec(),
    }
}

async fn me(person: Authenticated<Person>, uri: Uri) -> Result<String, http::StatusCode> {
    answer(Some(person.subject()), &uri)
}
