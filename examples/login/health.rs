//! Probes for an orchestrator: liveness and readiness.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tower_weika::store::RedisStatus;
use tower_weika::token::TokenStatus;

use crate::site::Site;
use crate::store::Stores;

/// How long a probe waits for the first token.
const PATIENCE: Duration = Duration::from_secs(3);

/// Liveness: the process is alive if it can respond.
pub(crate) async fn live() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Readiness: without an access token of Weika no manager can log in, and without the session store
/// no user is authenticated.
///
/// The probe puts no load on Weika: the token comes from the cache, which backs off after a
/// failure. WeChat, the binding service and Kesion are not probed: they have no call without side
/// effects, and to take an instance out of service because they fail would not help, as existing
/// sessions keep working.
pub(crate) async fn ready(State(site): State<Site>) -> (StatusCode, Json<Value>) {
    // The result is reported by the status below.
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
    let (reachable, kind) = match &site.stores {
        // Sessions in the memory of this process are always reachable.
        Stores::Memory => (true, "memory"),
        Stores::Sqlite(sqlite) => (sqlite.failure().is_none(), "sqlite"),
        Stores::Redis(redis) => (redis.status() == RedisStatus::Reachable, "redis"),
    };
    let store = if reachable { "ok" } else { "unreachable" };
    let store = json!({ "status": store, "kind": kind });
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
