//! The path of the application in its public URL.

use std::borrow::Cow;

/// The path under which browsers see the application: `/app1`, or empty at the root of its host.
#[derive(Clone, Debug, Default)]
pub(super) struct PathPrefix {
    path: String,
    /// Whether a proxy removes it before the request arrives.
    is_stripped: bool,
}

impl PathPrefix {
    pub(super) fn new(path: String, is_stripped: bool) -> Self {
        Self { path, is_stripped }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.path
    }

    /// Returns a path of the application as browsers see it.
    pub(super) fn seen(&self, path: &str) -> String {
        format!("{}{path}", self.path)
    }

    /// Returns a path of the application as requests have it.
    pub(super) fn arriving(&self, path: &str) -> String {
        if self.is_stripped {
            path.to_owned()
        } else {
            self.seen(path)
        }
    }

    /// Returns the target of a request as the browser sees it.
    pub(super) fn restored<'t>(&self, target: &'t str) -> Cow<'t, str> {
        if self.is_stripped && !self.path.is_empty() {
            self.seen(target).into()
        } else {
            target.into()
        }
    }

    /// Returns an argument of the API as browsers see it: a path that lacks the prefix gets it, and
    /// everything else stays as it is.
    pub(super) fn completed<'t>(&self, target: &'t str) -> Cow<'t, str> {
        let path = target.split(['?', '#']).next().unwrap_or_default();
        if target.starts_with('/') && !self.contains(path) {
            self.seen(target).into()
        } else {
            target.into()
        }
    }

    /// Whether a path that the browser sees belongs to the application. Only the exact spelling of
    /// the prefix counts.
    pub(super) fn contains(&self, path: &str) -> bool {
        path.strip_prefix(&*self.path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Returns the part of cookie names that keeps the applications of one host apart: `app1+`. No
    /// other part of a name has a `+`, and neither has a prefix.
    pub(super) fn cookie_part(&self) -> String {
        match self.path.strip_prefix('/') {
            Some(path) => format!("{}+", path.replace('/', "+")),
            None => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_differ_for_browsers_and_requests_only_if_the_prefix_is_stripped() {
        for (is_stripped, arriving, restored) in [
            (true, "/login", "/app1/x?y"),
            (false, "/app1/login", "/x?y"),
        ] {
            let prefix = PathPrefix::new("/app1".to_owned(), is_stripped);
            assert_eq!(prefix.seen("/login"), "/app1/login");
            assert_eq!(prefix.arriving("/login"), arriving);
            assert_eq!(prefix.restored("/x?y"), restored);
            assert_eq!(prefix.completed("/x?y"), "/app1/x?y");
            assert_eq!(prefix.completed("/app1/x"), "/app1/x");
            assert_eq!(prefix.completed("/app1?y=/"), "/app1?y=/");
            assert_eq!(prefix.completed("/app12"), "/app1/app12");
            assert_eq!(
                prefix.completed("https://a.example/x"),
                "https://a.example/x"
            );
        }
    }

    #[test]
    fn at_the_root_nothing_changes() {
        let root = PathPrefix::default();
        for target in ["/", "/x?y#z", "https://a.example/", "x", ""] {
            assert_eq!(root.completed(target), target);
            assert_eq!(root.restored(target), target);
            assert_eq!(root.seen(target), target);
        }
        assert!(root.contains("/") && root.contains("/x"));
        assert_eq!(root.cookie_part(), "");
    }

    #[test]
    fn cookie_parts_of_different_prefixes_differ() {
        let part = |path: &str| PathPrefix::new(path.to_owned(), true).cookie_part();
        assert_eq!(part("/app1"), "app1+");
        let paths = ["/a/b", "/a.b", "/a-b", "/a", "/ab", "/a/b/c", ""];
        for (index, path) in paths.iter().enumerate() {
            for other in &paths[index + 1..] {
                assert_ne!(part(path), part(other), "{path} {other}");
            }
        }
    }
}
