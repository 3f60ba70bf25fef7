use std::collections::HashMap;

use http::Request;
use url::Url;

use super::Tenant;
use super::authority::Authority;

/// The tenants by host and port.
pub(super) struct Table<L> {
    tenants: Vec<(Tenant, L)>,
    /// In each spelling that a client may use: with and without the default port.
    by_authority: HashMap<Box<[u8]>, usize>,
}

impl<L> Table<L> {
    pub(super) fn new() -> Self {
        Self {
            tenants: Vec::new(),
            by_authority: HashMap::new(),
        }
    }

    /// Adds a tenant, whose host no other one has.
    pub(super) fn add(&mut self, origin: &Url, layer: L) {
        let host = origin.host_str().unwrap_or_default();
        let port = origin.port_or_known_default().unwrap_or_default();
        let mut authorities = vec![format!("{host}:{port}")];
        if origin.port().is_none() {
            authorities.push(host.to_owned());
        }
        let index = self.tenants.len();
        for authority in authorities {
            self.by_authority
                .insert(authority.into_bytes().into(), index);
        }
        let origin = origin.origin().ascii_serialization();
        self.tenants.push((Tenant::new(&origin), layer));
    }

    /// Returns the tenant that a request is for.
    pub(super) fn find<B>(&self, request: &Request<B>) -> Option<&(Tenant, L)> {
        let authority = Authority::of(request)?;
        let index = self.by_authority.get(authority.as_bytes())?;
        self.tenants.get(*index)
    }

    pub(super) fn tenants(&self) -> impl Iterator<Item = &Tenant> {
        self.tenants.iter().map(|(tenant, _)| tenant)
    }
}
