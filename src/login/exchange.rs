//! One exchange per flow in this process, however often the callback is repeated.
//!
//! 1. The first callback of a flow starts a task; its repeats wait for the same task.
//! 2. Until the code is sent, the task works for its clients only: when the last of them has gone, it ends, and the
//!    flow is forgotten. From then on it runs to its end.
//! 3. A task that ends in a [`NotStarted`] is told to those who wait, and is forgotten: nothing was sent.
//! 4. An outcome is kept for as long as its state is fresh; that of a refused code in a few bytes.

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::watch;

use super::outcome::{Finished, Outcome, Refused, Salt};
use super::return_to::ReturnTo;
use super::state::{FLOW_LIFETIME, FlowId};
use crate::clock::{Clock, Timestamp};
use crate::error::{Error, ErrorKind};
use crate::trace::in_current_span;

/// How long a finished exchange answers repeated callbacks: WeChat's browser repeats one within a second,
/// an impatient user within a minute.
const JOIN_WINDOW: Duration = Duration::from_secs(60);

/// How long a flow is remembered: its state is fresh for its lifetime, and a finished exchange is joined a little
/// longer.
pub(super) const KEPT_FOR: Duration = FLOW_LIFETIME.saturating_add(JOIN_WINDOW);

/// How many finished flows are remembered. Beyond that the oldest is forgotten: repeating its callback would then cost
/// a call to the upstream system, which refuses the code.
const CAPACITY: usize = 65_536;

/// Reason an exchange did not begin. Nothing was sent, and a reload of the callback starts anew.
#[derive(Clone, Debug)]
pub(super) enum NotStarted {
    /// A dependency failed, or there is no permit.
    Failed(Error),
    /// Too many codes of this client were refused.
    Throttled { retry_after: Duration },
    /// The ceiling of exchanges per minute is reached.
    OverQuota { retry_after: Duration },
}

impl From<Error> for NotStarted {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

type End = Result<Finished, NotStarted>;
type Sender = watch::Sender<Option<End>>;

/// The exchange of one flow: finished, or under way.
#[derive(Clone, Debug)]
pub(super) enum Exchange {
    Finished(Finished),
    /// The receiver counts as a client.
    Running(watch::Receiver<Option<End>>),
}

impl Exchange {
    /// Waits for the end.
    pub(super) async fn outcome(self) -> Result<Outcome, NotStarted> {
        let mut end = match self {
            Self::Finished(finished) => return Ok(finished.outcome),
            Self::Running(end) => end,
        };
        match end.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(Ok(finished))) => Ok(finished.outcome.clone()),
            Ok(Some(Err(reason))) => Err(reason.clone()),
            Ok(None) | Err(_) => Ok(abandoned()),
        }
    }

    /// The salt and the target of a login that has succeeded.
    pub(super) fn logged_in(&self) -> Option<(Salt, ReturnTo)> {
        let logged_in = |finished: &Finished| match &finished.outcome {
            Outcome::LoggedIn { salt, return_to } => Some((*salt, return_to.clone())),
            Outcome::Failed(_) => None,
        };
        match self {
            Self::Finished(finished) => logged_in(finished),
            Self::Running(end) => end
                .borrow()
                .as_ref()
                .and_then(|end| end.as_ref().ok().and_then(logged_in)),
        }
    }

    /// Whether a repeated callback may still share the outcome.
    pub(super) fn is_joinable(&self, now: Timestamp) -> bool {
        match self {
            Self::Finished(finished) => now.since(finished.at) < JOIN_WINDOW,
            Self::Running(_) => true,
        }
    }
}

/// The task ended without an outcome: it panicked, or the runtime was shut down.
fn abandoned() -> Outcome {
    Outcome::Failed(Error::new(
        ErrorKind::Internal,
        "the code exchange was abandoned",
    ))
}

/// The exchanges of one login layer, for as long as their states are fresh.
#[derive(Debug)]
pub(super) struct Exchanges {
    clock: Clock,
    flows: Arc<Mutex<Flows>>,
}

#[derive(Debug, Default)]
struct Flows {
    by_id: HashMap<FlowId, Entry>,
    /// The finished ones. Those under way are bounded by the permits and by the callers that wait for one.
    oldest_first: VecDeque<(Timestamp, FlowId)>,
}

#[derive(Debug)]
enum Entry {
    Running(Arc<Sender>),
    Refused(Refused),
    Finished(Box<Finished>),
}

impl Entry {
    fn exchange(&self) -> Exchange {
        match self {
            Self::Running(sender) => Exchange::Running(sender.subscribe()),
            Self::Refused(refused) => Exchange::Finished(refused.finished()),
            Self::Finished(finished) => Exchange::Finished((**finished).clone()),
        }
    }
}

impl Exchanges {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            flows: Arc::default(),
        }
    }

    /// The exchange of this flow, if one was ever started.
    pub(super) fn of(&self, flow: FlowId) -> Option<Exchange> {
        lock(&self.flows).by_id.get(&flow).map(Entry::exchange)
    }

    /// The exchange of this flow. If there is none yet, `run` becomes it, in a task.
    pub(super) fn join_or_start<F>(&self, flow: FlowId, run: impl FnOnce(Clients) -> F) -> Exchange
    where
        F: Future<Output = End> + Send + 'static,
    {
        let mut flows = lock(&self.flows);
        if let Some(entry) = flows.by_id.get(&flow) {
            return entry.exchange();
        }
        flows.forget_before(self.clock.now());
        let (sender, receiver) = watch::channel(None);
        let sender = Arc::new(sender);
        flows
            .by_id
            .insert(flow, Entry::Running(Arc::clone(&sender)));
        drop(flows);
        let task = Running {
            flow,
            sender,
            flows: Arc::clone(&self.flows),
            clock: self.clock.clone(),
        };
        let run = run(Clients {
            flow,
            sender: Arc::clone(&task.sender),
            flows: Arc::clone(&self.flows),
        });
        tokio::spawn(in_current_span(async move {
            let end = run.await;
            task.end(end);
        }));
        Exchange::Running(receiver)
    }
}

fn lock(flows: &Mutex<Flows>) -> MutexGuard<'_, Flows> {
    flows.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The callers that wait for an exchange.
pub(super) struct Clients {
    flow: FlowId,
    sender: Arc<Sender>,
    flows: Arc<Mutex<Flows>>,
}

impl Clients {
    /// Runs `work` for as long as a client waits. When the last one has gone, `work` is dropped, and the flow is
    /// forgotten.
    pub(super) async fn while_waiting<T, E>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, NotStarted>
    where
        NotStarted: From<E>,
    {
        let mut work = pin!(work);
        loop {
            let mut gone = pin!(self.sender.closed());
            let outcome = poll_fn(|cx| match work.as_mut().poll(cx) {
                Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
                Poll::Pending => gone.as_mut().poll(cx).map(|()| None),
            });
            match outcome.await {
                Some(outcome) => return Ok(outcome?),
                None if self.forget() => {
                    return Err(Error::new(ErrorKind::Internal, "the last client has gone").into());
                }
                // Another client has come at the last moment.
                None => {}
            }
        }
    }

    /// Whether any is left.
    pub(super) fn are_waiting(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    fn forget(&self) -> bool {
        // A client joins under this lock.
        let mut flows = lock(&self.flows);
        let are_gone = self.sender.receiver_count() == 0;
        if are_gone {
            flows.forget(self.flow, &self.sender);
        }
        are_gone
    }
}

/// Ends the exchange when its task does, also by a panic.
struct Running {
    flow: FlowId,
    sender: Arc<Sender>,
    flows: Arc<Mutex<Flows>>,
    clock: Clock,
}

impl Running {
    fn end(&self, end: End) {
        let mut flows = lock(&self.flows);
        // Before the callers are told: a repeat that comes now finds the outcome, or begins anew.
        match &end {
            Ok(finished) => flows.finish(self.flow, &self.sender, finished, self.clock.now()),
            Err(_) => flows.forget(self.flow, &self.sender),
        }
        drop(flows);
        self.sender.send_replace(Some(end));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.sender.borrow().is_none() {
            self.end(Ok(Finished {
                outcome: abandoned(),
                at: self.clock.now(),
            }));
        }
    }
}

impl Flows {
    /// Drops the finished flows that can no longer be asked for.
    fn forget_before(&mut self, now: Timestamp) {
        while let Some((finished, flow)) = self.oldest_first.front().copied() {
            if now.since(finished) < KEPT_FOR && self.oldest_first.len() < CAPACITY {
                break;
            }
            self.oldest_first.pop_front();
            self.by_id.remove(&flow);
        }
    }

    fn finish(&mut self, flow: FlowId, sender: &Arc<Sender>, finished: &Finished, now: Timestamp) {
        if !self.is_running(flow, sender) {
            return;
        }
        self.forget_before(now);
        let entry = match Refused::of(finished) {
            Some(refused) => Entry::Refused(refused),
            None => Entry::Finished(Box::new(finished.clone())),
        };
        self.by_id.insert(flow, entry);
        self.oldest_first.push_back((now, flow));
    }

    fn forget(&mut self, flow: FlowId, sender: &Arc<Sender>) {
        if self.is_running(flow, sender) {
            self.by_id.remove(&flow);
        }
    }

    /// Whether the flow is that of this task, and not of a later one.
    fn is_running(&self, flow: FlowId, sender: &Arc<Sender>) -> bool {
        matches!(self.by_id.get(&flow), Some(Entry::Running(known)) if Arc::ptr_eq(known, sender))
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

    fn failed() -> End {
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
    async fn callers_share_one_run_even_if_the_first_hangs_up() {
        let exchanges = Exchanges::new(Clock::system());
        let (runs, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let join = || {
            let (runs, gate) = (Arc::clone(&runs), Arc::clone(&gate));
            exchanges.join_or_start(FlowId([1; 16]), |_| async move {
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
        let exchange = exchanges.join_or_start(FlowId([1; 16]), |_| async {
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
        exchanges
            .join_or_start(flow, |_| async { failed() })
            .outcome()
            .await
            .unwrap();
        hand.advance(Duration::from_secs(59));
        assert!(exchanges.of(flow).unwrap().is_joinable(hand.clock().now()));
        hand.advance(Duration::from_secs(1));
        assert!(!exchanges.of(flow).unwrap().is_joinable(hand.clock().now()));
        hand.advance(FLOW_LIFETIME);
        exchanges.join_or_start(FlowId([2; 16]), |_| async { failed() });
        assert!(exchanges.of(flow).is_none());
    }

    #[tokio::test]
    async fn run_that_could_not_even_begin_is_told_to_all_who_wait_and_forgotten() {
        let exchanges = Exchanges::new(Clock::system());
        let gate = Arc::new(Notify::new());
        let away = Arc::clone(&gate);
        let run = |_| async move {
            away.notified().await;
            Err(Error::new(ErrorKind::Store, "as planned").into())
        };
        let flow = FlowId([1; 16]);
        let first = tokio::spawn(exchanges.join_or_start(flow, run).outcome());
        let second = tokio::spawn(
            exchanges
                .join_or_start(flow, |_| async { failed() })
                .outcome(),
        );
        gate.notify_one();
        for waiting in [first, second] {
            let reason = waiting.await.unwrap().unwrap_err();
            assert!(
                matches!(reason, NotStarted::Failed(error) if error.kind() == ErrorKind::Store)
            );
        }
        assert!(
            exchanges.of(flow).is_none() && exchanges.flows.lock().unwrap().oldest_first.is_empty()
        );
        let again = exchanges
            .join_or_start(flow, |_| async { failed() })
            .outcome()
            .await;
        assert_eq!(kind(&again), Some(ErrorKind::Fault));
    }

    #[tokio::test]
    async fn memory_is_bounded() {
        let exchanges = Exchanges::new(Clock::system());
        for number in 0..70_000_u32 {
            let mut flow = [0; 16];
            flow[..4].copy_from_slice(&number.to_be_bytes());
            exchanges.join_or_start(FlowId(flow), |_| async { failed() });
            if number % 1_000 == 0 {
                tokio::task::yield_now().await;
            }
        }
        while exchanges.flows.lock().unwrap().by_id.len() > CAPACITY {
            tokio::task::yield_now().await;
        }
        let flows = exchanges.flows.lock().unwrap();
        assert_eq!(
            (flows.by_id.len(), flows.oldest_first.len()),
            (CAPACITY, CAPACITY)
        );
    }

    #[tokio::test]
    async fn work_ends_with_its_last_client_and_the_flow_is_forgotten() {
        let exchanges = Exchanges::new(Clock::system());
        let (flow, permit) = (FlowId([1; 16]), Arc::new(()));
        let held = Arc::clone(&permit);
        let start = || {
            let held = Arc::clone(&held);
            exchanges.join_or_start(flow, |clients| async move {
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
            (Arc::strong_count(&permit), exchanges.of(flow).is_some()),
            (3, true)
        );
        drop(second);
        tokio::task::yield_now().await;
        assert_eq!(
            (Arc::strong_count(&permit), exchanges.of(flow).is_some()),
            (2, false)
        );
    }

    #[tokio::test]
    async fn client_that_comes_as_the_last_one_goes_is_served() {
        let exchanges = Exchanges::new(Clock::system());
        let (flow, gate) = (FlowId([1; 16]), Arc::new(Notify::new()));
        let away = Arc::clone(&gate);
        let first = exchanges.join_or_start(flow, |clients| async move {
            let work = async {
                away.notified().await;
                Ok::<_, Error>(())
            };
            clients.while_waiting(work).await?;
            failed()
        });
        tokio::task::yield_now().await;
        drop(first);
        let late = exchanges.of(flow).unwrap();
        tokio::task::yield_now().await;
        gate.notify_one();
        assert_eq!(kind(&late.outcome().await), Some(ErrorKind::Fault));
    }

    #[test]
    fn refused_code_takes_few_bytes() {
        assert!(
            size_of::<(FlowId, Entry)>() <= 48,
            "{}",
            size_of::<(FlowId, Entry)>()
        );
    }
}
