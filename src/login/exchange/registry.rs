//! One exchange per flow in this process, however often the callback is repeated.
//!
//! 1. The first callback of a flow starts a task; its repeats wait for the same task.
//! 2. Until the code is sent, the task works for its clients only: when the last of them has gone, it stops, and the flow
//!    is forgotten. From then on it runs to its end.
//! 3. The result [`NotStarted`](super::NotStarted) is delivered to the waiting clients, and the flow is forgotten: nothing
//!    was sent.
//! 4. An outcome is kept for as long as its state is fresh; that of a refused code in a few bytes.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

use super::clients::{Clients, TaskGuard};
use super::exchange::TaskResult;
use super::{Exchange, Finished, KEPT_FOR, Refused};
use crate::clock::{Clock, Timestamp};
use crate::login::flow::FlowId;
use crate::trace::in_current_span;

/// The number of finished flows that are remembered. Beyond that the oldest is forgotten: repeating its callback then
/// costs a call to the upstream system, which refuses the code.
const CAPACITY: usize = 65_536;

pub(super) type Sender = watch::Sender<Option<TaskResult>>;

/// The exchanges of one login layer in this process. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Registry {
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

impl Registry {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            flows: Arc::default(),
        }
    }

    /// Returns the exchange of this flow, if there is one.
    pub(super) fn find(&self, flow: FlowId) -> Option<Exchange> {
        self.flows.lock().by_id.get(&flow).map(Entry::exchange)
    }

    /// Returns the exchange of this flow. If there is none, `run` becomes it, in a task.
    pub(super) fn join_or_start<F>(&self, flow: FlowId, run: impl FnOnce(Clients) -> F) -> Exchange
    where
        F: Future<Output = TaskResult> + Send + 'static,
    {
        let mut flows = self.flows.lock();
        if let Some(entry) = flows.by_id.get(&flow) {
            return entry.exchange();
        }
        flows.forget_before(self.clock.now());
        let (sender, receiver) = watch::channel(None);
        let sender = Arc::new(sender);
        let entry = Entry::Running(Arc::clone(&sender));
        flows.by_id.insert(flow, entry);
        drop(flows);
        let run = run(Clients::new(flow, Arc::clone(&sender), self.clone()));
        let guard = TaskGuard::new(flow, sender, self.clone());
        tokio::spawn(in_current_span(async move {
            let result = run.await;
            guard.complete(result);
        }));
        Exchange::Running(receiver)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Remembers the result of a task.
    pub(super) fn finish(&self, flow: FlowId, sender: &Arc<Sender>, result: &TaskResult) {
        let mut flows = self.flows.lock();
        match result {
            Ok(finished) => flows.finish(flow, sender, finished, self.clock.now()),
            Err(_) => flows.forget(flow, sender),
        }
    }

    /// Forgets a flow without clients. Returns whether there is none.
    pub(super) fn forget_abandoned(&self, flow: FlowId, sender: &Arc<Sender>) -> bool {
        // A client joins under this lock.
        let mut flows = self.flows.lock();
        let is_abandoned = sender.receiver_count() == 0;
        if is_abandoned {
            flows.forget(flow, sender);
        }
        is_abandoned
    }
}

impl Flows {
    /// Drops the finished flows whose states are no longer fresh.
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
mod tests;
