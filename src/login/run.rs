//! The exchange of one code: admission, claim, provider, session.

use std::sync::Arc;

use super::exchange::{Clients, NotStarted};
use super::outcome::{Finished, Outcome};
use super::return_to::ReturnTo;
use super::shared::Shared;
use super::state::State;
use super::throttle::ClientKey;
use crate::error::ErrorKind;
use crate::meter;
use crate::provider::IdentityProvider;
use crate::secret::AuthorizationCode;
use crate::session::SessionId;
use crate::store::SessionStore;
use crate::trace::warn;

impl<P, St> Shared<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    /// Exchanges the code, unless another instance does; runs in a task, once per flow.
    pub(super) async fn exchange(
        self: Arc<Self>,
        clients: Clients,
        client: Option<ClientKey>,
        state: State,
        code: AuthorizationCode,
        former: Option<SessionId>,
        return_to: ReturnTo,
    ) -> Result<Finished, NotStarted> {
        // A log line or a counter for a client that hung up would be one for the attacker to multiply.
        let permit = clients
            .while_waiting(self.provider.admit())
            .await
            .inspect_err(|reason| {
                if clients.are_waiting() {
                    self.report_not_started(reason);
                }
            })?;
        let admitted = self.admission.take(client, self.resolver.clock.now());
        let mut admitted = admitted.inspect_err(|reason| self.report_not_started(reason))?;
        // With the permit in hand: a claim that waits for one would block the other instances.
        let shared = self.shared_flow(state.flow);
        // Before the claim: without a stamp nothing is sent, and a reload begins anew.
        let since = match self.resolver.stamp().await {
            Ok(since) => since,
            Err(error) => {
                admitted.cancel();
                return Err(error.into());
            }
        };
        if let Some(shared) = &shared {
            match shared.claim().await {
                Ok(None) => {}
                Ok(Some(known)) => {
                    admitted.cancel();
                    drop(permit);
                    return clients.while_waiting(self.follow(shared, known)).await;
                }
                Err(error) => {
                    admitted.cancel();
                    return Err(error.into());
                }
            }
        }
        let provider = self.provider.name();
        // Boxed, so that the tasks that wait for a permit are small.
        let salt = Box::pin(self.log_in(permit, &state, code, former, since)).await;
        meter::login_ended(provider, meter::outcome(&salt));
        let outcome = match salt {
            Ok(salt) => Outcome::LoggedIn { salt, return_to },
            Err(error) => {
                if error.kind() == ErrorKind::InvalidCode {
                    admitted.refused();
                    meter::code_refused(provider);
                }
                if let Some(suppressed) = self
                    .reports
                    .failed(error.kind())
                    .admit(self.resolver.clock.now())
                {
                    warn!(
                        provider = %provider,
                        error = %error.report(),
                        suppressed = %suppressed,
                        "login failed"
                    );
                }
                Outcome::Failed(error)
            }
        };
        let finished = Finished {
            outcome,
            at: self.resolver.clock.now(),
        };
        if let Some(shared) = &shared {
            self.tell(shared, &finished).await;
        }
        Ok(finished)
    }

    /// Counts and logs a code that was not sent.
    pub(super) fn report_not_started(&self, reason: &NotStarted) {
        let (provider, now) = (self.provider.name(), self.resolver.clock.now());
        match reason {
            NotStarted::Failed(error) => {
                meter::login_ended(provider, error.kind().as_str());
                if error.kind() == ErrorKind::Overloaded {
                    meter::exchange_rejected(provider, "overloaded");
                }
                if let Some(suppressed) = self.reports.failed(error.kind()).admit(now) {
                    warn!(
                        provider = %provider,
                        error = %error.report(),
                        suppressed = %suppressed,
                        "login failed before the code was sent"
                    );
                }
            }
            NotStarted::Throttled { .. } => {
                meter::exchange_rejected(provider, "throttled");
                if let Some(suppressed) = self.reports.throttled.admit(now) {
                    warn!(
                        provider = %provider,
                        suppressed = %suppressed,
                        "login: a client sent too many codes that were refused; the response is 429"
                    );
                }
            }
            NotStarted::OverQuota { .. } => {
                meter::exchange_rejected(provider, "quota");
                if let Some(suppressed) = self.reports.over_quota.admit(now) {
                    warn!(
                        provider = %provider,
                        suppressed = %suppressed,
                        "login: the ceiling of exchanges per minute is reached; the response is 503"
                    );
                }
            }
        }
    }
}
