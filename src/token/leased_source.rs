//! Fetches under the lease of a coordinator, so that all instances of an application share one
//! token.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Instant, sleep};

use super::IssuedToken;
use super::back_off::{LONGEST, SHORTEST};
use super::lease_client::LeaseClient;
use crate::coordination::{Coordinator, Lease, LeaseResponse};
use crate::error::{Error, ErrorKind};
use crate::random;
#[cfg(simulation)]
use crate::simulation::PlantedFault;

/// Pause between two requests for the lease while another instance holds it; up to twice this, so
/// that the instances do not move in step.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// Shortest time between two fetches without the coordinator: each may invalidate the token of
/// another instance.
const UNCOORDINATED_INTERVAL: Duration = Duration::from_secs(10);

/// Fetches for one instance of an application; see the [module](super) for the rules.
///
/// Each fetch requires a token newer than the last one, because that one was rejected, has expired
/// or is about to. A fetch that is dropped needs no cleanup: its lease expires.
#[derive(Debug)]
pub(super) struct LeasedSource {
    client: LeaseClient,
    /// Never locked across an await.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Fencing token of the last token that was returned.
    newer_than: u64,
    last_fetch: Option<Instant>,
}

impl LeasedSource {
    /// Time that a fetch may take beyond the upstream call: the wait for an instance that died with
    /// the lease, and the calls of the coordinator.
    pub(super) const ALLOWANCE: Duration = Lease::DURATION.saturating_add(Duration::from_secs(3));

    pub(super) fn new(coordinator: Arc<dyn Coordinator>, name: String) -> Self {
        Self {
            client: LeaseClient::new(coordinator, name),
            state: Mutex::default(),
        }
    }

    pub(super) fn is_attached_to(&self, coordinator: &Arc<dyn Coordinator>, name: &str) -> bool {
        self.client.is_attached_to(coordinator, name)
    }

    /// Returns a token newer than the last one: adopted from another instance, or fetched from
    /// `upstream` for all.
    pub(super) async fn fetch<F, Fut>(&self, upstream: F) -> Result<IssuedToken, Error>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<IssuedToken, Error>>,
    {
        // The caller counts the lifetime from here.
        let began = Instant::now();
        loop {
            let (newer_than, waited) = (self.state.lock().newer_than, began.elapsed());
            let response = match self.client.acquire(newer_than).await {
                Ok(response) => response,
                Err(error) => return self.fetch_uncoordinated(upstream, error).await,
            };
            match response {
                LeaseResponse::Token {
                    token,
                    fencing_token,
                    remaining,
                } => {
                    let adopted = IssuedToken::new(token, Some(waited.saturating_add(remaining)));
                    return Ok(self.returned(adopted, fencing_token));
                }
                LeaseResponse::Held => {
                    sleep(POLL_INTERVAL.mul_f64(1.0 + random::fraction())).await;
                }
                // The coordinator has lost its data and counts again. A token published since may
                // be newer after all.
                LeaseResponse::Granted(lease)
                    if newer_than > 0 && lease.fencing_token() <= newer_than =>
                {
                    self.state.lock().newer_than = 0;
                    self.client.release(&lease, Duration::ZERO).await;
                }
                LeaseResponse::Granted(lease) => {
                    if let Some(issued) = self.fetch_leased(&upstream, &lease, began).await? {
                        return Ok(issued);
                    }
                }
            }
        }
    }

    /// Fetches a token for all instances; `None` if the lease has to be requested again.
    async fn fetch_leased<F, Fut>(
        &self,
        upstream: &F,
        lease: &Lease,
        began: Instant,
    ) -> Result<Option<IssuedToken>, Error>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<IssuedToken, Error>>,
    {
        let pause = pause_before_fetch(lease);
        if pause > SHORTEST {
            // The other instances come to the same conclusion at once, instead of waiting.
            self.client.release(lease, Duration::ZERO).await;
            return Err(Error::new(
                ErrorKind::Busy,
                "access token: replaced again and again soon after it was fetched; most likely another system fetches \
                 tokens for the same key, and each fetch invalidates the other's token",
            ));
        }
        if !pause.is_zero() {
            // A single process waits as long between two fetches, and fails no caller for it.
            self.client.release(lease, pause).await;
            sleep(pause).await;
            return Ok(None);
        }
        let started = Instant::now();
        self.state.lock().last_fetch = Some(started);
        let issued = match upstream().await {
            Ok(issued) => issued,
            Err(error) => {
                self.client.release(lease, SHORTEST).await;
                return Err(error);
            }
        };
        let lifetime = issued.lifetime().unwrap_or_default();
        let remaining = lifetime.saturating_sub(started.elapsed());
        if remaining.is_zero() {
            self.client.release(lease, SHORTEST).await;
            return Ok(Some(self.returned(issued, lease.fencing_token())));
        }
        let waited = started.duration_since(began);
        let counted = IssuedToken::new(
            issued.token().clone(),
            Some(waited.saturating_add(lifetime)),
        );
        let publish = self.client.publish(lease, issued.token(), remaining);
        match publish.await {
            #[cfg(simulation)]
            Ok(false) if PlantedFault::Fence.is_planted() => {
                Ok(Some(self.returned(counted, lease.fencing_token())))
            }
            // This fetch was too slow, and the newer token may have invalidated its token.
            Ok(false) => Ok(None),
            // After an error it may have been published. If so, it is not adopted from there when
            // it is rejected here.
            Ok(true) | Err(_) => Ok(Some(self.returned(counted, lease.fencing_token()))),
        }
    }

    /// Fetches a token for this instance only, because the coordinator is unreachable.
    async fn fetch_uncoordinated<F, Fut>(
        &self,
        upstream: F,
        unreachable: Error,
    ) -> Result<IssuedToken, Error>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<IssuedToken, Error>>,
    {
        if !self.claim_uncoordinated_fetch() {
            // Not of kind `Store`: the sessions may be available, and a caller can try again soon.
            let context = "access token: coordinator unreachable, and this instance has just fetched a token for itself";
            return Err(Error::new(ErrorKind::Unresponsive, context).with_source(unreachable));
        }
        upstream().await
    }

    fn claim_uncoordinated_fetch(&self) -> bool {
        let mut state = self.state.lock();
        let is_due = state
            .last_fetch
            .is_none_or(|last| last.elapsed() >= UNCOORDINATED_INTERVAL);
        if is_due {
            state.last_fetch = Some(Instant::now());
        }
        is_due
    }

    fn returned(&self, issued: IssuedToken, fencing_token: u64) -> IssuedToken {
        self.state.lock().newer_than = fencing_token;
        issued
    }
}

/// Returns how long to wait before the next fetch. Tokens that are rejected again and again
/// although they are young are most likely invalidated by another system that fetches for the same
/// key. It must not become a race.
fn pause_before_fetch(lease: &Lease) -> Duration {
    let Some(age) = lease.last_published() else {
        return Duration::ZERO;
    };
    // Shorter than `Lease::EARLY`: no pause after a token that has lived long.
    let pause = (SHORTEST * (1 << lease.early_replacements().min(5))).min(LONGEST);
    pause.saturating_sub(age)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_with_every_early_replacement() {
        let pause = |last_published: Option<u64>, early_replacements| {
            let age = last_published.map(Duration::from_secs);
            pause_before_fetch(&Lease::new(String::new(), 9, age, early_replacements)).as_secs()
        };
        let pauses: Vec<u64> = (0..8).map(|early| pause(Some(0), early)).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(
            (pause(Some(5), 3), pause(Some(8), 3), pause(None, u32::MAX)),
            (3, 0, 0)
        );
        assert_eq!(pause(Some(Lease::EARLY.as_secs()), u32::MAX), 0);
    }
}
