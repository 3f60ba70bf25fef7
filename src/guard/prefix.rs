//! Which targets a guard covers.

use std::sync::Arc;

use percent_encoding::percent_decode_str;

/// The targets that a guard covers: all, or those under some prefixes.
#[derive(Clone, Debug)]
pub(super) struct Prefixes(Option<Arc<[Vec<u8>]>>);

impl Prefixes {
    pub(super) fn everything() -> Self {
        Self(None)
    }

    /// A prefix that can be read in two ways covers everything, rather than nothing.
    pub(super) fn add(&mut self, prefix: &str) {
        let rooted = format!("/{}", prefix.strip_prefix('/').unwrap_or(prefix));
        let decoded =
            if is_ambiguous(&rooted) { Vec::new() } else { percent_decode_str(rooted.trim_end_matches('/')).collect() };
        let former = self.0.iter().flat_map(|prefixes| prefixes.iter().cloned());
        self.0 = Some(former.chain([decoded]).collect());
    }

    /// Whether the raw path is covered. What can be read in two ways always is (rule P2).
    pub(super) fn cover(&self, path: &str) -> bool {
        let Some(prefixes) = &self.0 else { return true };
        if is_ambiguous(path) {
            return true;
        }
        let decoded = percent_decode_str(path).collect::<Vec<u8>>();
        prefixes.iter().any(|prefix| {
            let rest = decoded.strip_prefix(prefix.as_slice());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        })
    }
}

fn is_ambiguous(path: &str) -> bool {
    let Some(segments) = path.strip_prefix('/') else {
        return true;
    };
    let last = segments.matches('/').count();
    segments.split('/').enumerate().any(|(index, segment)| {
        let decoded: Vec<u8> = percent_decode_str(segment).collect();
        // One trailing slash leaves an empty last segment, which is an ordinary spelling.
        (segment.is_empty() && index != last)
            || decoded == b"."
            || decoded == b".."
            || decoded.iter().any(|byte| matches!(byte, b'/' | b'\\' | b';' | 0x00..=0x1F | 0x7F))
            // Decoded once and still encoded: an inner service that decodes again would see something else.
            || decoded.contains(&b'%')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefixes() -> Prefixes {
        let mut prefixes = Prefixes::everything();
        prefixes.add("/admin");
        prefixes.add("/中文/");
        prefixes
    }

    #[test]
    fn p1_prefix_covers_itself_and_what_is_below() {
        for path in ["/admin", "/admin/", "/admin/a", "/%61dmin/x", "/adm%69n", "/%E4%B8%AD%E6%96%87/a"] {
            assert!(prefixes().cover(path), "{path}");
        }
        for path in ["/", "/administration", "/public/admin", "/Admin", "/a/", "/caf%C3%A9"] {
            assert!(!prefixes().cover(path), "{path}");
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
            assert!(prefixes().cover(path), "{path}");
        }
    }

    #[test]
    fn p2_prefix_that_is_written_in_another_way_still_guards() {
        for prefix in ["admin", "/admin/", "/%61dmin", "//admin", "/./admin", "/x/../admin", "", "/"] {
            let mut prefixes = Prefixes::everything();
            prefixes.add(prefix);
            assert!(prefixes.cover("/admin/x"), "{prefix}");
        }
    }

    #[test]
    fn p3_without_prefixes_everything_is_covered() {
        for path in ["/", "/public", "*", ""] {
            assert!(Prefixes::everything().cover(path), "{path}");
        }
    }
}
