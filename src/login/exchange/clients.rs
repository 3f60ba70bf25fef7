use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use super::NotStarted;
use super::exchange::TaskResult;
use super::registry::Registry;
use crate::error::{Error, ErrorKind};
use crate::flight::Flight;
use crate::login::flow::FlowId;

/// The callers that wait for an exchange.
pub(super) struct Clients {
    flow: FlowId,
    flight: Flight<TaskResult>,
    registry: Registry,
}

impl Clients {
    pub(super) fn new(flow: FlowId, flight: Flight<TaskResult>, registry: Registry) -> Self {
        Self {
            flow,
            flight,
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
            let mut abandoned = pin!(self.flight.abandoned());
            let result = poll_fn(|cx| match work.as_mut().poll(cx) {
                Poll::Ready(result) => Poll::Ready(Some(result)),
                Poll::Pending => abandoned.as_mut().poll(cx).map(|()| None),
            });
            match result.await {
                Some(result) => return Ok(result?),
                None if self.registry.forget_abandoned(self.flow, &self.flight) => {
                    return Err(Error::new(ErrorKind::Internal, "the last client has gone").into());
                }
                // Another client has come at the last moment.
                None => {}
            }
        }
    }

    /// Whether any is left.
    pub(super) fn are_waiting(&self) -> bool {
        self.flight.has_callers()
    }
}
