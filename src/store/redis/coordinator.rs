//! Coordination between instances through Redis: flow claims and the token lease.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::Value;

use super::handle::{Inner, Redis};
use super::lease_reply::{LeaseReply, associated_data};
use super::script;
use crate::coordination::{BoxFuture, Coordinator, FlowState, Lease, LeaseResponse};
use crate::error::Error;
use crate::secret::AccessToken;
use crate::token::IssuedToken;

/// Version of a token's layout. A token of a newer version is left alone.
pub(super) const VERSION: &[u8] = b"1";

/// How long the last fencing token is remembered: longer than any token lives.
pub(super) const MEMORY: Duration =
    IssuedToken::MAX_LIFETIME.saturating_add(Duration::from_secs(24 * 3_600));

impl Redis {
    /// Returns the coordinator of all instances that use this Redis; the same one for all clones
    /// and all their stores.
    #[must_use]
    pub fn coordinator(&self) -> Arc<dyn Coordinator> {
        Arc::clone(&self.inner) as _
    }
}

impl Coordinator for Inner {
    fn claim_flow<'a>(
        &'a self,
        flow: &'a str,
        time_to_live: Duration,
    ) -> BoxFuture<'a, Option<FlowState>> {
        Box::pin(async move {
            let key = self.keys.flow(flow);
            let time_to_live = millis(time_to_live);
            let reply = self
                .connection
                .call(&script::CLAIM_FLOW, &[&key], &[&time_to_live])
                .await?;
            self.read_flow(&key, &reply)
        })
    }

    fn flow_state<'a>(&'a self, flow: &'a str) -> BoxFuture<'a, Option<FlowState>> {
        Box::pin(async move {
            let key = self.keys.flow(flow);
            let reply = self
                .connection
                .call(&script::FLOW_STATE, &[&key], &[])
                .await?;
            self.read_flow(&key, &reply)
        })
    }

    fn complete_flow<'a>(&'a self, flow: &'a str, outcome: &'a [u8]) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let key = self.keys.flow(flow);
            let encrypted = self.encryption.encrypt(&key, outcome)?;
            self.connection
                .call(&script::COMPLETE_FLOW, &[&key], &[&encrypted])
                .await
                .map(drop)
        })
    }

    fn reject_flow<'a>(&'a self, flow: &'a str, note: u64) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let key = self.keys.flow(flow);
            // Redis stores an integer without allocating a string.
            let note = note.to_string();
            self.connection
                .call(&script::COMPLETE_FLOW, &[&key], &[note.as_bytes()])
                .await
                .map(drop)
        })
    }

    fn acquire_lease<'a>(&'a self, name: &'a str, newer_than: u64) -> BoxFuture<'a, LeaseResponse> {
        Box::pin(async move {
            let mut newer_than = newer_than;
            loop {
                match self.request_lease(name, newer_than).await? {
                    LeaseReply::Readable(response) => return Ok(response),
                    // No instance with this key can use it, so a newer one is needed.
                    LeaseReply::Unreadable { fencing_token } => {
                        newer_than = newer_than.max(fencing_token);
                    }
                }
            }
        })
    }

    fn publish_token<'a>(
        &'a self,
        name: &'a str,
        lease: &'a Lease,
        token: &'a AccessToken,
        lifetime: Duration,
    ) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let keys = [&*self.keys.token(name), &*self.keys.lease(name)];
            let associated = associated_data(keys[0], lease.fencing_token());
            let encrypted = self
                .encryption
                .encrypt(&associated, token.expose().as_bytes())?;
            let fencing_token = lease.fencing_token().to_string();
            let arguments = [
                fencing_token.as_bytes(),
                lease.holder().as_bytes(),
                &encrypted,
                &millis(lifetime),
                &millis(Lease::EARLY),
                &millis(MEMORY),
                VERSION,
            ];
            let reply = self
                .connection
                .call(&script::PUBLISH_TOKEN, &keys, &arguments)
                .await?;
            Ok(matches!(&*reply, [Value::BulkString(kept)] if kept == b"1"))
        })
    }

    fn release_lease<'a>(
        &'a self,
        name: &'a str,
        lease: &'a Lease,
        pause: Duration,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let key = self.keys.lease(name);
            let arguments = [lease.holder().as_bytes(), &millis(pause)];
            self.connection
                .call(&script::RELEASE_LEASE, &[&key], &arguments)
                .await
                .map(drop)
        })
    }
}

impl Inner {
    fn read_flow(&self, key: &str, reply: &[Value]) -> Result<Option<FlowState>, Error> {
        Ok(match reply {
            [] => None,
            [_, Value::BulkString(note)] if note.first().is_some_and(u8::is_ascii_digit) => {
                Some(match number(note) {
                    Some(note) => FlowState::Rejected { note },
                    None => FlowState::Completed {
                        outcome: Vec::new(),
                    },
                })
            }
            // The flow is complete even if its outcome cannot be decrypted.
            [_, Value::BulkString(encrypted)] => {
                let outcome = self.encryption.decrypt(key, encrypted);
                Some(FlowState::Completed {
                    outcome: outcome.map(|outcome| outcome.to_vec()).unwrap_or_default(),
                })
            }
            [age, ..] => Some(FlowState::Claimed {
                age: Duration::from_millis(number(bytes(age)).unwrap_or(0)),
            }),
        })
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("connection", &self.connection)
            .field("encryption", &self.encryption)
            .finish_non_exhaustive()
    }
}

pub(super) fn bytes(value: &Value) -> &[u8] {
    match value {
        Value::BulkString(bytes) => bytes,
        _ => &[],
    }
}

pub(super) fn number(text: &[u8]) -> Option<u64> {
    str::from_utf8(text).ok()?.parse().ok()
}

pub(super) fn millis(time: Duration) -> Vec<u8> {
    time.as_millis().max(1).to_string().into_bytes()
}
