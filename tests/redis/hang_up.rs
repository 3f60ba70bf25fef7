//! Clients that hang up while their session is being removed from Redis (rule S4).

use tower_weika::store::Redis;

use crate::kit::{connect, until};
use crate::redis_server;
use crate::site::{ANONYMOUS, Site};

const CLIENTS: usize = 80;

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test]
async fn s4_eighty_logouts_whose_clients_hang_up_at_once_leave_no_session_in_redis() {
    let redis = redis_server::Redis::start();
    let site = Site::new(connect(Redis::builder(redis.url())).await);
    let mut cookies = Vec::new();
    for number in 0..CLIENTS {
        cookies.push(
            site.log_in(&format!("o{number}"))
                .await
                .expect("the store responds"),
        );
    }
    for cookie in &cookies {
        site.hang_up_during_logout(cookie).await;
    }
    for cookie in &cookies {
        until("the session is revoked", async || {
            site.get("/", cookie).await.text == ANONYMOUS
        })
        .await;
    }
}
