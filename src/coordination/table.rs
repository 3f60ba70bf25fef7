//! A coordinator in this process, for tests: instances that share it agree with each other, on tokio's clock, and it can
//! be out of reach.

use std::collections::HashMap;
use std::future::ready;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::Instant;

use super::{Coordinator, Flow, Grant, Lease, Reply, SharedToken};
use crate::error::{Error, ErrorKind};
use crate::token::AccessToken;

#[derive(Debug, Default)]
pub(crate) struct Table {
    is_away: AtomicBool,
    rows: Mutex<Rows>,
}

#[derive(Debug, Default)]
struct Rows {
    flows: HashMap<String, (Instant, Instant, Option<Flow>)>,
    tokens: HashMap<String, Token>,
}

#[derive(Debug, Default)]
struct Token {
    fence: u64,
    lease: Option<(String, Instant)>,
    kept: Option<(AccessToken, u64, Instant, Instant)>,
    died_young: u32,
}

impl Table {
    /// Whether it can be reached from now on.
    pub(crate) fn set_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::Relaxed);
    }

    fn rows(&self) -> Result<MutexGuard<'_, Rows>, Error> {
        if self.is_away.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Store, "the table is away"));
        }
        Ok(self.rows.lock().unwrap())
    }
}

fn answer<'a, T: Send + 'a>(answer: Result<T, Error>) -> Reply<'a, T> {
    Box::pin(ready(answer))
}

impl Rows {
    fn flow(&self, flow: &str) -> Option<Flow> {
        let (claimed, forgotten, outcome) = self.flows.get(flow)?;
        let flow = match outcome {
            Some(settled) => settled.clone(),
            None => Flow::Claimed {
                age: claimed.elapsed(),
            },
        };
        (Instant::now() < *forgotten).then_some(flow)
    }
}

impl Coordinator for Table {
    fn claim_flow<'a>(&'a self, flow: &'a str, kept_for: Duration) -> Reply<'a, Option<Flow>> {
        answer(self.rows().map(|mut rows| {
            let known = rows.flow(flow);
            if known.is_none() {
                let now = Instant::now();
                rows.flows
                    .insert(flow.to_owned(), (now, now + kept_for, None));
            }
            known
        }))
    }

    fn flow<'a>(&'a self, flow: &'a str) -> Reply<'a, Option<Flow>> {
        answer(self.rows().map(|rows| rows.flow(flow)))
    }

    fn settle_flow<'a>(&'a self, flow: &'a str, outcome: &'a [u8]) -> Reply<'a, ()> {
        answer(self.rows().map(|mut rows| {
            if let Some((_, _, settled)) = rows.flows.get_mut(flow) {
                *settled = Some(Flow::Settled {
                    outcome: outcome.to_vec(),
                });
            }
        }))
    }

    fn refuse_flow<'a>(&'a self, flow: &'a str, note: u64) -> Reply<'a, ()> {
        answer(self.rows().map(|mut rows| {
            if let Some((_, _, settled)) = rows.flows.get_mut(flow) {
                *settled = Some(Flow::Refused { note });
            }
        }))
    }

    fn lease_token<'a>(&'a self, name: &'a str, newer_than: u64) -> Reply<'a, Lease> {
        answer(self.rows().map(|mut rows| {
            let (token, now) = (
                rows.tokens.entry(name.to_owned()).or_default(),
                Instant::now(),
            );
            if let Some((kept, fence, _, ends)) = &token.kept
                && *fence > newer_than
                && now < *ends
            {
                return Lease::Newer(SharedToken::new(kept.clone(), *fence, *ends - now));
            }
            if token.lease.as_ref().is_some_and(|(_, ends)| now < *ends) {
                return Lease::Taken;
            }
            token.fence += 1;
            let owner = format!("owner {}", token.fence);
            token.lease = Some((owner.clone(), now + Grant::LIFETIME));
            let last = token.kept.as_ref().map(|(_, _, since, _)| now - *since);
            Lease::Granted(Grant::new(owner, token.fence, last, token.died_young))
        }))
    }

    fn keep_token<'a>(
        &'a self,
        name: &'a str,
        grant: &'a Grant,
        token: &'a AccessToken,
        lifetime: Duration,
    ) -> Reply<'a, bool> {
        answer(self.rows().map(|mut rows| {
            let (row, now) = (
                rows.tokens.entry(name.to_owned()).or_default(),
                Instant::now(),
            );
            if row.fence != grant.fence() {
                return false;
            }
            let is_young =
                |since, ends: Instant| now - since < Grant::YOUNG.min((ends - since) / 2);
            let young = row
                .kept
                .as_ref()
                .is_some_and(|(_, _, since, ends)| is_young(*since, *ends));
            row.died_young = if young { row.died_young + 1 } else { 0 };
            row.kept = Some((token.clone(), grant.fence(), now, now + lifetime));
            row.lease = row.lease.take().filter(|(owner, _)| owner != grant.owner());
            true
        }))
    }

    fn end_lease<'a>(&'a self, name: &'a str, grant: &'a Grant, pause: Duration) -> Reply<'a, ()> {
        answer(self.rows().map(|mut rows| {
            let lease = rows
                .tokens
                .get_mut(name)
                .and_then(|token| token.lease.as_mut());
            if let Some((owner, ends)) = lease
                && owner == grant.owner()
            {
                *ends = Instant::now() + pause;
            }
        }))
    }
}
