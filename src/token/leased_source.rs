//! Fetches under the lease of a coordinator, so that all instances of a site share one token.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Instant, sleep, timeout};

use super::IssuedToken;
use super::back_off::{LONGEST, SHORTEST};
use crate::coordination::{BoxFuture, Coordinator, Lease, LeaseResponse};
use crate::error::{Error, ErrorKind};
use crate::{random, trace};

/// Pause between two requests for the lease while another instance holds it; up to twice this, so that the instances do
/// not move in step.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// A coordinator that takes longer is unreachable.
const COORDINATOR_TIMEOUT: Duration = Duration::from_secs(2);
/// Shortest time between two fetches without the coordinator: each may invalidate the token of another instance.
const UNCOORDINATED_INTERVAL: Duration = Duration::from_secs(10);

/// Fetches for one instance of a site; see the [module](super) for the rules.
///
/// Each fetch asks for a token newer than the last one, because that one was rejected, has expired or is about to.
/// A fetch that is dropped needs no cleanup: its lease expires.
#[derive(Debug)]
pub(super) struct LeasedSource {
    coordinator: Arc<dyn Coordinator>,
    name: String,
    /// Never locked across an await.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Fencing token of the last token that was returned.
    newer_than: u64,
    last_fetch: Option<Instant>,
    is_uncoordinated: bool,
}

impl LeasedSource {
    /// What a fetch may take beyond the upstream call: the wait for an instance that died with the lease, and the calls
    /// of the coordinator.
    pub(super) const ALLOWANCE: Duration = Lease::DURATION.saturating_add(Duration::from_secs(3));

    pub(super) fn new(coordinator: Arc<dyn Coordinator>, name: String) -> Self {
        Self {
            coordinator,
            name,
            state: Mutex::default(),
        }
    }

    pub(super) fn is_attached_to(&self, coordinator: &Arc<dyn Coordinator>, name: &str) -> bool {
        Arc::ptr_eq(&self.coordinator, coordinator) && self.name == name
    }

    /// Returns a token newer than the last one: adopted from another instance, or fetched from `upstream` for all.
    pub(super) async fn fetch<F, Fut>(&self, upstream: F) -> Result<IssuedToken, Error>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<IssuedToken, Error>>,
    {
        loop {
            let newer_than = self.state.lock().newer_than;
            let request = self.coordinator.acquire_lease(&self.name, newer_than);
            let response = match in_time(request).await {
                Ok(response) => response,
                Err(error) => return self.fetch_uncoordinated(upstream, error).await,
            };
            self.on_reachable();
            match response {
                LeaseResponse::Token {
                    token,
                    fencing_token,
                    remaining,
                } => {
                    let adopted = IssuedToken::new(token, Some(remaining));
                    return Ok(self.returned(adopted, fencing_token));
                }
                LeaseResponse::Held => {
                    sleep(POLL_INTERVAL.mul_f64(1.0 + random::fraction())).await;
                }
                // The coordinator has lost its data and counts anew. A token published since may be newer after all.
                LeaseResponse::Granted(lease)
                    if newer_than > 0 && lease.fencing_token() <= newer_than =>
                {
                    self.state.lock().newer_than = 0;
                    self.release(&lease, Duration::ZERO).await;
                }
                LeaseResponse::Granted(lease) => {
                    if let Some(issued) = self.fetch_leased(&upstream, &lease).await? {
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
    ) -> Result<Option<IssuedToken>, Error>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<IssuedToken, Error>>,
    {
        let pause = pause_before_fetch(lease);
        if pause > SHORTEST {
            // The other instances come to the same conclusion at once, instead of waiting.
            self.release(lease, Duration::ZERO).await;
            return Err(Error::new(
                ErrorKind::Busy,
                "access token: replaced again and again soon after it was fetched; most likely another system fetches \
                 tokens for the same key, and each fetch invalidates the other's token",
            ));
        }
        if !pause.is_zero() {
            // A single process waits as long between two fetches, and fails no caller for it.
            self.release(lease, pause).await;
            sleep(pause).await;
            return Ok(None);
        }
        let started = Instant::now();
        self.state.lock().last_fetch = Some(started);
        let issued = match upstream().await {
            Ok(issued) => issued,
            Err(error) => {
                self.release(lease, SHORTEST).await;
                return Err(error);
            }
        };
        let lifetime = issued.lifetime().unwrap_or_default();
        let remaining = lifetime.saturating_sub(started.elapsed());
        if remaining.is_zero() {
            self.release(lease, SHORTEST).await;
            return Ok(Some(self.returned(issued, lease.fencing_token())));
        }
        let publish = self
            .coordinator
            .publish_token(&self.name, lease, issued.token(), remaining);
        match in_time(publish).await {
            Ok(true) => {}
            // This fetch was too slow, and the newer token may have invalidated its token.
            Ok(false) => return Ok(None),
            // It may have been published. If so, it is not adopted from there when it is rejected here.
            Err(error) => self.on_unreachable(&error),
        }
        Ok(Some(self.returned(issued, lease.fencing_token())))
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
        self.on_unreachable(&unreachable);
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

    /// Releases the lease. Without effect if the coordinator is unreachable: the lease expires.
    async fn release(&self, lease: &Lease, pause: Duration) {
        drop(in_time(self.coordinator.release_lease(&self.name, lease, pause)).await);
    }

    fn returned(&self, issued: IssuedToken, fencing_token: u64) -> IssuedToken {
        self.state.lock().newer_than = fencing_token;
        issued
    }

    fn on_unreachable(&self, error: &Error) {
        let was_uncoordinated = std::mem::replace(&mut self.state.lock().is_uncoordinated, true);
        if !was_uncoordinated {
            trace::warn!(
                error = %error.report(),
                "access token: coordinator unreachable; this instance fetches its own token"
            );
        }
    }

    fn on_reachable(&self) {
        if std::mem::take(&mut self.state.lock().is_uncoordinated) {
            trace::info!("access token: coordinator reachable; the token is shared again");
        }
    }
}

async fn in_time<T>(call: BoxFuture<'_, T>) -> Result<T, Error> {
    let response = timeout(COORDINATOR_TIMEOUT, call).await;
    response.unwrap_or_else(|_| {
        let context = "the coordinator does not answer in time";
        Err(Error::new(ErrorKind::Store, context))
    })
}

/// Returns how long to wait before the next fetch. Tokens that are rejected again and again although they are young are
/// most likely invalidated by another system that fetches for the same key. It must not become a race.
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
