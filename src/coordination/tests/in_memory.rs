//! In-memory coordinator for tests, on tokio's clock; it can be made unreachable.

use std::collections::HashMap;
use std::future::ready;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::Instant;

use super::super::{BoxFuture, Coordinator, FlowState, Lease, LeaseResponse};
use crate::error::{Error, ErrorKind};
use crate::secret::AccessToken;

#[derive(Debug, Default)]
pub(crate) struct InMemoryCoordinator {
    is_unreachable: AtomicBool,
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    flows: HashMap<String, Flow>,
    tokens: HashMap<String, Token>,
}

#[derive(Debug)]
struct Flow {
    claimed: Instant,
    expires: Instant,
    outcome: Option<FlowState>,
}

#[derive(Debug, Default)]
struct Token {
    fencing_token: u64,
    lease: Option<(String, Instant)>,
    published: Option<Published>,
    early_replacements: u32,
}

#[derive(Debug)]
struct Published {
    token: AccessToken,
    fencing_token: u64,
    since: Instant,
    expires: Instant,
}

impl Published {
    fn is_early(&self, now: Instant) -> bool {
        now - self.since < Lease::EARLY.min((self.expires - self.since) / 2)
    }
}

impl InMemoryCoordinator {
    pub(crate) fn set_unreachable(&self, is_unreachable: bool) {
        self.is_unreachable.store(is_unreachable, Ordering::Relaxed);
    }

    fn with<'a, T: Send + 'a>(
        &self,
        run: impl FnOnce(&mut MutexGuard<'_, Tables>) -> T,
    ) -> BoxFuture<'a, T> {
        let is_unreachable = self.is_unreachable.load(Ordering::Relaxed);
        let outcome = match is_unreachable {
            true => Err(Error::new(ErrorKind::Store, "coordinator unreachable")),
            false => Ok(run(&mut self.tables.lock().unwrap())),
        };
        Box::pin(ready(outcome))
    }
}

impl Tables {
    fn flow_state(&self, flow: &str) -> Option<FlowState> {
        let flow = self.flows.get(flow)?;
        let state = flow.outcome.clone().unwrap_or_else(|| FlowState::Claimed {
            age: flow.claimed.elapsed(),
        });
        (Instant::now() < flow.expires).then_some(state)
    }

    fn end_flow(&mut self, flow: &str, outcome: FlowState) {
        if let Some(flow) = self.flows.get_mut(flow) {
            flow.outcome = Some(outcome);
        }
    }
}

impl Coordinator for InMemoryCoordinator {
    fn claim_flow<'a>(
        &'a self,
        flow: &'a str,
        time_to_live: Duration,
    ) -> BoxFuture<'a, Option<FlowState>> {
        self.with(|tables| {
            let state = tables.flow_state(flow);
            if state.is_none() {
                let claimed = Instant::now();
                let claim = Flow {
                    claimed,
                    expires: claimed + time_to_live,
                    outcome: None,
                };
                tables.flows.insert(flow.to_owned(), claim);
            }
            state
        })
    }

    fn flow_state<'a>(&'a self, flow: &'a str) -> BoxFuture<'a, Option<FlowState>> {
        self.with(|tables| tables.flow_state(flow))
    }

    fn complete_flow<'a>(&'a self, flow: &'a str, outcome: &'a [u8]) -> BoxFuture<'a, ()> {
        let outcome = outcome.to_vec();
        self.with(|tables| tables.end_flow(flow, FlowState::Completed { outcome }))
    }

    fn reject_flow<'a>(&'a self, flow: &'a str, note: u64) -> BoxFuture<'a, ()> {
        self.with(|tables| tables.end_flow(flow, FlowState::Rejected { note }))
    }

    fn acquire_lease<'a>(&'a self, name: &'a str, newer_than: u64) -> BoxFuture<'a, LeaseResponse> {
        self.with(|tables| {
            let token = tables.tokens.entry(name.to_owned()).or_default();
            let now = Instant::now();
            if let Some(published) = &token.published
                && published.fencing_token > newer_than
                && now < published.expires
            {
                return LeaseResponse::Token {
                    token: published.token.clone(),
                    fencing_token: published.fencing_token,
                    remaining: published.expires - now,
                };
            }
            if token.lease.as_ref().is_some_and(|(_, ends)| now < *ends) {
                return LeaseResponse::Held;
            }
            token.fencing_token += 1;
            let holder = format!("holder {}", token.fencing_token);
            token.lease = Some((holder.clone(), now + Lease::DURATION));
            LeaseResponse::Granted(Lease::new(
                holder,
                token.fencing_token,
                token
                    .published
                    .as_ref()
                    .map(|published| now - published.since),
                token.early_replacements,
            ))
        })
    }

    fn publish_token<'a>(
        &'a self,
        name: &'a str,
        lease: &'a Lease,
        token: &'a AccessToken,
        lifetime: Duration,
    ) -> BoxFuture<'a, bool> {
        self.with(|tables| {
            let row = tables.tokens.entry(name.to_owned()).or_default();
            let since = Instant::now();
            if row.fencing_token != lease.fencing_token() {
                return false;
            }
            let is_early = row.published.as_ref().is_some_and(|it| it.is_early(since));
            row.early_replacements = if is_early {
                row.early_replacements + 1
            } else {
                0
            };
            row.published = Some(Published {
                token: token.clone(),
                fencing_token: lease.fencing_token(),
                since,
                expires: since + lifetime,
            });
            row.lease = row
                .lease
                .take()
                .filter(|(holder, _)| holder != lease.holder());
            true
        })
    }

    fn release_lease<'a>(
        &'a self,
        name: &'a str,
        lease: &'a Lease,
        pause: Duration,
    ) -> BoxFuture<'a, ()> {
        self.with(|tables| {
            let row = tables.tokens.get_mut(name);
            if let Some((holder, ends)) = row.and_then(|token| token.lease.as_mut())
                && holder == lease.holder()
            {
                *ends = Instant::now() + pause;
            }
        })
    }
}
