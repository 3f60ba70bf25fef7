use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use derive_where::derive_where;
use tower_layer::Layer;

use super::table::Table;
use super::{ChooseTenant, Tenants};
use crate::error::ConfigError;

/// Layer that chooses the login of a request by its host; see the [module](super). Clones and the
/// services that it has made share the list of tenants.
#[derive_where(Clone)]
pub struct TenantsLayer<L> {
    table: Arc<ArcSwap<Table<L>>>,
}

impl<L> TenantsLayer<L> {
    pub(super) fn new(table: Table<L>) -> Self {
        Self {
            table: Arc::new(ArcSwap::from_pointee(table)),
        }
    }

    /// Replaces the list of tenants. Requests that arrive after the return see the new list; a
    /// tenant that stays should keep its layer (a clone), because a new one does not know the
    /// sessions in memory of the old one.
    ///
    /// # Errors
    /// If an origin is invalid, or two tenants have the same host: all configuration errors at
    /// once. The former list stays then.
    pub fn replace(&self, tenants: Tenants<L>) -> Result<(), ConfigError> {
        self.table.store(Arc::new(tenants.check()?));
        Ok(())
    }
}

impl<S, L> Layer<S> for TenantsLayer<L> {
    type Service = ChooseTenant<S, L>;

    fn layer(&self, inner: S) -> Self::Service {
        ChooseTenant::new(inner, Arc::clone(&self.table))
    }
}

impl<L> fmt::Debug for TenantsLayer<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.table.load().tenants()).finish()
    }
}
