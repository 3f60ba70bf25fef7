//! One exchange per flow in this process, however often the callback is repeated.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::outcome::{Finished, Outcome, Salt};
use super::return_to::ReturnTo;
use super::state::{FLOW_LIFETIME, FlowId};
use crate::clock::{Clock, Timestamp};
use crate::error::{Error, ErrorKind};
use crate::trace::in_current_span;

/// How long a finished exchange answers repeated callbacks: WeChat's browser repeats one within a second,
/// an impatient person within a minute.
const JOIN_WINDOW: Duration = Duration::from_secs(60);

/// How long a flow is remembered: its state is fresh for its lifetime, and a finished exchange is joined a little
/// longer.
pub(super) const KEPT_FOR: Duration = FLOW_LIFETIME.saturating_add(JOIN_WINDOW);

/// How many flows are remembered. Beyond that the oldest is forgotten: repeating its callback would then cost
/// a call to the upstream system, which refuses the code.
const CAPACITY: usize = 65_536;

/// What is known of a flow whose code was spent, or is being spent. An error if nobody could say whether it was: then
/// nothing was spent here.
#[derive(Clone, Debug)]
pub(super) struct Exchange(watch::Receiver<Option<Result<Finished, Error>>>);

impl Exchange {
    /// One that has ended, somewhere else.
    pub(super) fn finished(finished: Finished) -> Self {
        Self(watch::channel(Some(Ok(finished))).1)
    }

    /// Waits for the end.
    pub(super) async fn outcome(mut self) -> Result<Outcome, Error> {
        match self.0.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(Ok(finished))) => Ok(finished.outcome.clone()),
            Ok(Some(Err(error))) => Err(error.clone()),
            Ok(None) | Err(_) => Ok(abandoned()),
        }
    }

    /// What its session is made of, and where it led, if it has ended well.
    pub(super) fn logged_in(&self) -> Option<(Salt, ReturnTo)> {
        match &*self.0.borrow() {
            Some(Ok(Finished { outcome: Outcome::LoggedIn { salt, return_to }, .. })) => {
                Some((*salt, return_to.clone()))
            }
            _ => None,
        }
    }

    /// Whether a repeated callback may still share the outcome.
    pub(super) fn is_joinable(&self, now: Timestamp) -> bool {
        match &*self.0.borrow() {
            Some(Ok(finished)) => now.since(finished.at) < JOIN_WINDOW,
            Some(Err(_)) | None => true,
        }
    }
}

/// The task ended without an outcome: it panicked, or the runtime went down.
fn abandoned() -> Outcome {
    Outcome::Failed(Error::new(ErrorKind::Internal, "the code exchange was abandoned"))
}

/// The exchanges of one login layer, for as long as their states are fresh.
#[derive(Debug)]
pub(super) struct Exchanges {
    clock: Clock,
    flows: Arc<Mutex<Flows>>,
}

#[derive(Debug, Default)]
struct Flows {
    by_id: HashMap<FlowId, Exchange>,
    oldest_first: VecDeque<(Timestamp, FlowId)>,
}

impl Exchanges {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, flows: Arc::default() }
    }

    /// The exchange of this flow, if its code was ever given to us.
    pub(super) fn of(&self, flow: FlowId) -> Option<Exchange> {
        let flows = self.flows.lock().unwrap_or_else(PoisonError::into_inner);
        flows.by_id.get(&flow).cloned()
    }

    /// The exchange of this flow. If there is none yet, `run` becomes it, in a task that goes on when nobody
    /// waits any more. One that ends in an error is told to those who wait, and is not remembered: nothing was spent.
    pub(super) fn join_or_start<F>(&self, flow: FlowId, run: impl FnOnce() -> F) -> Exchange
    where
        F: Future<Output = Result<Finished, Error>> + Send + 'static,
    {
        let now = self.clock.now();
        let mut flows = self.flows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(exchange) = flows.by_id.get(&flow) {
            return exchange.clone();
        }
        flows.forget_before(now);
        let (sender, receiver) = watch::channel(None);
        let exchange = Exchange(receiver);
        flows.by_id.insert(flow, exchange.clone());
        flows.oldest_first.push_back((now, flow));
        drop(flows);
        let (run, flows) = (run(), Arc::clone(&self.flows));
        tokio::spawn(in_current_span(async move {
            let end = run.await;
            if end.is_err() {
                // Before anybody is told: whoever tries again begins anew.
                flows.lock().unwrap_or_else(PoisonError::into_inner).forget(flow);
            }
            sender.send_replace(Some(end));
        }));
        exchange
    }
}

impl Flows {
    /// Drops what can no longer be asked for.
    fn forget_before(&mut self, now: Timestamp) {
        while let Some((started, flow)) = self.oldest_first.front().copied() {
            if now.since(started) < KEPT_FOR && self.oldest_first.len() < CAPACITY {
                break;
            }
            self.oldest_first.pop_front();
            self.by_id.remove(&flow);
        }
    }

    fn forget(&mut self, flow: FlowId) {
        self.by_id.remove(&flow);
        // It has begun a moment ago, so it is near the end.
        if let Some(index) = self.oldest_first.iter().rposition(|(_, known)| *known == flow) {
            self.oldest_first.remove(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;

    use super::*;
    use crate::clock::ManualClock;

    const START: Timestamp = Timestamp::from_unix_seconds(1_000_000);

    fn failed() -> Result<Finished, Error> {
        let outcome = Outcome::Failed(Error::new(ErrorKind::Fault, "as planned"));
        Ok(Finished { outcome, at: START })
    }

    fn kind(outcome: &Result<Outcome, Error>) -> Option<ErrorKind> {
        match outcome {
            Ok(Outcome::Failed(error)) => Some(error.kind()),
            Ok(Outcome::LoggedIn { .. }) | Err(_) => None,
        }
    }

    #[tokio::test]
    async fn callers_share_one_run_even_if_the_first_hangs_up() {
        let exchanges = Exchanges::new(Clock::system());
        let (runs, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let join = || {
            let (runs, gate) = (Arc::clone(&runs), Arc::clone(&gate));
            exchanges.join_or_start(FlowId([1; 16]), || async move {
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
    async fn panic_in_the_exchange_is_told_to_all_who_wait() {
        let exchanges = Exchanges::new(Clock::system());
        let exchange = exchanges.join_or_start(FlowId([1; 16]), || async {
            panic!("as planned");
            #[expect(unreachable_code, reason = "gives the block its type")]
            failed()
        });
        assert_eq!(kind(&exchange.outcome().await), Some(ErrorKind::Internal));
    }

    #[tokio::test]
    async fn finished_exchange_is_joined_for_a_minute_and_known_while_its_state_is_fresh() {
        let hand = ManualClock::new(START);
        let exchanges = Exchanges::new(hand.clock());
        let flow = FlowId([1; 16]);
        exchanges.join_or_start(flow, || async { failed() }).outcome().await.unwrap();
        hand.advance(Duration::from_secs(59));
        assert!(exchanges.of(flow).unwrap().is_joinable(hand.clock().now()));
        hand.advance(Duration::from_secs(1));
        assert!(!exchanges.of(flow).unwrap().is_joinable(hand.clock().now()));
        hand.advance(FLOW_LIFETIME);
        exchanges.join_or_start(FlowId([2; 16]), || async { failed() });
        assert!(exchanges.of(flow).is_none());
    }

    #[tokio::test]
    async fn run_that_could_not_even_begin_is_told_to_all_who_wait_and_forgotten() {
        let exchanges = Exchanges::new(Clock::system());
        let gate = Arc::new(Notify::new());
        let away = Arc::clone(&gate);
        let run = || async move {
            away.notified().await;
            Err(Error::new(ErrorKind::Store, "as planned"))
        };
        let flow = FlowId([1; 16]);
        let first = tokio::spawn(exchanges.join_or_start(flow, run).outcome());
        let second = tokio::spawn(exchanges.join_or_start(flow, || async { failed() }).outcome());
        gate.notify_one();
        for waiting in [first, second] {
            assert_eq!(waiting.await.unwrap().unwrap_err().kind(), ErrorKind::Store);
        }
        assert!(exchanges.of(flow).is_none() && exchanges.flows.lock().unwrap().oldest_first.is_empty());
        let again = exchanges.join_or_start(flow, || async { failed() }).outcome().await;
        assert_eq!(kind(&again), Some(ErrorKind::Fault));
    }

    #[tokio::test]
    async fn memory_is_bounded() {
        let exchanges = Exchanges::new(Clock::system());
        for number in 0..70_000_u32 {
            let mut flow = [0; 16];
            flow[..4].copy_from_slice(&number.to_be_bytes());
            exchanges.join_or_start(FlowId(flow), || async { failed() });
            if number % 1_000 == 0 {
                tokio::task::yield_now().await;
            }
        }
        let flows = exchanges.flows.lock().unwrap();
        assert_eq!((flows.by_id.len(), flows.oldest_first.len()), (CAPACITY, CAPACITY));
    }
}
