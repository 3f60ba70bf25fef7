//! The contract of session stores.

use std::sync::Arc;

use tower_weika::clock::Clock;
use tower_weika::identity::Manager;
use tower_weika::store::external::{CacheValidity, Invalidate, LocalCache};

use super::{StoreClient, StoreLink, Subscriber};
use crate::incarnation::Incarnation;
use crate::random::Random;
use crate::scenario::Scenario;
use crate::world::World;

fn store(has_cache: bool) -> StoreClient<Manager> {
    let world = Arc::new(World::new(Scenario::calm(has_cache), Random::new(0)));
    let link = StoreLink {
        world,
        incarnation: Incarnation::new(0, 0),
        clock: Clock::system(),
    };
    let validity = Arc::new(CacheValidity::default());
    let cache = has_cache.then(|| Arc::new(LocalCache::new(100, Arc::clone(&validity))));
    if let Some(cache) = &cache {
        let caches = vec![Arc::clone(cache) as Arc<dyn Invalidate>];
        let link = link.clone();
        Subscriber {
            link,
            validity,
            caches,
        }
        .start();
    }
    let coordinator = link.coordinator();
    StoreClient::new(link, cache, coordinator)
}

fn manager(number: u32) -> Manager {
    let mut manager = Manager::new(format!("o{number}"));
    manager.name = "王".to_owned();
    manager
}

mod uncached {
    use super::*;

    tower_weika::testing::store_contract! { async { store(false) }, manager }
}

mod cached {
    use super::*;

    tower_weika::testing::store_contract! { async { store(true) }, manager }
}
