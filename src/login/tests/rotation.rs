//! Instances that restart, and instances that change to a new secret one after the other.

use super::shared_store::{SharedStore, instance};
use super::*;

#[tokio::test(start_paused = true)]
async fn login_begun_at_one_instance_finishes_at_another_and_after_a_restart() {
    let (origin, store) = (Site::new(), SharedStore::default());
    let one = instance(&origin, &store, 9, &[]);
    let (mut jar, mut waiting) = (Jar::default(), Jar::default());
    let state = one.begin(&mut jar, "/admin/x").await;
    let still_open = one.begin(&mut waiting, "/admin/y").await;
    let before = jar.clone();
    let other = instance(&origin, &store, 9, &[]);
    assert_eq!(
        other.callback(&mut jar, "wang", &state).await.location(),
        "/admin/x"
    );
    drop((one, other));
    let restarted = instance(&origin, &store, 9, &[]);
    assert_eq!(
        restarted
            .callback(&mut waiting, "li", &still_open)
            .await
            .location(),
        "/admin/y"
    );
    let mut again = before.clone();
    assert_eq!(
        restarted
            .callback(&mut again, "wang", &state)
            .await
            .location(),
        "/admin/x"
    );
    assert_eq!(again.0, jar.0);
    assert_eq!(
        (restarted.who(&jar).await.as_str(), origin.exchanges()),
        ("wang", 2)
    );
}

/// The stages of a rotation from secret 9 to secret 10: (secret, previous secrets) of an instance.
const STAGES: [(u8, &[u8]); 4] = [(9, &[]), (9, &[10]), (10, &[9]), (10, &[])];

#[tokio::test(start_paused = true)]
async fn instances_during_a_secret_rotation_share_sessions_and_flows() {
    let knows =
        |(secret, previous): (u8, &[u8]), other: u8| secret == other || previous.contains(&other);
    let mut pairs = 0;
    for begins in STAGES {
        for exchanges in STAGES.into_iter().filter(|stage| knows(*stage, begins.0)) {
            for joins in STAGES {
                let (origin, store) = (Site::new(), SharedStore::default());
                let [begin, exchange, join] = [begins, exchanges, joins]
                    .map(|(secret, previous)| instance(&origin, &store, secret, previous));
                let mut jar = Jar::default();
                let state = begin.begin(&mut jar, "/admin/x").await;
                let before = jar.clone();
                exchange.callback(&mut jar, "wang", &state).await;
                assert_eq!(
                    join.who(&jar).await,
                    "wang",
                    "sessions do not depend on secrets"
                );
                let mut again = before.clone();
                let response = join.callback(&mut again, "wang", &state).await;
                if knows(joins, begins.0) {
                    assert_eq!(
                        response.location(),
                        "/admin/x",
                        "{begins:?} {exchanges:?} {joins:?}"
                    );
                    assert_eq!(again.0, jar.0);
                    // The "back" button leads to the return target as well.
                    assert_eq!(
                        join.callback(&mut again, "wang", &state).await.location(),
                        "/admin/x"
                    );
                    pairs += 1;
                } else {
                    assert_eq!(response.parts.status, StatusCode::BAD_REQUEST);
                }
                assert_eq!(origin.exchanges(), 1);
            }
        }
    }
    assert_eq!(pairs, 4 * 3 * 3);
}
