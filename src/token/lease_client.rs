use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::timeout;

use crate::coordination::{BoxFuture, Coordinator, Lease, LeaseResponse};
use crate::error::{Error, ErrorKind};
use crate::secret::AccessToken;
use crate::trace;

/// A coordinator that takes longer is unreachable.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Calls the coordinator for one token: with a timeout, and one log line when its reachability
/// changes.
#[derive(Debug)]
pub(super) struct LeaseClient {
    coordinator: Arc<dyn Coordinator>,
    name: String,
    is_unreachable: AtomicBool,
}

impl LeaseClient {
    pub(super) fn new(coordinator: Arc<dyn Coordinator>, name: String) -> Self {
        Self {
            coordinator,
            name,
            is_unreachable: AtomicBool::new(false),
        }
    }

    pub(super) fn is_attached_to(&self, coordinator: &Arc<dyn Coordinator>, name: &str) -> bool {
        Arc::ptr_eq(&self.coordinator, coordinator) && self.name == name
    }

    pub(super) async fn acquire(&self, newer_than: u64) -> Result<LeaseResponse, Error> {
        let call = self.coordinator.acquire_lease(&self.name, newer_than);
        self.tracked(call).await
    }

    pub(super) async fn publish(
        &self,
        lease: &Lease,
        token: &AccessToken,
        lifetime: Duration,
    ) -> Result<bool, Error> {
        let coordinator = &self.coordinator;
        let call = coordinator.publish_token(&self.name, lease, token, lifetime);
        self.tracked(call).await
    }

    /// Releases the lease. Without effect if the coordinator is unreachable: the lease expires.
    pub(super) async fn release(&self, lease: &Lease, pause: Duration) {
        drop(in_time(self.coordinator.release_lease(&self.name, lease, pause)).await);
    }

    async fn tracked<T>(&self, call: BoxFuture<'_, T>) -> Result<T, Error> {
        let result = in_time(call).await;
        let was_unreachable = self.is_unreachable.swap(result.is_err(), Ordering::Relaxed);
        match &result {
            Err(error) if !was_unreachable => trace::warn!(
                error = %error.report(),
                "access token: coordinator unreachable; this instance fetches its own token"
            ),
            Ok(_) if was_unreachable => {
                trace::info!("access token: coordinator reachable; the token is shared again");
            }
            _ => {}
        }
        result
    }
}

async fn in_time<T>(call: BoxFuture<'_, T>) -> Result<T, Error> {
    let response = timeout(TIMEOUT, call).await;
    response.unwrap_or_else(|_| {
        let context = "the coordinator does not respond in time";
        Err(Error::new(ErrorKind::Store, context))
    })
}
