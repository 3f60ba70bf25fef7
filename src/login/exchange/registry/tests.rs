use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use super::super::{NotStarted, Outcome};
use super::*;
use crate::clock::ManualClock;
use crate::error::{Error, ErrorKind};
use crate::login::flow::FLOW_LIFETIME;

const START: Timestamp = Timestamp::from_unix_seconds(1_000_000);

fn failed() -> TaskResult {
    let outcome = Outcome::Failed(Error::new(ErrorKind::Fault, "as planned"));
    Ok(Finished { outcome, at: START })
}

fn kind(outcome: &Result<Outcome, NotStarted>) -> Option<ErrorKind> {
    match outcome {
        Ok(Outcome::Failed(error)) => Some(error.kind()),
        Ok(Outcome::LoggedIn { .. }) | Err(_) => None,
    }
}

#[tokio::test]
async fn callers_share_one_exchange_if_the_first_one_disconnects() {
    let registry = Registry::new(Clock::system());
    let (runs, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let join = || {
        let (runs, gate) = (Arc::clone(&runs), Arc::clone(&gate));
        registry.join_or_start(FlowId([1; 16]), |_| async move {
            runs.fetch_add(1, Ordering::Relaxed);
            gate.notified().await;
            failed()
        })
    };
    let mut first = tokio_test::task::spawn(join().outcome());
    tokio_test::assert_pending!(first.poll());
    drop(first);
    let others: Vec<_> = (0..50).map(|_| tokio::spawn(join().outcome())).collect();
    gate.notify_one();
    for other in others {
        assert_eq!(kind(&other.await.unwrap()), Some(ErrorKind::Fault));
    }
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn panic_in_the_exchange_is_an_error_for_all_clients() {
    let registry = Registry::new(Clock::system());
    let exchange = registry.join_or_start(FlowId([1; 16]), |_| async {
        panic!("as planned");
        #[expect(unreachable_code, reason = "gives the block its type")]
        failed()
    });
    assert_eq!(kind(&exchange.outcome().await), Some(ErrorKind::Internal));
}

#[tokio::test]
async fn finished_exchange_is_joined_for_a_minute_and_known_while_its_state_is_fresh() {
    let hand = ManualClock::new(START);
    let registry = Registry::new(hand.clock());
    let flow = FlowId([1; 16]);
    registry
        .join_or_start(flow, |_| async { failed() })
        .outcome()
        .await
        .unwrap();
    hand.advance(Duration::from_secs(59));
    assert!(registry.find(flow).unwrap().is_joinable(hand.clock().now()));
    hand.advance(Duration::from_secs(1));
    assert!(!registry.find(flow).unwrap().is_joinable(hand.clock().now()));
    hand.advance(FLOW_LIFETIME);
    registry.join_or_start(FlowId([2; 16]), |_| async { failed() });
    assert!(registry.find(flow).is_none());
}

#[tokio::test]
async fn exchange_that_did_not_start_is_an_error_for_all_clients_and_is_forgotten() {
    let registry = Registry::new(Clock::system());
    let gate = Arc::new(Notify::new());
    let away = Arc::clone(&gate);
    let run = |_| async move {
        away.notified().await;
        Err(Error::new(ErrorKind::Store, "as planned").into())
    };
    let flow = FlowId([1; 16]);
    let first = tokio::spawn(registry.join_or_start(flow, run).outcome());
    let second = tokio::spawn(
        registry
            .join_or_start(flow, |_| async { failed() })
            .outcome(),
    );
    gate.notify_one();
    for waiting in [first, second] {
        let reason = waiting.await.unwrap().unwrap_err();
        assert!(matches!(reason, NotStarted::Failed(error) if error.kind() == ErrorKind::Store));
    }
    assert!(registry.find(flow).is_none() && registry.flows.lock().oldest_first.is_empty());
    let again = registry
        .join_or_start(flow, |_| async { failed() })
        .outcome()
        .await;
    assert_eq!(kind(&again), Some(ErrorKind::Fault));
}

#[tokio::test]
async fn memory_is_bounded() {
    let registry = Registry::new(Clock::system());
    for number in 0..70_000_u32 {
        let mut flow = [0; 16];
        flow[..4].copy_from_slice(&number.to_be_bytes());
        registry.join_or_start(FlowId(flow), |_| async { failed() });
        if number % 1_000 == 0 {
            tokio::task::yield_now().await;
        }
    }
    while registry.flows.lock().by_id.len() > CAPACITY {
        tokio::task::yield_now().await;
    }
    let flows = registry.flows.lock();
    assert_eq!(
        (flows.by_id.len(), flows.oldest_first.len()),
        (CAPACITY, CAPACITY)
    );
}

#[tokio::test]
async fn work_ends_with_its_last_client_and_the_flow_is_forgotten() {
    let registry = Registry::new(Clock::system());
    let (flow, permit) = (FlowId([1; 16]), Arc::new(()));
    let held = Arc::clone(&permit);
    let start = || {
        let held = Arc::clone(&held);
        registry.join_or_start(flow, |clients| async move {
            let work = async move {
                let _held = held;
                std::future::pending::<Result<(), Error>>().await
            };
            clients.while_waiting(work).await?;
            failed()
        })
    };
    let (first, second) = (start(), start());
    tokio::task::yield_now().await;
    drop(first);
    tokio::task::yield_now().await;
    assert_eq!(
        (Arc::strong_count(&permit), registry.find(flow).is_some()),
        (3, true)
    );
    drop(second);
    tokio::task::yield_now().await;
    assert_eq!(
        (Arc::strong_count(&permit), registry.find(flow).is_some()),
        (2, false)
    );
}

#[tokio::test]
async fn client_that_joins_as_the_last_one_leaves_is_served() {
    let registry = Registry::new(Clock::system());
    let (flow, gate) = (FlowId([1; 16]), Arc::new(Notify::new()));
    let away = Arc::clone(&gate);
    let first = registry.join_or_start(flow, |clients| async move {
        let work = async {
            away.notified().await;
            Ok::<_, Error>(())
        };
        clients.while_waiting(work).await?;
        failed()
    });
    tokio::task::yield_now().await;
    drop(first);
    let late = registry.find(flow).unwrap();
    tokio::task::yield_now().await;
    gate.notify_one();
    assert_eq!(kind(&late.outcome().await), Some(ErrorKind::Fault));
}

#[test]
fn rejected_code_takes_few_bytes() {
    assert!(
        size_of::<(FlowId, Entry)>() <= 48,
        "{}",
        size_of::<(FlowId, Entry)>()
    );
}

#[tokio::test]
async fn flow_with_a_client_is_not_abandoned_and_an_earlier_task_does_not_complete_it() {
    let registry = Registry::new(Clock::system());
    let flow = FlowId([1; 16]);
    let start = || {
        let exchange = registry.join_or_start(flow, |_| std::future::pending());
        let flight = match registry.flows.lock().by_id.get(&flow) {
            Some(Entry::Running(flight)) => flight.clone(),
            _ => panic!("the flow is not running"),
        };
        (exchange, flight)
    };
    let (first, earlier) = start();
    assert!(!registry.forget_abandoned(flow, &earlier) && registry.find(flow).is_some());
    drop(first);
    assert!(registry.forget_abandoned(flow, &earlier) && registry.find(flow).is_none());

    let (_second, _) = start();
    registry.complete(flow, &earlier, &failed());
    assert!(matches!(registry.find(flow), Some(Exchange::Running(_))));
}
