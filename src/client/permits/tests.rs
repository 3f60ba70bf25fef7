use std::sync::Arc;
use std::time::Duration;

use tokio_test::{assert_pending, assert_ready, task};

use super::*;
use crate::error::{Error, ErrorKind};

fn max_calls(max_calls: usize) -> CallLimits {
    CallLimits {
        max_calls: Some(max_calls),
        ..CallLimits::default()
    }
}

fn kind(outcome: Result<Permit, Error>) -> ErrorKind {
    outcome.expect_err("no permit is free").kind()
}

#[tokio::test(start_paused = true)]
async fn call_without_a_free_permit_fails_after_the_timeout_and_leaves_the_queue() {
    let permits = Permits::new(1);
    let permit = permits.acquire().await.unwrap();
    let began = tokio::time::Instant::now();
    assert_eq!(kind(permits.acquire().await), ErrorKind::Overloaded);
    assert_eq!(began.elapsed(), Duration::from_secs(5));
    assert_eq!((permits.available(), permits.waiting()), (0, 0));
    drop(permit);
    drop(permits.acquire().await.unwrap());
    assert_eq!(permits.available(), 1);
}

#[tokio::test(start_paused = true)]
async fn waiter_beyond_the_limit_fails_at_once() {
    let permits = Permits::new(1).max_waiting(2);
    let _permit = permits.acquire().await.unwrap();
    let mut waiting = [(); 2].map(|()| task::spawn(permits.acquire()));
    for waiter in &mut waiting {
        assert_pending!(waiter.poll());
    }
    assert_eq!(
        kind(assert_ready!(task::spawn(permits.acquire()).poll())),
        ErrorKind::Overloaded
    );
    drop(waiting);
    assert_eq!(permits.waiting(), 0);
    assert_pending!(task::spawn(permits.acquire()).poll());
}

#[tokio::test(start_paused = true)]
async fn permit_of_a_dropped_waiter_goes_to_the_next() {
    let permits = Permits::new(1);
    let permit = permits.acquire().await.unwrap();
    let [mut first, mut second] = [(); 2].map(|()| task::spawn(permits.acquire()));
    assert_pending!(first.poll());
    assert_pending!(second.poll());
    drop(permit);
    drop(first);
    let permit = assert_ready!(second.poll()).unwrap();
    assert_eq!(permits.available(), 0);
    drop((permit, second));
    assert_eq!((permits.available(), permits.waiting()), (1, 0));
}

#[test]
fn clients_of_one_host_share_a_pool_and_another_size_is_an_error() {
    let first = Permits::of_host("one-pool.example:443", max_calls(7)).unwrap();
    let second = Permits::of_host("one-pool.example:443", CallLimits::default()).unwrap();
    assert!(Arc::ptr_eq(&first.pool, &second.pool));
    let error = Permits::of_host("one-pool.example:443", max_calls(8)).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("8 calls to one-pool.example:443"),
        "{error}"
    );
    let other = Permits::of_host("one-pool.example:8443", max_calls(8)).unwrap();
    assert!(!Arc::ptr_eq(&first.pool, &other.pool));
    drop((first, second));
    assert_eq!(
        Permits::of_host("one-pool.example:443", max_calls(8))
            .unwrap()
            .available(),
        8
    );
}

#[tokio::test]
async fn permit_carries_a_value_of_one_type() {
    let mut permit = Permit::unlimited().carrying("token".to_owned());
    assert_eq!(
        (permit.take::<u8>(), permit.take::<String>()),
        (None, Some("token".to_owned()))
    );
    assert_eq!(permit.take::<String>(), None);
}

#[tokio::test]
async fn pool_lives_as_long_as_one_of_its_permits() {
    let permits = Permits::of_host("late.example:443", max_calls(1)).unwrap();
    let permit = assert_ready!(task::spawn(permits.acquire()).poll()).unwrap();
    drop(permits);
    assert_eq!(
        Permits::of_host("late.example:443", CallLimits::default())
            .unwrap()
            .available(),
        0
    );
    drop(permit);
}
