//! The instances of a site behind a load balancer.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::time::Duration;
use tower_weika::clock::Timestamp;

use crate::instance::Instance;
use crate::login::PerLogin;
use crate::world::World;

pub(crate) struct Site {
    pub(crate) world: Arc<World>,
    instances: Mutex<Vec<Option<Instance>>>,
    incarnations: Mutex<u64>,
    namespaces: PerLogin<[u8; 16]>,
}

impl Site {
    pub(crate) fn start(world: &Arc<World>) -> Arc<Self> {
        let count = world.scenario.instances;
        let instances: Vec<_> = (0..count)
            .map(|number| Instance::start(world, number, number as u64))
            .collect();
        Arc::new(Self {
            world: Arc::clone(world),
            namespaces: instances[0].logins.namespaces(),
            instances: Mutex::new(instances.into_iter().map(Some).collect()),
            incarnations: Mutex::new(count as u64),
        })
    }

    pub(crate) fn namespaces(&self) -> PerLogin<[u8; 16]> {
        self.namespaces
    }

    pub(crate) fn instance(&self, number: usize) -> Option<Instance> {
        self.instances.lock()[number].clone()
    }

    pub(crate) fn instances(&self) -> Vec<Instance> {
        self.instances.lock().iter().flatten().cloned().collect()
    }

    /// Chooses the instance of a request.
    pub(crate) fn choose(&self) -> usize {
        self.world.random.index(self.world.scenario.instances)
    }

    /// Crashes an instance and drops its local state.
    pub(crate) fn crash(&self, number: usize) {
        let instance = self.instances.lock()[number].take();
        if let Some(instance) = instance {
            self.world.note(format_args!("instance {number} crashes"));
            instance.incarnation.crash();
        }
    }

    /// Starts an instance that has crashed.
    pub(crate) fn restart(&self, number: usize) {
        let mut incarnations = self.incarnations.lock();
        let mut instances = self.instances.lock();
        if instances[number].is_none() {
            let incarnation = *incarnations;
            *incarnations += 1;
            self.world
                .note(format_args!("instance {number} starts as {incarnation}"));
            instances[number] = Some(Instance::start(&self.world, number, incarnation));
        }
    }

    /// Sets the wall clock of an instance, forward or back; `None` sets it right.
    pub(crate) fn set_clock(&self, number: usize, by: Option<(Duration, bool)>) {
        let now = Timestamp::from_unix_millis(self.world.now());
        let to = match by {
            None => now,
            Some((by, true)) => now.plus(by),
            Some((by, false)) => now.minus(by),
        };
        if let Some(instance) = self.instance(number) {
            self.world
                .note(format_args!("clock of {number} is set: {by:?}"));
            instance.clock.set(to);
            self.world.facts.lock().was_clock_set = true;
        }
    }
}
