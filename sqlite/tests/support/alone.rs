//! Tests that measure run one after the other.

use tokio::sync::{Mutex, MutexGuard};

static ALONE: Mutex<()> = Mutex::const_new(());

/// Waits until no other test of this program runs. Called first in each test.
pub(crate) async fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().await
}
