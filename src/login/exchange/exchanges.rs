use std::sync::Arc;

use super::clients::Clients;
use super::exchange::TaskResult;
use super::registry::Registry;
use super::{Exchange, Instances, Job, SessionSalt};
use crate::clock::Clock;
use crate::coordination::FlowState;
use crate::error::Error;
use crate::login::flow::{FlowId, State};
use crate::login::keys::Key;
use crate::session::SessionId;
#[cfg(simulation)]
use crate::simulation::PlantedFault;

/// The exchanges of one login layer.
pub(in crate::login) struct Exchanges {
    registry: Registry,
    /// The instances that share the session store.
    instances: Option<Arc<Instances>>,
    session_key: Key,
}

impl Exchanges {
    pub(in crate::login) fn new(
        clock: Clock,
        instances: Option<Instances>,
        session_key: Key,
    ) -> Self {
        Self {
            registry: Registry::new(clock),
            instances: instances.map(Arc::new),
            session_key,
        }
    }

    /// Returns the exchange of a flow, if one was ever started here or at another instance.
    pub(in crate::login) async fn find(&self, flow: FlowId) -> Result<Option<Exchange>, Error> {
        let known = self.registry.find(flow);
        let Some(instances) = self.instances.as_ref().filter(|_| known.is_none()) else {
            return Ok(known);
        };
        Ok(match instances.find(flow).await? {
            None => None,
            Some(claimed @ FlowState::Claimed { .. }) => {
                let instances = Arc::clone(instances);
                let follow = |clients: Clients| async move {
                    let outcome = instances.follow(flow, claimed);
                    clients.while_waiting(outcome).await
                };
                Some(self.registry.join_or_start(flow, follow))
            }
            Some(completed) => Some(Exchange::Finished(instances.read(&completed))),
        })
    }

    /// Runs the job unless the flow has an exchange already, here or at another instance, and
    /// returns that exchange.
    pub(in crate::login) fn run_once(&self, flow: FlowId, job: impl Job) -> Exchange {
        let (registry, instances) = (self.registry.clone(), self.instances.clone());
        self.registry.join_or_start(flow, |clients| async move {
            run(flow, job, &clients, instances.as_deref(), &registry).await
        })
    }

    /// Returns the id of the session that the flow of `state` led to.
    pub(in crate::login) fn session_id(&self, state: &State, salt: &SessionSalt) -> SessionId {
        salt.session(&self.session_key, state)
    }
}

async fn run<J: Job>(
    flow: FlowId,
    job: J,
    clients: &Clients,
    instances: Option<&Instances>,
    registry: &Registry,
) -> TaskResult {
    let prepared = clients.while_waiting(job.prepare()).await;
    // No log line and no counter for a client that disconnected: an attacker could cause any number
    // of them.
    let prepared = prepared.inspect_err(|reason| {
        if clients.are_waiting() {
            job.report(reason);
        }
    })?;
    if let Some(instances) = instances {
        // Claimed while the permit is held: a claim that waits for a permit would block the other
        // instances.
        if let Some(claimed) = instances.claim(flow).await? {
            #[cfg(simulation)]
            let prepared = PlantedFault::Permit.leaks(prepared);
            drop(prepared);
            let outcome = instances.follow(flow, claimed);
            return clients.while_waiting(outcome).await;
        }
    }
    // Boxed, so that the tasks that wait for a permit are small.
    let (outcome, _until_published) = Box::pin(job.run(prepared)).await;
    let finished = registry.finished(outcome);
    if let Some(instances) = instances {
        instances.publish(flow, &finished).await;
    }
    Ok(finished)
}
