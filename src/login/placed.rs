//! The log lines about the place of a login layer in the application, and the targets that depend
//! on it.

use http::uri::PathAndQuery;

use super::inner::Inner;
use super::return_to::ReturnTo;
use crate::provider::IdentityProvider;
use crate::request::tenant::Tenant;
use crate::trace::{error, outside, warn};

impl<P: IdentityProvider, St> Inner<P, St> {
    /// Returns the checked target of a request as the browser sees it. `target` is that of the
    /// request before any router shortened it, and `path_length` that of its path here.
    pub(super) fn visited(&self, target: &PathAndQuery, path_length: usize) -> Option<ReturnTo> {
        let rules = &self.endpoints.rules;
        if target.path().len() == path_length {
            return rules.check_requested(target.as_str());
        }
        self.observe_nest(target.path(), path_length);
        rules.check_argument(target.as_str())
    }

    /// Logs that a router around the layer shortens paths, unless it removes the prefix of the
    /// public URL.
    pub(super) fn observe_nest(&self, full_path: &str, path_length: usize) {
        let removed = full_path.len().saturating_sub(path_length);
        let is_expected =
            removed == 0 || full_path.get(..removed) == Some(self.endpoints.prefix.as_str());
        if !is_expected && self.placement.nest_is_to_be_reported() {
            error!(
                provider = %self.provider.name(),
                path = %outside(full_path),
                callback = %self.endpoints.requested_callback,
                "login: the layer is inside a router that shortens paths (`nest`): the callback does not arrive. Move \
                 the layer to the outermost router, or route `login.endpoints()` there"
            );
        }
    }

    /// Logs that the list of tenants has this login at the origin of another one.
    pub(super) fn report_other_tenant(&self, tenant: &Tenant) {
        if let Some(suppressed) = self.limits.other_tenant.admit(self.sessions.clock.now()) {
            error!(
                provider = %self.provider.name(),
                tenant = %tenant.origin(),
                public_url = %self.endpoints.public_url(),
                suppressed = %suppressed,
                "login: the tenant has another origin than the public URL of its login; the response is 421. Correct \
                 the list of tenants"
            );
        }
    }

    /// Logs that callbacks do not arrive at the layer, as far as the logins that begin show it.
    pub(super) fn observe_begin(&self) {
        if let Some(begun) = self.placement.login_begins(self.sessions.clock.now()) {
            warn!(
                provider = %self.provider.name(),
                begun = %begun,
                callback = %self.endpoints.requested_callback,
                redirect_uri = %self.endpoints.redirect_uri,
                "login: no callback has arrived yet at this instance, although logins began and expired. If users \
                 did log in: the application has no route for the callback (`route_layer`, a `fallback` that is set \
                 after the layer or merged, `nest`, salvo without a route: route `login.endpoints()`), or a proxy \
                 changes its path (`public_url`, `strips_prefix`)"
            );
        }
    }
}
