//! One exchange per flow on all instances of an application: the first one claims the flow and
//! exchanges its code, and the others wait for its outcome.
//!
//! They poll for it with growing pauses, and only while a client waits: a message could be missed,
//! and a poll finds the outcome within a second as well.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use sha2::{Digest, Sha256};
use tokio::time::{sleep, timeout};

use super::{Finished, KEPT_FOR, Outcome, Refused};
use crate::authenticate::as_store_error;
use crate::clock::Clock;
use crate::coordination::{Coordinator, FlowState};
use crate::error::{Error, ErrorKind};
use crate::log_limit::LogLimit;
use crate::login::flow::FlowId;
use crate::login::return_to::ReturnRules;
use crate::random;
use crate::session::Namespace;
use crate::trace::warn;

/// The pause before the first poll for the outcome. Each following pause is twice as long, up to
/// [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(2);

/// The time that an instance may take beyond its timeout to store the session and publish the
/// outcome.
const GRACE: Duration = Duration::from_secs(5);

/// Claims and outcomes of one login, shared with the other instances.
pub(in crate::login) struct Instances {
    /// The name of the provider, for the log.
    provider: Box<str>,
    coordinator: Arc<dyn Coordinator>,
    namespace: Namespace,
    exchange_timeout: Duration,
    rules: ReturnRules,
    clock: Clock,
    not_published: LogLimit,
    lost: LogLimit,
}

impl Instances {
    pub(in crate::login) fn new(
        provider: &str,
        coordinator: Arc<dyn Coordinator>,
        namespace: Namespace,
        exchange_timeout: Duration,
        rules: ReturnRules,
        clock: Clock,
    ) -> Self {
        Self {
            provider: provider.into(),
            coordinator,
            namespace,
            exchange_timeout,
            rules,
            clock,
            not_published: LogLimit::default(),
            lost: LogLimit::default(),
        }
    }

    /// Returns the state of a flow, if an instance has claimed it.
    pub(super) async fn find(&self, flow: FlowId) -> Result<Option<FlowState>, Error> {
        let flow = self.coordinator.flow_state(&self.name(flow)).await;
        flow.map_err(as_store_error)
    }

    /// Claims a flow. Returns its state if another instance has claimed it.
    pub(super) async fn claim(&self, flow: FlowId) -> Result<Option<FlowState>, Error> {
        let claim = self
            .coordinator
            .claim_flow(&self.name(flow), KEPT_FOR)
            .await;
        claim.map_err(as_store_error)
    }

    /// Waits for the exchange of another instance.
    pub(super) async fn follow(&self, flow: FlowId, claimed: FlowState) -> Result<Finished, Error> {
        let FlowState::Claimed { age } = claimed else {
            return Ok(self.read(&claimed));
        };
        let patience = (self.exchange_timeout + GRACE).saturating_sub(age);
        let completed = timeout(patience, self.completed(flow)).await;
        Ok(match completed.unwrap_or(Ok(None))? {
            Some(completed) => self.read(&completed),
            None => self.lost("the instance that exchanged the code has not published an outcome"),
        })
    }

    /// Polls until the flow is completed; `None` if its claim has expired.
    async fn completed(&self, flow: FlowId) -> Result<Option<FlowState>, Error> {
        let mut pause = FIRST_PAUSE;
        let jitter = random::bytes().map_or(0, u16::from_be_bytes);
        loop {
            // Between three quarters of the pause and the whole: callers that began together spread
            // out.
            sleep(pause - pause.mul_f64(f64::from(jitter) / f64::from(u16::MAX) / 4.0)).await;
            pause = (pause * 2).min(MAX_PAUSE);
            match self.find(flow).await? {
                Some(FlowState::Claimed { .. }) => {}
                completed => return Ok(completed),
            }
        }
    }

    /// Publishes an outcome. If that fails, the exchange is valid at this instance only, and the
    /// others restart the login.
    pub(super) async fn publish(&self, flow: FlowId, finished: &Finished) {
        let name = self.name(flow);
        let published = match Refused::of(finished) {
            Some(refused) => {
                let number = refused.to_number();
                self.coordinator.reject_flow(&name, number).await
            }
            None => {
                let record = finished.to_bytes();
                self.coordinator.complete_flow(&name, &record).await
            }
        };
        if let Err(error) = published.map_err(as_store_error)
            && let Some(suppressed) = self.not_published.admit(self.clock.now())
        {
            warn!(
                provider = %self.provider,
                error = %error.report(),
                suppressed = %suppressed,
                "login: cannot publish the outcome of an exchange; other instances restart that login"
            );
        }
    }

    /// Reads an outcome of another instance. If it cannot be read, the code is consumed
    /// nevertheless and the session cannot be found, so the login restarts.
    pub(super) fn read(&self, completed: &FlowState) -> Finished {
        let read = match completed {
            FlowState::Rejected { note } => Some(Refused::from_number(*note).finished()),
            FlowState::Completed { outcome } => Finished::from_bytes(outcome, &self.rules),
            FlowState::Claimed { .. } => None,
        };
        read.unwrap_or_else(|| self.lost("the outcome of another instance cannot be read"))
    }

    fn lost(&self, reason: &'static str) -> Finished {
        let now = self.clock.now();
        if let Some(suppressed) = self.lost.admit(now) {
            warn!(
                provider = %self.provider,
                reason = %reason,
                suppressed = %suppressed,
                "login: the outcome of another instance is lost; the login restarts once"
            );
        }
        Finished {
            outcome: Outcome::Failed(Error::new(ErrorKind::Lost, reason)),
            at: now,
        }
    }

    /// Returns the name of a flow at the coordinator. The flow is in the URL of a callback: a
    /// digest prevents readers of the store from recognizing it. 72 bits of it are unique among the
    /// flows of eleven minutes, and short, because every rejected code leaves a name. The namespace
    /// separates the flows of other logins with the same provider.
    fn name(&self, flow: FlowId) -> String {
        let digest = Sha256::new()
            .chain_update(self.namespace)
            .chain_update(flow.0)
            .finalize();
        BASE64.encode(&digest[..9])
    }
}
