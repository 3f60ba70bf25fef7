//! What an orchestrator asks: does it live, and can it serve?

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tower_weika::store::{Redis, RedisStatus};
use tower_weika::token::TokenStatus;

use crate::site::Site;

/// How long a probe waits for the first token.
const PATIENCE: Duration = Duration::from_secs(3);

/// Liveness: whoever can answer is alive.
pub(crate) async fn live() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Readiness: nobody can log in without a token of Weika, and nobody is known without the store.
///
/// Asking for the token is no load on Weika: the cache answers, and after a failure it waits before it tries
/// again. WeChat, the binding service and Kesion are not asked: they have no call that is for nothing, and an
/// instance that is taken away because they fail helps nobody, as sessions that are there already go on.
pub(crate) async fn ready(State(site): State<Site>) -> (StatusCode, Json<Value>) {
    // The status says below what came of it.
    let _in_time = tokio::time::timeout(PATIENCE, site.weika.access_token()).await;
    let (ready, token) = match site.weika.tokens().status() {
        TokenStatus::Fresh => (true, json!({ "status": "fresh" })),
        TokenStatus::Ageing(kind) => (
            true,
            json!({ "status": "ageing", "error": format!("{kind:?}") }),
        ),
        TokenStatus::Failing(kind) => (
            false,
            json!({ "status": "failing", "error": format!("{kind:?}") }),
        ),
        _ => (false, json!({ "status": "absent" })),
    };
    let (reachable, store) = match site.stores.0.as_ref().map(Redis::status) {
        // Sessions in this process cannot be out of reach.
        None => (true, json!({ "status": "ok", "kind": "memory" })),
        Some(RedisStatus::Reachable) => (true, json!({ "status": "ok", "kind": "redis" })),
        Some(_) => (false, json!({ "status": "unreachable", "kind": "redis" })),
    };
    let ready = ready && reachable;
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (
        status,
        Json(json!({ "ready": ready, "token": token, "store": store })),
    )
}
