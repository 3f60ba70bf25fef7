use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

use url::Url;

use super::TenantsLayer;
use super::table::Table;
use crate::error::{ConfigError, ConfigErrorKind};
use crate::public_url::check_origin;

/// A list of tenants: builder of a [`TenantsLayer`]; see the [module](super).
pub struct Tenants<L> {
    tenants: Vec<(String, L)>,
}

impl<L> Tenants<L> {
    /// Returns an empty list.
    #[must_use]
    pub fn new() -> Self {
        Self {
            tenants: Vec::new(),
        }
    }

    /// Adds a tenant: its origin, and the layer for its requests. The origin is that of the
    /// [`public_url`](crate::login::LoginLayerBuilder::public_url) of the logins in that layer,
    /// without its path.
    #[must_use]
    pub fn tenant(mut self, origin: impl Into<String>, layer: L) -> Self {
        self.tenants.push((origin.into(), layer));
        self
    }

    /// Builds the layer.
    ///
    /// # Errors
    /// If an origin is invalid, or two tenants have the same host: all configuration errors at
    /// once.
    pub fn build(self) -> Result<TenantsLayer<L>, ConfigError> {
        self.check().map(TenantsLayer::new)
    }

    pub(super) fn check(self) -> Result<Table<L>, ConfigError> {
        let (mut errors, mut table) = (Vec::new(), Table::new());
        // Cookies do not distinguish the ports of a host (RFC 6265 §8.5), so that it has one tenant.
        let mut origins: HashMap<String, String> = HashMap::new();
        for (text, layer) in self.tenants {
            let other = check_origin("tenant", &text, true, &mut errors);
            let Ok(url) = Url::parse(&other) else {
                continue;
            };
            let host = url.host_str().unwrap_or_default().to_owned();
            match origins.entry(host) {
                Entry::Occupied(one) => {
                    let one = one.get().clone();
                    errors.push(ConfigErrorKind::SameHost { one, other });
                }
                Entry::Vacant(entry) => {
                    entry.insert(other);
                    table.add(&url, layer);
                }
            }
        }
        ConfigError::check(errors)?;
        Ok(table)
    }
}

impl<L> Default for Tenants<L> {
    fn default() -> Self {
        Self::new()
    }
}

impl<L> fmt::Debug for Tenants<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenants")
            .field("count", &self.tenants.len())
            .finish_non_exhaustive()
    }
}
