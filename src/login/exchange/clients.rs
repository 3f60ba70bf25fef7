//! The two ends of a running exchange: its clients, and its task.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use super::exchange::{TaskResult, abandoned};
use super::registry::{Registry, Sender};
use super::{Finished, NotStarted};
use crate::error::{Error, ErrorKind};
use crate::login::flow::FlowId;

/// The callers that wait for an exchange.
pub(super) struct Clients {
    flow: FlowId,
    sender: Arc<Sender>,
    registry: Registry,
}

impl Clients {
    pub(super) fn new(flow: FlowId, sender: Arc<Sender>, registry: Registry) -> Self {
        Self {
            flow,
            sender,
            registry,
        }
    }

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
            let result = poll_fn(|cx| match work.as_mut().poll(cx) {
                Poll::Ready(result) => Poll::Ready(Some(result)),
                Poll::Pending => gone.as_mut().poll(cx).map(|()| None),
            });
            match result.await {
                Some(result) => return Ok(result?),
                None if self.registry.forget_abandoned(self.flow, &self.sender) => {
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
}

/// Completes an exchange when its task ends, also by a panic.
pub(super) struct TaskGuard {
    flow: FlowId,
    sender: Arc<Sender>,
    registry: Registry,
}

impl TaskGuard {
    pub(super) fn new(flow: FlowId, sender: Arc<Sender>, registry: Registry) -> Self {
        Self {
            flow,
            sender,
            registry,
        }
    }

    pub(super) fn complete(&self, result: TaskResult) {
        // Before the clients are woken: a repeat that comes now finds the outcome, or begins anew.
        self.registry.finish(self.flow, &self.sender, &result);
        self.sender.send_replace(Some(result));
    }
}

impl Drop for TaskGuard {
    fn drop(&mut self) {
        if self.sender.borrow().is_none() {
            let at = self.registry.now();
            self.complete(Ok(Finished {
                outcome: abandoned(),
                at,
            }));
        }
    }
}
