//! One exchange per flow on all instances of a site: the first one claims the flow and spends its code, and the
//! others wait for what it says.
//!
//! They poll for it with growing pauses, and only while a client waits: a message could be missed, and the answer is
//! there within a second anyway. The registry of this process ([`exchange`](super::exchange)) stands in front: its callers
//! are one caller here.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use sha2::{Digest, Sha256};
use tokio::time::{sleep, timeout};

use super::exchange::{Exchange, KEPT_FOR};
use super::outcome::{Finished, Outcome, Refused};
use super::shared::Shared;
use super::state::FlowId;
use crate::authenticate::as_store_error;
use crate::coordination::{Coordinator, FlowState};
use crate::error::{Error, ErrorKind};
use crate::provider::IdentityProvider;
use crate::random;
use crate::store::SessionStore;
use crate::trace::warn;

/// The pause before the first question for the outcome. Each following one is twice as long, up to
/// [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What an instance may take beyond its timeout to keep the session and tell the others.
const GRACE: Duration = Duration::from_secs(5);

/// A flow, as the instances of a site know it.
pub(super) struct SharedFlow {
    coordinator: Arc<dyn Coordinator>,
    name: String,
}

impl SharedFlow {
    /// What is known of it, if it is claimed.
    async fn known(&self) -> Result<Option<FlowState>, Error> {
        self.coordinator
            .flow_state(&self.name)
            .await
            .map_err(as_store_error)
    }

    /// Makes it ours, if there is nothing known of it.
    pub(super) async fn claim(&self) -> Result<Option<FlowState>, Error> {
        self.coordinator
            .claim_flow(&self.name, KEPT_FOR)
            .await
            .map_err(as_store_error)
    }

    /// The end of the exchange as its instance tells it; `None` if it tells nothing for `patience` since the claim.
    async fn end(&self, known: FlowState, patience: Duration) -> Result<Option<FlowState>, Error> {
        let FlowState::Claimed { age } = known else {
            return Ok(Some(known));
        };
        let settled = async {
            let mut pause = FIRST_PAUSE;
            let jitter = random::bytes().map_or(0, u16::from_be_bytes);
            loop {
                // Between three quarters of the pause and the whole: callers that began together drift apart.
                sleep(pause - pause.mul_f64(f64::from(jitter) / f64::from(u16::MAX) / 4.0)).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
                match self.known().await? {
                    Some(FlowState::Claimed { .. }) => {}
                    end => return Ok(end),
                }
            }
        };
        timeout(patience.saturating_sub(age), settled)
            .await
            .unwrap_or(Ok(None))
    }

    async fn settle(&self, finished: &Finished) -> Result<(), Error> {
        let settled = match Refused::of(finished) {
            Some(refused) => {
                self.coordinator
                    .reject_flow(&self.name, refused.to_number())
                    .await
            }
            None => {
                self.coordinator
                    .complete_flow(&self.name, &finished.to_bytes())
                    .await
            }
        };
        settled.map_err(as_store_error)
    }
}

impl<P, St> Shared<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    /// The flow at the other instances, if there are any.
    pub(super) fn shared_flow(&self, flow: FlowId) -> Option<SharedFlow> {
        let coordinator = Arc::clone(self.coordinator.as_ref()?);
        // The flow is in the URL of a callback: a digest, so that readers of the store cannot tell which one it is. 72
        // bits of it are unique among the flows of eleven minutes, and short, because every refused code leaves a name.
        // The namespace keeps the flows of other logins with the same provider apart.
        let digest = Sha256::new()
            .chain_update(self.resolver.namespace)
            .chain_update(flow.0)
            .finalize();
        Some(SharedFlow {
            coordinator,
            name: BASE64.encode(&digest[..9]),
        })
    }

    /// The exchange of a flow whose code was ever given to us, here or at another instance.
    pub(super) async fn known(self: &Arc<Self>, flow: FlowId) -> Result<Option<Exchange>, Error> {
        let known = self.exchanges.of(flow);
        let Some(shared) = self.shared_flow(flow).filter(|_| known.is_none()) else {
            return Ok(known);
        };
        Ok(match shared.known().await? {
            None => None,
            Some(claimed @ FlowState::Claimed { .. }) => {
                let run = Arc::clone(self);
                Some(self.exchanges.join_or_start(flow, |clients| async move {
                    clients.while_waiting(run.follow(&shared, claimed)).await
                }))
            }
            Some(end) => Some(Exchange::Finished(self.read(&end))),
        })
    }

    /// Waits for the exchange of another instance.
    pub(super) async fn follow(
        &self,
        shared: &SharedFlow,
        known: FlowState,
    ) -> Result<Finished, Error> {
        let end = shared
            .end(known, self.settings.exchange_timeout + GRACE)
            .await?;
        Ok(end.map_or_else(
            || self.lost("the instance that exchanged the code is gone"),
            |end| self.read(&end),
        ))
    }

    /// Tells the other instances. If that fails, they will find out by waiting; here the exchange stands.
    pub(super) async fn tell(&self, shared: &SharedFlow, finished: &Finished) {
        if let Err(error) = shared.settle(finished).await
            && let Some(suppressed) = self.reports.not_told.admit(self.resolver.clock.now())
        {
            warn!(
                provider = %self.provider.name(),
                error = %error.report(),
                suppressed = %suppressed,
                "login: other instances are not told of a login"
            );
        }
    }

    /// The end that another instance has told. Where that cannot be read, the code is spent all the same, and the session
    /// cannot be found: the one thing that helps is another login.
    fn read(&self, end: &FlowState) -> Finished {
        let read = match end {
            FlowState::Rejected { note } => Some(Refused::from_number(*note).finished()),
            FlowState::Completed { outcome } => {
                Finished::from_bytes(outcome, &self.settings.rules, &self.settings.default_target)
            }
            FlowState::Claimed { .. } => None,
        };
        read.unwrap_or_else(|| {
            self.lost("what another instance says of the code exchange cannot be read")
        })
    }

    fn lost(&self, reason: &'static str) -> Finished {
        if let Some(suppressed) = self.reports.lost_elsewhere.admit(self.resolver.clock.now()) {
            warn!(
                provider = %self.provider.name(),
                reason = %reason,
                suppressed = %suppressed,
                "login lost at another instance"
            );
        }
        let error = Error::new(ErrorKind::Lost, reason);
        Finished {
            outcome: Outcome::Failed(error),
            at: self.resolver.clock.now(),
        }
    }
}
