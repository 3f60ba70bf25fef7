//! One exchange per flow in this process, however often the callback is repeated.
//!
//! 1. The first callback of a flow starts a task; its repeats wait for the same task.
//! 2. Until the code is sent, the task works for its clients only: when the last of them
//!    disconnects, it stops, and the flow is forgotten. From then on it runs to its end.
//! 3. The result [`NotStarted`](super::NotStarted) is delivered to the waiting clients, and the
//!    flow is forgotten: nothing was sent.
//! 4. An outcome is kept for as long as its state is fresh; that of a rejected code in a few bytes.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::runtime::Handle;

use super::clients::Clients;
use super::exchange::{TaskResult, abandoned};
use super::{Exchange, Finished, KEPT_FOR, Outcome, Refused};
use crate::clock::{Clock, Timestamp};
use crate::flight::Flight;
use crate::login::flow::FlowId;

/// The number of finished flows that are remembered. Beyond that the oldest is forgotten: repeating
/// its callback then costs a call to the upstream system, which rejects the code.
const CAPACITY: usize = 65_536;

/// The exchanges of one login layer in this process. Clones share them.
#[derive(Clone)]
pub(super) struct Registry {
    clock: Clock,
    flows: Arc<Mutex<Flows>>,
}

#[derive(Default)]
struct Flows {
    by_id: HashMap<FlowId, Entry>,
    /// The finished ones. Those under way are bounded by the permits and by the callers that wait
    /// for one.
    oldest_first: VecDeque<(Timestamp, FlowId)>,
}

enum Entry {
    Running(Flight<TaskResult>),
    Refused(Refused),
    Finished(Box<Finished>),
}

impl Entry {
    fn exchange(&self) -> Exchange {
        match self {
            Self::Running(flight) => Exchange::Running(flight.join()),
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
        let runtime = Handle::current();
        let mut flows = self.flows.lock();
        if let Some(entry) = flows.by_id.get(&flow) {
            return entry.exchange();
        }
        flows.forget_before(self.clock.now());
        let flight = Flight::new();
        let first = flight.join();
        flows.by_id.insert(flow, Entry::Running(flight.clone()));
        drop(flows);
        let work = run(Clients::new(flow, flight.clone(), self.clone()));
        let (registry, completed) = (self.clone(), flight.clone());
        flight.start(&runtime, work, move |result| {
            let result =
                result.unwrap_or_else(|| Ok(registry.finished(Outcome::Failed(abandoned()))));
            registry.complete(flow, &completed, &result);
            result
        });
        Exchange::Running(first)
    }

    /// An exchange that completes now.
    pub(super) fn finished(&self, outcome: Outcome) -> Finished {
        Finished {
            outcome,
            at: self.clock.now(),
        }
    }

    /// Remembers the result of a task.
    fn complete(&self, flow: FlowId, flight: &Flight<TaskResult>, result: &TaskResult) {
        let mut flows = self.flows.lock();
        match result {
            Ok(finished) => flows.finish(flow, flight, finished, self.clock.now()),
            Err(_) => flows.forget(flow, flight),
        }
    }

    /// Forgets a flow without clients. Returns whether there is none.
    pub(super) fn forget_abandoned(&self, flow: FlowId, flight: &Flight<TaskResult>) -> bool {
        // A client joins under this lock.
        let mut flows = self.flows.lock();
        let is_abandoned = !flight.has_callers();
        if is_abandoned {
            flows.forget(flow, flight);
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

    fn finish(
        &mut self,
        flow: FlowId,
        flight: &Flight<TaskResult>,
        finished: &Finished,
        now: Timestamp,
    ) {
        if !self.is_running(flow, flight) {
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

    fn forget(&mut self, flow: FlowId, flight: &Flight<TaskResult>) {
        if self.is_running(flow, flight) {
            self.by_id.remove(&flow);
        }
    }

    /// Whether the flow is that of this task, and not of a later one.
    fn is_running(&self, flow: FlowId, flight: &Flight<TaskResult>) -> bool {
        matches!(self.by_id.get(&flow), Some(Entry::Running(known)) if known.is(flight))
    }
}

#[cfg(test)]
mod tests;
