use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tower_weika::store::external::Invalidate;

use super::names::Names;
use super::revocations::Revoked;

/// The local caches of all stores on one file.
#[derive(Debug, Default)]
pub(crate) struct Caches(Mutex<Vec<StoreCache>>);

#[derive(Debug)]
struct StoreCache {
    store: Arc<str>,
    cache: Weak<dyn Invalidate>,
}

impl Caches {
    pub(crate) fn add(&self, store: &Arc<str>, cache: &Arc<dyn Invalidate>) {
        let (store, cache) = (Arc::clone(store), Arc::downgrade(cache));
        let mut caches = self.0.lock();
        caches.retain(|known| known.cache.strong_count() > 0);
        caches.push(StoreCache { store, cache });
    }

    pub(crate) fn invalidate_all(&self) {
        self.each(None, |cache| cache.invalidate_all());
    }

    /// Drops the sessions of a store that were revoked.
    pub(crate) fn apply(&self, store: &str, revoked: &Revoked) {
        match revoked {
            Revoked::Session(digest) | Revoked::Replaced(digest) => {
                self.each(Some(store), |cache| cache.invalidate(digest));
            }
            Revoked::Owner { namespace, owner } => self.each(Some(store), |cache| {
                cache.invalidate_where(&|of, subject| {
                    let names = || Names {
                        store: store.into(),
                        namespace: *of,
                    };
                    of.as_bytes() == namespace && names().owner(subject) == *owner
                });
            }),
            Revoked::Namespace(namespace) => self.each(Some(store), |cache| {
                cache.invalidate_where(&|of, _| of.as_bytes() == namespace);
            }),
        }
    }

    fn each(&self, store: Option<&str>, invalidate: impl Fn(&dyn Invalidate)) {
        let caches: Vec<_> = self
            .0
            .lock()
            .iter()
            .filter(|of| store.is_none_or(|store| *of.store == *store))
            .filter_map(|of| of.cache.upgrade())
            .collect();
        caches.iter().for_each(|cache| invalidate(&**cache));
    }
}
