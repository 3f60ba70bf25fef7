//! Coordination between instances through Redis: flow claims and the token lease.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::Value;

use super::handle::{Redis, Shared};
use super::script;
use crate::coordination::{BoxFuture, Coordinator, FlowState, Lease, LeaseResponse};
use crate::error::{Error, ErrorKind};
use crate::hex;
use crate::random;
use crate::token::{AccessToken, IssuedToken};

/// Version of a token's layout. A token of a newer version is left alone.
const VERSION: &[u8] = b"1";

/// How long the last fencing token is remembered: longer than any token lives.
const MEMORY: Duration = IssuedToken::MAX_LIFETIME.saturating_add(Duration::from_secs(24 * 3_600));

impl Redis {
    /// Returns the coordinator of all instances that use this Redis; the same one for all clones and all their stores.
    #[must_use]
    pub fn coordinator(&self) -> Arc<dyn Coordinator> {
        Arc::clone(&self.shared) as _
    }
}

impl Coordinator for Shared {
    fn claim_flow<'a>(
        &'a self,
        flow: &'a str,
        time_to_live: Duration,
    ) -> BoxFuture<'a, Option<FlowState>> {
        Box::pin(async move {
            let key = self.names.flow(flow);
            let time_to_live = millis(time_to_live);
            let reply = self
                .link
                .call(&script::CLAIM_FLOW, &[&key], &[&time_to_live])
                .await?;
            self.read_flow(&key, &reply)
        })
    }

    fn flow_state<'a>(&'a self, flow: &'a str) -> BoxFuture<'a, Option<FlowState>> {
        Box::pin(async move {
            let key = self.names.flow(flow);
            let reply = self.link.call(&script::LOOK_AT_FLOW, &[&key], &[]).await?;
            self.read_flow(&key, &reply)
        })
    }

    fn complete_flow<'a>(&'a self, flow: &'a str, outcome: &'a [u8]) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let key = self.names.flow(flow);
            let encrypted = self.seal.close(&key, outcome)?;
            self.link
                .call(&script::SETTLE_FLOW, &[&key], &[&encrypted])
                .await
                .map(drop)
        })
    }

    fn reject_flow<'a>(&'a self, flow: &'a str, note: u64) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let key = self.names.flow(flow);
            // Redis stores an integer without allocating a string.
            let note = note.to_string();
            self.link
                .call(&script::SETTLE_FLOW, &[&key], &[note.as_bytes()])
                .await
                .map(drop)
        })
    }

    fn acquire_lease<'a>(&'a self, name: &'a str, newer_than: u64) -> BoxFuture<'a, LeaseResponse> {
        Box::pin(async move {
            let mut newer_than = newer_than;
            loop {
                match self.ask_for_lease(name, newer_than).await? {
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
            let keys = [&*self.names.token(name), &*self.names.lease(name)];
            let associated = associated_data(keys[0], lease.fencing_token());
            let encrypted = self.seal.close(&associated, token.expose().as_bytes())?;
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
                .link
                .call(&script::KEEP_TOKEN, &keys, &arguments)
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
            let key = self.names.lease(name);
            let arguments = [lease.holder().as_bytes(), &millis(pause)];
            self.link
                .call(&script::END_LEASE, &[&key], &arguments)
                .await
                .map(drop)
        })
    }
}

enum LeaseReply {
    Readable(LeaseResponse),
    /// The token is damaged or encrypted with another key.
    Unreadable {
        fencing_token: u64,
    },
}

impl Shared {
    async fn ask_for_lease(&self, name: &str, newer_than: u64) -> Result<LeaseReply, Error> {
        let (key, lease) = (self.names.token(name), self.names.lease(name));
        let holder = hex::encode(&random::bytes::<16>()?);
        let newer_than = newer_than.to_string();
        let arguments = [
            VERSION,
            newer_than.as_bytes(),
            holder.as_bytes(),
            &millis(Lease::DURATION),
            &millis(MEMORY),
        ];
        let reply = self
            .link
            .call(&script::LEASE_TOKEN, &[&key, &lease], &arguments)
            .await?;
        let reply: Vec<&[u8]> = reply.iter().map(bytes).collect();
        let response = match *reply {
            [b"taken"] => LeaseResponse::Held,
            [b"foreign"] => {
                return Err(malformed("redis: access token written by a newer version"));
            }
            [b"granted", fencing_token, age, early_replacements] => {
                let early_replacements = number(early_replacements)
                    .and_then(|count| u32::try_from(count).ok())
                    .unwrap_or(0);
                LeaseResponse::Granted(Lease::new(
                    holder,
                    number(fencing_token).ok_or_else(no_fencing_token)?,
                    number(age).map(Duration::from_millis),
                    early_replacements,
                ))
            }
            [b"newer", encrypted, fencing_token, remaining] => {
                let fencing_token = number(fencing_token).ok_or_else(no_fencing_token)?;
                let remaining = number(remaining).ok_or_else(no_fencing_token)?;
                let token = self
                    .seal
                    .open(&associated_data(&key, fencing_token), encrypted);
                let Some(token) = token.as_ref().and_then(|token| str::from_utf8(token).ok())
                else {
                    return Ok(LeaseReply::Unreadable { fencing_token });
                };
                LeaseResponse::Token {
                    token: AccessToken::new(token),
                    fencing_token,
                    remaining: Duration::from_millis(remaining),
                }
            }
            _ => return Err(malformed("redis: unreadable reply to a lease request")),
        };
        Ok(LeaseReply::Readable(response))
    }

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
                let outcome = self.seal.open(key, encrypted);
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

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("link", &self.link)
            .field("seal", &self.seal)
            .finish_non_exhaustive()
    }
}

/// Associated data of an encrypted token: an older token cannot be put in its place.
fn associated_data(key: &str, fencing_token: u64) -> String {
    format!("{key}#{fencing_token}")
}

fn bytes(value: &Value) -> &[u8] {
    match value {
        Value::BulkString(bytes) => bytes,
        _ => &[],
    }
}

fn number(text: &[u8]) -> Option<u64> {
    str::from_utf8(text).ok()?.parse().ok()
}

fn millis(time: Duration) -> Vec<u8> {
    time.as_millis().max(1).to_string().into_bytes()
}

fn no_fencing_token() -> Error {
    malformed("redis: access token without a fencing token or a lifetime")
}

fn malformed(context: &'static str) -> Error {
    Error::new(ErrorKind::Store, context)
}
