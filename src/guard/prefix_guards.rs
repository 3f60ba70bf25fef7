use std::fmt;
use std::sync::Arc;

use http::Request;

use super::authorize::authorize;
use super::cache_control::CacheControl;
use super::prefix::{Path, Prefix};
use super::requirement::Requirement;
use crate::response::Rejection;

/// The guarded path prefixes of an application, each with its requirement; decided on the raw
/// request target.
pub(crate) struct PrefixGuards<I> {
    guards: Vec<PrefixGuard<I>>,
    leaves_cache_control: bool,
}

struct PrefixGuard<I> {
    prefix: Prefix,
    requirement: Arc<dyn Requirement<I> + Send + Sync>,
}

impl<I> PrefixGuards<I> {
    /// Creates the value without any prefix.
    pub(crate) const fn new() -> Self {
        Self {
            guards: Vec::new(),
            leaves_cache_control: false,
        }
    }

    /// Leaves responses without `Cache-Control` as they are.
    pub(crate) fn leave_cache_control(&mut self) {
        self.leaves_cache_control = true;
    }

    /// Returns the `Cache-Control` for the response to a guarded request.
    pub(crate) fn cache_control<B>(&self, request: &Request<B>) -> CacheControl {
        if self.leaves_cache_control {
            CacheControl::Unchanged
        } else {
            CacheControl::of(request.method(), request.headers())
        }
    }

    pub(crate) fn add(&mut self, prefix: &str, requirement: Arc<dyn Requirement<I> + Send + Sync>) {
        self.guards.push(PrefixGuard {
            prefix: Prefix::new(prefix),
            requirement,
        });
    }

    /// Guards each prefix below `mount` as well, for requests that have that path in front.
    pub(crate) fn guard_below(&mut self, mount: &str) {
        if mount.is_empty() {
            return;
        }
        let below = |guard: &PrefixGuard<I>| PrefixGuard {
            prefix: guard.prefix.below(mount),
            requirement: Arc::clone(&guard.requirement),
        };
        let guards: Vec<_> = self.guards.iter().map(below).collect();
        self.guards.extend(guards);
    }

    /// Whether a requirement applies to this raw path.
    #[inline]
    pub(crate) fn cover(&self, path: &str) -> bool {
        !self.guards.is_empty() && self.is_covered(path)
    }

    /// Outlined, so that an application without guarded prefixes does not pay for it.
    #[cold]
    fn is_covered(&self, path: &str) -> bool {
        self.covering(path).next().is_some()
    }

    fn covering<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a PrefixGuard<I>> {
        let path = Path::read(path);
        self.guards
            .iter()
            .filter(move |guard| guard.prefix.covers(&path))
    }
}

impl<I: Send + Sync + 'static> PrefixGuards<I> {
    /// Checks the request against every requirement that applies to its path.
    pub(crate) fn authorize<B>(&self, request: &Request<B>) -> Result<(), Rejection> {
        self.covering(request.uri().path())
            .try_for_each(|guard| authorize(&*guard.requirement, request))
    }
}

impl<I> fmt::Debug for PrefixGuards<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.guards.iter().map(|guard| &guard.prefix))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::LoggedIn;
    use super::*;

    fn guards(prefixes: &[&str]) -> PrefixGuards<()> {
        let mut guards = PrefixGuards::new();
        for prefix in prefixes {
            guards.add(prefix, Arc::new(LoggedIn));
        }
        guards
    }

    #[test]
    fn p1_prefix_covers_itself_and_the_paths_below() {
        let guards = guards(&["/admin", "/中文/"]);
        for path in [
            "/admin",
            "/admin/",
            "/admin/a",
            "/%61dmin/x",
            "/adm%69n",
            "/%E4%B8%AD%E6%96%87/a",
        ] {
            assert!(guards.cover(path), "{path}");
        }
        for path in [
            "/",
            "/administration",
            "/public/admin",
            "/Admin",
            "/a/",
            "/caf%C3%A9",
        ] {
            assert!(!guards.cover(path), "{path}");
        }
    }

    #[test]
    fn p2_ambiguous_path_is_never_public() {
        let ambiguous = [
            "//admin",
            "/public//admin",
            "/./admin",
            "/public/../admin",
            "/%2e/admin",
            "/public/%2E%2e/admin",
            "/.%2e/admin",
            "/%2fadmin",
            "/public%2Fadmin",
            "/public%5cadmin",
            "/public\\admin",
            "/%00/admin",
            "/;/admin",
            "/public;x/admin",
            "/%3b/admin",
            "/%0a/admin",
            "/%252e/admin",
            "*",
            "",
            "admin",
        ];
        for path in ambiguous {
            assert!(guards(&["/admin"]).cover(path), "{path}");
        }
    }

    #[test]
    fn p2_prefix_in_another_spelling_still_guards() {
        for prefix in [
            "admin",
            "/admin/",
            "/%61dmin",
            "//admin",
            "/./admin",
            "/x/../admin",
            "",
            "/",
        ] {
            assert!(guards(&[prefix]).cover("/admin/x"), "{prefix}");
        }
    }

    #[test]
    fn without_prefixes_no_path_is_guarded() {
        for path in ["/", "/public", "//", "*", ""] {
            assert!(!guards(&[]).cover(path), "{path}");
        }
    }
}
