//! Commands about flows and the token lease.

use std::time::Duration;

use tower_weika::coordination::{FlowState, Lease};

use super::content::{Flow, Published};
use super::server::Server;

/// Reply to a request for the lease.
#[derive(Clone, Debug)]
pub(crate) enum LeaseReply {
    Newer {
        token: String,
        fence: u64,
        remaining: u64,
    },
    Taken,
    Granted {
        fence: u64,
        age: Option<u64>,
        early_replacements: u32,
    },
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}

impl Server {
    /// `claim_flow.lua`
    pub(crate) fn claim_flow(&mut self, flow: &str, time_to_live: Duration) -> Option<FlowState> {
        let known = self.flow_state(flow);
        if known.is_none() {
            let now = self.now();
            let claim = (Flow::Claimed { at: now }, now + millis(time_to_live));
            self.content.flows.insert(flow.to_owned(), claim);
        }
        known
    }

    /// `flow_state.lua`
    pub(crate) fn flow_state(&self, flow: &str) -> Option<FlowState> {
        let now = self.now();
        Some(match self.content.flow(flow, now)? {
            Flow::Claimed { at } => FlowState::Claimed {
                age: Duration::from_millis(now - at),
            },
            Flow::Completed(outcome) => FlowState::Completed {
                outcome: outcome.clone(),
            },
            Flow::Rejected(note) => FlowState::Rejected { note: *note },
        })
    }

    /// `complete_flow.lua`
    pub(crate) fn complete_flow(&mut self, flow: &str, outcome: Flow) {
        let now = self.now();
        if let Some((state @ Flow::Claimed { .. }, expires)) = self.content.flows.get_mut(flow)
            && *expires > now
        {
            *state = outcome;
        }
    }

    /// `acquire_lease.lua`
    pub(crate) fn acquire_lease(
        &mut self,
        name: &str,
        newer_than: u64,
        holder: &str,
    ) -> LeaseReply {
        let now = self.now();
        let token = self.content.tokens.entry(name.to_owned()).or_default();
        if let Some(published) = &token.published
            && published.fence > newer_than
            && published.ends > now
        {
            return LeaseReply::Newer {
                token: published.token.clone(),
                fence: published.fence,
                remaining: published.ends - now,
            };
        }
        let is_held = |(_, expires): &(String, u64)| *expires > now;
        if self.content.leases.get(name).is_some_and(is_held) {
            return LeaseReply::Taken;
        }
        let expires = now + millis(Lease::DURATION);
        let lease = (holder.to_owned(), expires);
        self.content.leases.insert(name.to_owned(), lease);
        let published = token.published.as_ref();
        let fence_of_published = published.map_or(0, |published| published.fence);
        token.fence = token.fence.max(fence_of_published).max(newer_than) + 1;
        LeaseReply::Granted {
            fence: token.fence,
            age: published.map(|published| now.saturating_sub(published.at)),
            early_replacements: token.early_replacements,
        }
    }

    /// `publish_token.lua`
    pub(crate) fn publish_token(
        &mut self,
        name: &str,
        lease: &Lease,
        value: &str,
        lifetime: Duration,
    ) -> bool {
        let now = self.now();
        let Some(token) = self.content.tokens.get_mut(name) else {
            return false;
        };
        if token.fence != lease.fencing_token() {
            return false;
        }
        let is_early = token.published.as_ref().is_some_and(|published| {
            let half = published.ends.saturating_sub(published.at) as f64 / 2.0;
            let early = (millis(Lease::EARLY) as f64).min(half);
            (now as f64 - published.at as f64) < early
        });
        token.early_replacements = if is_early {
            token.early_replacements + 1
        } else {
            0
        };
        token.published = Some(Published {
            token: value.to_owned(),
            fence: lease.fencing_token(),
            at: now,
            ends: now + millis(lifetime),
        });
        let is_holder = |(holder, _): &(String, u64)| holder == lease.holder();
        if self.content.leases.get(name).is_some_and(is_holder) {
            self.content.leases.remove(name);
        }
        true
    }

    /// `release_lease.lua`
    pub(crate) fn release_lease(&mut self, name: &str, lease: &Lease, pause: Duration) {
        let now = self.now();
        if let Some((holder, expires)) = self.content.leases.get_mut(name)
            && holder == lease.holder()
            && *expires > now
        {
            *expires = now + millis(pause);
        }
    }

    /// Returns a published token that is not newer than `newer_than`, its remaining time and its
    /// lifetime in milliseconds: a lease that is granted replaces it.
    pub(crate) fn replaced_token(&self, name: &str, newer_than: u64) -> Option<(String, u64, u64)> {
        let now = self.now();
        let published = self.content.tokens.get(name)?.published.as_ref()?;
        let is_live = published.ends > now && published.fence <= newer_than;
        is_live.then(|| {
            let (left, lifetime) = (published.ends - now, published.ends - published.at);
            (published.token.clone(), left, lifetime)
        })
    }
}
