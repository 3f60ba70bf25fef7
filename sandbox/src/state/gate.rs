//! Gate that holds responses back until a test opens it.

use std::sync::Arc;

use tokio::sync::watch;

/// Holds responses back until it is opened. Clones are the same gate.
///
/// ```
/// use tower_weika_sandbox::{Browser, Endpoint, Fault, Gate, Sandbox};
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let sandbox = Sandbox::start().await?;
/// let gate = Gate::new();
/// sandbox.faults().once(Endpoint::ManagerConnect, Fault::Held(gate.clone()));
///
/// let url = format!("{}/open/auth/manager-connect", sandbox.base_url());
/// let waiting = tokio::spawn(async move { Browser::new().get(&url).await });
/// sandbox.call_log().reached(Endpoint::ManagerConnect, 1).await;
/// assert!(!waiting.is_finished());
/// gate.open();
/// assert_eq!(waiting.await??.status(), 400);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Gate {
    /// Returns a closed gate.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Lets every response through, now and later.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    pub(crate) async fn passed(&self) {
        let mut open = self.0.subscribe();
        // Fails only without a sender, and `self` holds one.
        let _open = open.wait_for(|open| *open).await;
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for Gate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
