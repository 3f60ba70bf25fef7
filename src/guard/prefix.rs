//! Guards of whole path prefixes, decided on the raw request target.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::Request;
use percent_encoding::percent_decode_str;

use super::cache_control::CacheControl;
use super::requirement::Requirement;
use super::verify::verify;
use crate::response::Rejection;

/// The path prefixes of an application that are guarded, each with its requirement.
pub(crate) struct PrefixGuards<I> {
    guards: Vec<PrefixGuard<I>>,
    leaves_cache_control: bool,
}

struct PrefixGuard<I> {
    prefix: Prefix,
    requirement: Arc<dyn Requirement<I> + Send + Sync>,
}

impl<I> PrefixGuards<I> {
    /// Guards nothing.
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

    /// The `Cache-Control` for the response to a guarded request.
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
    pub(crate) fn verify<B>(&self, request: &Request<B>) -> Result<(), Rejection> {
        self.covering(request.uri().path())
            .try_for_each(|guard| verify(&*guard.requirement, request))
    }
}

impl<I> fmt::Debug for PrefixGuards<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.guards.iter().map(|guard| &guard.prefix))
            .finish()
    }
}

/// A guarded prefix, decoded and without a slash at its end. Empty, it covers every path.
#[derive(Debug)]
struct Prefix(Vec<u8>);

impl Prefix {
    /// A prefix that can be read in two ways covers everything, rather than nothing.
    fn new(prefix: &str) -> Self {
        let rooted = format!("/{}", prefix.strip_prefix('/').unwrap_or(prefix));
        match Path::read(&rooted) {
            Path::Ambiguous => Self(Vec::new()),
            Path::Decoded(path) => Self(path.strip_suffix(b"/").unwrap_or(&path).to_vec()),
        }
    }

    fn covers(&self, path: &Path<'_>) -> bool {
        match path {
            Path::Ambiguous => true,
            Path::Decoded(path) => {
                let rest = path.strip_prefix(self.0.as_slice());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
            }
        }
    }
}

/// A raw path, decoded once.
enum Path<'p> {
    /// It can be read in two ways, and is never public (rule P2).
    Ambiguous,
    Decoded(Cow<'p, [u8]>),
}

impl<'p> Path<'p> {
    fn read(path: &'p str) -> Self {
        if is_ambiguous(path) {
            Self::Ambiguous
        } else {
            Self::Decoded(percent_decode_str(path).into())
        }
    }
}

fn is_ambiguous(path: &str) -> bool {
    let Some(segments) = path.strip_prefix('/') else {
        return true;
    };
    let last = segments.matches('/').count();
    segments.split('/').enumerate().any(|(index, segment)| {
        let decoded = Cow::from(percent_decode_str(segment));
        // One trailing slash leaves an empty last segment, which is an ordinary spelling.
        (segment.is_empty() && index != last)
            || *decoded == *b"."
            || *decoded == *b".."
            || decoded.iter().any(|byte| matches!(byte, b'/' | b'\\' | b';' | 0x00..=0x1F | 0x7F))
            // Decoded once and still encoded: an inner service that decodes again would see something else.
            || decoded.contains(&b'%')
    })
}

#[cfg(test)]
mod tests {
    use super::super::requirement::LoggedIn;
    use super::*;

    fn guards(prefixes: &[&str]) -> PrefixGuards<()> {
        let mut guards = PrefixGuards::new();
        for prefix in prefixes {
            guards.add(prefix, Arc::new(LoggedIn));
        }
        guards
    }

    #[test]
    fn p1_prefix_covers_itself_and_what_is_below() {
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
    fn p2_what_can_be_read_in_two_ways_is_never_public() {
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
    fn p2_prefix_that_is_written_in_another_way_still_guards() {
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
    fn without_prefixes_nothing_is_covered() {
        for path in ["/", "/public", "//", "*", ""] {
            assert!(!guards(&[]).cover(path), "{path}");
        }
    }
}
