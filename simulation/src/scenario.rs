//! Scenario of a run: the numbers that its seed chooses.

use std::time::Duration;

use crate::random::Random;

/// Probabilities are per mille.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) instances: usize,
    pub(crate) browsers: usize,
    pub(crate) tabs: usize,
    /// How long users and faults act.
    pub(crate) length: Duration,
    /// Longest pause of a user between two actions, in milliseconds.
    pub(crate) pause: u64,
    /// Whether the instances have a local cache in front of the store.
    pub(crate) has_cache: bool,
    /// Concurrent calls to each upstream system.
    pub(crate) permits: usize,
    /// Usual and rare longest delay of one message, in milliseconds.
    pub(crate) delay: u64,
    pub(crate) spike: u64,
    pub(crate) spikes: u64,
    /// Messages that are lost.
    pub(crate) losses: u64,
    /// Callbacks that a browser sends twice.
    pub(crate) doubled: u64,
    /// Lifetime of an access token in seconds.
    pub(crate) token_lifetime: u64,
    /// Whether a fetch invalidates the tokens before.
    pub(crate) is_token_single: bool,
    /// Responses of the upstream systems that are failures.
    pub(crate) upstream_failures: u64,
    /// Upstream responses that take seconds.
    pub(crate) upstream_slow: u64,
    /// Timeout of an upstream call.
    pub(crate) upstream_timeout: Duration,
    /// Longest pause between two faults, in seconds. Zero: no faults but losses.
    pub(crate) fault_pause: u64,
}

impl Scenario {
    pub(crate) fn new(random: &Random) -> Self {
        let choose = |of: &[u64]| of[random.index(of.len())];
        Self {
            instances: random.between(1, 3) as usize,
            browsers: random.between(2, 4) as usize,
            tabs: random.between(1, 2) as usize,
            length: Duration::from_secs(random.between(120, 300)),
            pause: choose(&[2_000, 8_000, 20_000]),
            has_cache: random.chance(700),
            permits: random.between(1, 3) as usize,
            delay: choose(&[2, 10, 50]),
            spike: choose(&[200, 700, 1_500]),
            spikes: choose(&[0, 20, 100]),
            losses: choose(&[0, 5, 30]),
            doubled: choose(&[50, 200, 500]),
            token_lifetime: choose(&[45, 120, 600, 7_200]),
            is_token_single: random.chance(500),
            upstream_failures: choose(&[0, 20, 100]),
            upstream_slow: choose(&[0, 50, 200]),
            upstream_timeout: Duration::from_secs(choose(&[5, 5, 12])),
            fault_pause: choose(&[0, 15, 40]),
        }
    }

    /// A world in which every message arrives at once: for tests of the store.
    #[cfg(test)]
    pub(crate) fn calm(has_cache: bool) -> Self {
        Self {
            instances: 1,
            browsers: 0,
            tabs: 0,
            length: Duration::ZERO,
            pause: 1,
            has_cache,
            permits: 1,
            delay: 0,
            spike: 0,
            spikes: 0,
            losses: 0,
            doubled: 0,
            token_lifetime: 7_200,
            is_token_single: false,
            upstream_failures: 0,
            upstream_slow: 0,
            upstream_timeout: Duration::from_secs(5),
            fault_pause: 0,
        }
    }
}
