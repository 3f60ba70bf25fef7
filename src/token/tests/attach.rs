//! Attaching a coordinator to a token cache.

use super::*;
use crate::coordination::Coordinator;
use crate::coordination::tests::InMemoryCoordinator;
use crate::error::ConfigErrorKind;

fn coordinator() -> Arc<dyn Coordinator> {
    Arc::new(InMemoryCoordinator::default())
}

#[tokio::test(start_paused = true)]
async fn attached_caches_of_any_source_share_one_token() {
    let (one, other, coordinator) = (
        Bench::new(&[Answer::Token(Some(LIFETIME))]),
        Bench::new(&[Answer::Hang]),
        coordinator(),
    );
    one.cache
        .clone()
        .attach_coordinator(&coordinator, "app")
        .unwrap();
    other.cache.attach_coordinator(&coordinator, "app").unwrap();
    assert_eq!(one.text().await, "token-1");
    assert_eq!(other.text().await, "token-1");
    assert_eq!(other.source.fetches(), 0);
}

#[test]
fn same_coordinator_may_be_attached_again() {
    let (bench, coordinator) = (Bench::new(&[Answer::Hang]), coordinator());
    for cache in [&bench.cache, &bench.cache.clone()] {
        assert_eq!(cache.attach_coordinator(&coordinator, "app"), Ok(()));
    }
}

#[test]
fn second_coordinator_or_second_name_is_a_configuration_error() {
    let (bench, coordinator) = (Bench::new(&[Answer::Hang]), coordinator());
    bench.cache.attach_coordinator(&coordinator, "app").unwrap();
    for (second, name) in [(&self::coordinator(), "app"), (&coordinator, "other app")] {
        let conflict = bench.cache.clone().attach_coordinator(second, name);
        assert_eq!(conflict, Err(ConfigErrorKind::CoordinatorConflict));
    }
}
