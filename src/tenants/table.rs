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
    /// Cookies do not distinguish the ports of a host (RFC 6265 §8.5), so that it has one tenant.
    by_host: HashMap<String, usize>,
}

impl<L> Table<L> {
    pub(super) fn new() -> Self {
        Self {
            tenants: Vec::new(),
            by_authority: HashMap::new(),
            by_host: HashMap::new(),
        }
    }

    /// Adds a tenant. Returns the one that has the same host already.
    pub(super) fn add(&mut self, origin: &Url, layer: L) -> Result<(), Tenant> {
        let host = origin.host_str().unwrap_or_default();
        let port = origin.port_or_known_default().unwrap_or_default();
        let mut authorities = vec![format!("{host}:{port}")];
        if origin.port().is_none() {
            authorities.push(host.to_owned());
        }
        let index = self.tenants.len();
        if let Some(other) = self.by_host.get(host) {
            return Err(self.tenants[*other].0.clone());
        }
        self.by_host.insert(host.to_owned(), index);
        let authorities = authorities
            .into_iter()
            .map(|text| text.into_bytes().into_boxed_slice());
        self.by_authority
            .extend(authorities.map(|authority| (authority, index)));
        let origin = origin.origin().ascii_serialization();
        self.tenants.push((Tenant::new(&origin), layer));
        Ok(())
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
