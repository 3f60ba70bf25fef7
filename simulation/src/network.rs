//! Simulated network: delays, losses, and links that are cut.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use tokio::time::{Duration, Instant, sleep};

use crate::world::World;

/// A link of one instance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Link {
    Browsers(usize),
    Store(usize),
    Weika(usize),
    Wechat(usize),
}

#[derive(Debug, Default)]
pub(crate) struct Network(Mutex<BTreeMap<Link, Instant>>);

impl Network {
    pub(crate) fn cut(&self, link: Link, time: Duration) {
        self.0.lock().insert(link, Instant::now() + time);
    }

    pub(crate) fn heal(&self) {
        self.0.lock().clear();
    }

    pub(crate) fn is_cut(&self, link: Link) -> bool {
        let cuts = self.0.lock();
        cuts.get(&link).is_some_and(|until| Instant::now() < *until)
    }
}

impl World {
    /// Returns the delay of a message.
    pub(crate) fn delay(&self) -> Duration {
        let Self {
            random, scenario, ..
        } = self;
        if self.is_disturbed() && random.chance(scenario.spikes) {
            return random.millis(0, scenario.spike);
        }
        random.millis(0, scenario.delay)
    }

    /// Lets a message travel. Returns whether it arrives.
    pub(crate) async fn travel(&self, link: Link) -> bool {
        let delay = self.delay();
        if !delay.is_zero() {
            sleep(delay).await;
        }
        let is_lost = self.is_disturbed() && self.random.chance(self.scenario.losses);
        !is_lost && !self.network.is_cut(link)
    }
}
