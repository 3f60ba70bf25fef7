//! One fetch of the access token for each life of a token, and what an outage of the store allows.
//!
//! 1. A lease is granted only if the published token is about to expire, is not accepted any more,
//!    or was lost.
//! 2. Each fetch needs one lease. Without a reply of the store, an instance fetches at most
//!    once in 10 seconds.
//! 3. A token that came too late to be published is not used.

use std::collections::BTreeSet;

use tower_weika::Error;

use crate::incarnation::Incarnation;
use crate::store::{LeaseReply, Server};
use crate::world::World;

/// Shortest time between two fetches without the store, in milliseconds.
const UNCOORDINATED_INTERVAL: u64 = 10_000;
/// Delays of messages, in milliseconds.
const TOLERANCE: u64 = 5_000;
/// After the store has lost changes, an instance may know a token whose fencing token another one
/// gets again, and fetch once more when it next needs one: at any time in the rest of a run.
const AFTER_LOSS: u64 = 3_600_000;

/// The use of tokens by one incarnation.
#[derive(Default, Debug)]
pub(super) struct TokenUse {
    leases: u32,
    is_store_away: bool,
    last_fetch: Option<u64>,
    late: BTreeSet<String>,
}

impl World {
    /// Checks that a token that a lease replaces is due: value, remaining time and lifetime.
    pub(crate) fn check_replacement(
        &self,
        server: &Server,
        by: &Incarnation,
        (token, left, lifetime): &(String, u64, u64),
    ) {
        // Ten percent, at most 300 s, both with a random part of 20 %.
        let window = (lifetime * 12 / 100).min(360_000) + TOLERANCE;
        let is_due = *left <= window || !self.weika.lock().accepts(token, self.now());
        if !is_due && !server.lost_since(self.now(), AFTER_LOSS) {
            self.violate(format_args!(
                "{} replaces {token}, which is accepted for {left} ms more",
                by.number()
            ));
        }
    }

    pub(crate) fn lease_requested(&self, by: &Incarnation, reply: &Result<LeaseReply, Error>) {
        let mut facts = self.facts.lock();
        let token_use = facts.tokens.entry(by.number()).or_default();
        token_use.is_store_away = reply.is_err();
        self.note(format_args!(
            "{} requests the lease: {reply:?}",
            by.number()
        ));
        if let Ok(LeaseReply::Granted { .. }) = reply {
            token_use.leases += 1;
        }
    }

    pub(crate) fn token_requested(&self, by: &Incarnation) {
        let now = self.now();
        let mut facts = self.facts.lock();
        facts.fetches += 1;
        let token_use = facts.tokens.entry(by.number()).or_default();
        let last_fetch = token_use.last_fetch.replace(now);
        let is_late_enough = last_fetch.is_none_or(|last| now - last >= UNCOORDINATED_INTERVAL);
        let is_allowed = match token_use.is_store_away {
            true => is_late_enough,
            false => token_use.leases > 0,
        };
        let known = format!("{token_use:?}, {last_fetch:?} before");
        token_use.leases = token_use.leases.saturating_sub(1);
        drop(facts);
        self.note(format_args!("fetch of a token by {}", by.number()));
        if !is_allowed {
            self.violate(format_args!(
                "{} fetches a token without a lease or too soon after the last one: {known}",
                by.number()
            ));
        }
    }

    pub(crate) fn token_is_late(&self, by: &Incarnation, token: &str) {
        let mut facts = self.facts.lock();
        let token_use = facts.tokens.entry(by.number()).or_default();
        token_use.late.insert(token.to_owned());
    }

    pub(crate) fn token_used(&self, by: &Incarnation, token: &str) {
        let facts = self.facts.lock();
        let token_use = facts.tokens.get(&by.number());
        let is_late = token_use.is_some_and(|token_use| token_use.late.contains(token));
        drop(facts);
        if is_late {
            self.violate(format_args!(
                "{} uses {token}, which came too late to be published",
                by.number()
            ));
        }
    }
}
