use std::collections::HashMap;
use std::sync::LazyLock;

use parking_lot::Mutex;

use super::facts::Facts;
use crate::trace::{outside, warn};

/// More servers than any process uses. Beyond that the map is cleared, and the warnings are repeated.
const MAX_SERVERS: usize = 1024;

/// The warnings of this process, by the address of the server.
static WARNED_ABOUT: LazyLock<Mutex<HashMap<String, Warned>>> = LazyLock::new(Mutex::default);

/// The problems of a server that were logged.
#[derive(Default)]
struct Warned {
    policy: Option<String>,
    no_persistence: bool,
}

/// Warns of the problems of a server that were not logged. An unknown fact is no change.
pub(super) fn warn_once(server: &str, facts: &Facts) {
    let mut warned_about = WARNED_ABOUT.lock();
    if warned_about.len() >= MAX_SERVERS && !warned_about.contains_key(server) {
        warned_about.clear();
    }
    let warned = warned_about.entry(server.to_owned()).or_default();
    let evicting = facts
        .policy()
        .map(|(policy, evicts)| evicts.then(|| outside(policy).to_string()));
    let is_evicting_news = evicting
        .as_ref()
        .is_some_and(|evicting| evicting.is_some() && *evicting != warned.policy);
    let is_loss_news = facts.loses_all() == Some(true) && !warned.no_persistence;
    if let Some(evicting) = &evicting {
        warned.policy.clone_from(evicting);
    }
    warned.no_persistence = facts.loses_all().unwrap_or(warned.no_persistence);
    drop(warned_about);
    let server = outside(server).to_string();
    if is_evicting_news {
        warn!(
            server = %server,
            "redis: maxmemory-policy is {}, so sessions and revocations are evicted when maxmemory is reached: users \
             are logged out, and revoked sessions may be accepted again; set maxmemory-policy to noeviction",
            evicting.flatten().unwrap_or_default()
        );
    }
    if is_loss_news {
        warn!(
            server = %server,
            "redis: the server has no persistence, so a restart loses all sessions and revocations; set appendonly to yes"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::tests::Captured;

    #[test]
    fn problem_is_logged_once_for_each_server_and_again_after_a_change() {
        let log = Captured::new();
        let with_policy = |policy| {
            Facts::of(&[
                ("maxmemory_policy", policy),
                ("aof_enabled", "0"),
                ("save", ""),
            ])
        };
        let count = |text: &str| log.text().matches(text).count();
        for _ in 0..3 {
            warn_once("a.example:1", &with_policy("allkeys-lru"));
            // Unknown facts are no change.
            warn_once("a.example:1", &Facts::default());
        }
        assert_eq!(
            (
                count("maxmemory-policy is allkeys-lru"),
                count("appendonly")
            ),
            (1, 1)
        );
        warn_once("b.example:1", &with_policy("allkeys-lru"));
        assert_eq!(
            (
                count("maxmemory-policy is allkeys-lru"),
                count("appendonly")
            ),
            (2, 2)
        );
        warn_once("a.example:1", &with_policy("volatile-lru"));
        assert_eq!(
            (
                count("maxmemory-policy is volatile-lru"),
                count("appendonly")
            ),
            (1, 2)
        );
        warn_once(
            "a.example:1",
            &Facts::of(&[("maxmemory_policy", "noeviction"), ("aof_enabled", "1")]),
        );
        warn_once("a.example:1", &with_policy("volatile-lru"));
        assert_eq!(
            (
                count("maxmemory-policy is volatile-lru"),
                count("appendonly")
            ),
            (2, 3)
        );
    }
}
