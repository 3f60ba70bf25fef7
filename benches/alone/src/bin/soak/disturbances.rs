//! Restarts.

use std::rc::Rc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::site::Site;

/// How long instances may need to connect to Redis again.
const RECONNECTION: Duration = Duration::from_secs(5);

/// Ends the second instance, by the end of its process or by SIGKILL, and starts it again.
pub(crate) async fn restart_instance(site: &Rc<Site>, kills: bool) {
    let process = site.second.take();
    // For a moment its users try to reach an instance that is gone.
    process.expect("it runs").end(kills);
    sleep(Duration::from_millis(200)).await;
    site.start_second().await;
    site.counts.borrow_mut().instance_restarts += 1;
}

/// Kills the server of the store, if it has one, and starts it again with its data.
pub(crate) async fn restart_store(site: &Rc<Site>) {
    site.is_store_disturbed.set(true);
    // The users go on meanwhile.
    let mut store = site.store.take().expect("it runs");
    let restarted = spawn_blocking(move || (store.restart(), store)).await;
    let (was_restarted, store) = restarted.expect("the server starts again");
    site.store.replace(Some(store));
    if was_restarted {
        site.counts.borrow_mut().store_restarts += 1;
        sleep(RECONNECTION).await;
    }
    site.is_store_disturbed.set(false);
}
