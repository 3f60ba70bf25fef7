//! Who does at Redis what is to be done once.

use std::time::Duration;

use redis::Value;

use super::handle::Redis;
use super::script;
use crate::coordination::{Coordinator, Flow, Grant, Lease, Reply, SharedToken};
use crate::error::{Error, ErrorKind};
use crate::hex;
use crate::random;
use crate::token::{AccessToken, IssuedToken};

/// The layout of a token. That of a newer version is left alone.
const VERSION: &[u8] = b"1";

/// How long the number of the last grant is remembered: longer than any token.
const MEMORY: Duration = IssuedToken::MAX_LIFETIME.saturating_add(Duration::from_secs(24 * 3_600));

impl Coordinator for Redis {
    fn claim_flow<'a>(&'a self, flow: &'a str, kept_for: Duration) -> Reply<'a, Option<Flow>> {
        Box::pin(async move {
            let key = self.inner.keys.flow(flow);
            let found = self
                .inner
                .connection
                .call(&script::CLAIM_FLOW, &[&key], &[&millis(kept_for)])
                .await?;
            self.read_flow(&key, &found)
        })
    }

    fn flow<'a>(&'a self, flow: &'a str) -> Reply<'a, Option<Flow>> {
        Box::pin(async move {
            let key = self.inner.keys.flow(flow);
            let found = self
                .inner
                .connection
                .call(&script::LOOK_AT_FLOW, &[&key], &[])
                .await?;
            self.read_flow(&key, &found)
        })
    }

    fn settle_flow<'a>(&'a self, flow: &'a str, outcome: &'a [u8]) -> Reply<'a, ()> {
        Box::pin(async move {
            let key = self.inner.keys.flow(flow);
            let sealed = self.inner.encryption.encrypt(&key, outcome)?;
            self.inner
                .connection
                .call(&script::SETTLE_FLOW, &[&key], &[&sealed])
                .await
                .map(drop)
        })
    }

    fn refuse_flow<'a>(&'a self, flow: &'a str, note: u64) -> Reply<'a, ()> {
        Box::pin(async move {
            let key = self.inner.keys.flow(flow);
            // Redis keeps an integer without a string of its own.
            self.inner
                .connection
                .call(
                    &script::SETTLE_FLOW,
                    &[&key],
                    &[note.to_string().as_bytes()],
                )
                .await
                .map(drop)
        })
    }

    fn lease_token<'a>(&'a self, name: &'a str, newer_than: u64) -> Reply<'a, Lease> {
        Box::pin(async move {
            let mut newer_than = newer_than;
            loop {
                match self.lease(name, newer_than).await? {
                    Leased::Lease(lease) => return Ok(lease),
                    // Nobody can use it, so a newer one is wanted.
                    Leased::Unreadable(fence) => newer_than = newer_than.max(fence),
                }
            }
        })
    }

    fn keep_token<'a>(
        &'a self,
        name: &'a str,
        grant: &'a Grant,
        token: &'a AccessToken,
        lifetime: Duration,
    ) -> Reply<'a, bool> {
        Box::pin(async move {
            let (key, lease) = (self.inner.keys.token(name), self.inner.keys.lease(name));
            let fence = grant.fence().to_string();
            let sealed = self
                .inner
                .encryption
                .encrypt(&place(&key, grant.fence()), token.expose().as_bytes())?;
            let arguments = [
                fence.as_bytes(),
                grant.owner().as_bytes(),
                &sealed,
                &millis(lifetime),
                &millis(Grant::YOUNG),
                &millis(MEMORY),
                VERSION,
            ];
            let kept = self
                .inner
                .connection
                .call(&script::KEEP_TOKEN, &[&key, &lease], &arguments)
                .await?;
            Ok(matches!(&*kept, [Value::BulkString(kept)] if kept == b"1"))
        })
    }

    fn end_lease<'a>(&'a self, name: &'a str, grant: &'a Grant, pause: Duration) -> Reply<'a, ()> {
        Box::pin(async move {
            let lease = self.inner.keys.lease(name);
            let arguments = [grant.owner().as_bytes(), &millis(pause)];
            self.inner
                .connection
                .call(&script::END_LEASE, &[&lease], &arguments)
                .await
                .map(drop)
        })
    }
}

enum Leased {
    Lease(Lease),
    /// There is a token under this fence that was sealed with another key, or is damaged.
    Unreadable(u64),
}

impl Redis {
    async fn lease(&self, name: &str, newer_than: u64) -> Result<Leased, Error> {
        let (key, lease) = (self.inner.keys.token(name), self.inner.keys.lease(name));
        let owner = hex::encode(&random::bytes::<16>()?);
        let fence = newer_than.to_string();
        let arguments = [
            VERSION,
            fence.as_bytes(),
            owner.as_bytes(),
            &millis(Grant::LIFETIME),
            &millis(MEMORY),
        ];
        let answer = self
            .inner
            .connection
            .call(&script::LEASE_TOKEN, &[&key, &lease], &arguments)
            .await?;
        let answer: Vec<&[u8]> = answer.iter().map(bytes).collect();
        let leased = match *answer {
            [b"taken"] => Leased::Lease(Lease::Taken),
            [b"foreign"] => return Err(malformed("redis: the token is kept by a newer version")),
            [b"granted", fence, age, died_young] => {
                let last = number(age).map(Duration::from_millis);
                let died_young = number(died_young)
                    .and_then(|count| u32::try_from(count).ok())
                    .unwrap_or(0);
                let fence =
                    number(fence).ok_or_else(|| malformed("redis: the token has no number"))?;
                Leased::Lease(Lease::Granted(Grant::new(owner, fence, last, died_young)))
            }
            [b"newer", sealed, fence, remaining] => {
                let (Some(fence), Some(remaining)) = (number(fence), number(remaining)) else {
                    return Err(malformed("redis: the token has no number"));
                };
                let token = self.inner.encryption.decrypt(&place(&key, fence), sealed);
                match token.as_ref().and_then(|token| str::from_utf8(token).ok()) {
                    Some(token) => {
                        let (token, remaining) =
                            (AccessToken::new(token), Duration::from_millis(remaining));
                        Leased::Lease(Lease::Newer(SharedToken::new(token, fence, remaining)))
                    }
                    None => Leased::Unreadable(fence),
                }
            }
            _ => return Err(malformed("redis: the answer about a token cannot be read")),
        };
        Ok(leased)
    }

    fn read_flow(&self, key: &str, found: &[Value]) -> Result<Option<Flow>, Error> {
        match found {
            [] => Ok(None),
            [_, Value::BulkString(note)] if note.first().is_some_and(u8::is_ascii_digit) => {
                Ok(Some(number(note).map_or(
                    Flow::Settled {
                        outcome: Vec::new(),
                    },
                    |note| Flow::Refused { note },
                )))
            }
            // An outcome that cannot be opened is one, and says nothing.
            [_, Value::BulkString(sealed)] => {
                let outcome = self
                    .inner
                    .encryption
                    .decrypt(key, sealed)
                    .map(|outcome| outcome.to_vec())
                    .unwrap_or_default();
                Ok(Some(Flow::Settled { outcome }))
            }
            [age, ..] => {
                let age = Duration::from_millis(number(bytes(age)).unwrap_or(0));
                Ok(Some(Flow::Claimed { age }))
            }
        }
    }
}

/// What a token is sealed for: an older one cannot be put in its place.
fn place(key: &str, fence: u64) -> String {
    format!("{key}#{fence}")
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

fn malformed(context: &'static str) -> Error {
    Error::new(ErrorKind::Store, context)
}
