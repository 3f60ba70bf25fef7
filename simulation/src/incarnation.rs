//! One life of an instance, from its start to its crash.
//!
//! The tasks of an instance that has crashed are not aborted: the crate starts them on the one
//! runtime of the simulation. Instead, nothing that they send arrives anywhere, and nothing arrives
//! at them, so that the world cannot tell the difference.

use std::sync::Arc;

use tokio::sync::watch;

#[derive(Clone, Debug)]
pub(crate) struct Incarnation {
    instance: usize,
    number: u64,
    is_dead: Arc<watch::Sender<bool>>,
}

impl Incarnation {
    pub(crate) fn new(instance: usize, number: u64) -> Self {
        Self {
            instance,
            number,
            is_dead: Arc::new(watch::Sender::new(false)),
        }
    }

    pub(crate) fn instance(&self) -> usize {
        self.instance
    }

    /// Returns a number that no other life of any instance has.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn is_alive(&self) -> bool {
        !*self.is_dead.borrow()
    }

    pub(crate) fn crash(&self) {
        self.is_dead.send_replace(true);
    }

    /// Waits for the crash.
    pub(crate) async fn crashed(&self) {
        let mut is_dead = self.is_dead.subscribe();
        // The sender is kept here, so this waits for the value.
        let _ = is_dead.wait_for(|is_dead| *is_dead).await.is_ok();
    }
}
