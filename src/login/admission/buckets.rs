//! A token bucket for each client (rule A2).
//!
//! A token of the client's bucket is taken when its code is about to be sent, and returned unless
//! the upstream system rejects the code: any number of valid logins from one address pass, and
//! invalid codes are limited.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use http::{Extensions, HeaderMap};
use parking_lot::Mutex;

use super::{ClientKey, Throttle};
use crate::clock::Timestamp;

/// The buckets of a [`Throttle`].
#[derive(Debug)]
pub(super) struct Buckets {
    throttle: Throttle,
    table: Mutex<Table>,
}

#[derive(Debug)]
struct Table {
    clients: HashMap<ClientKey, Bucket>,
    /// Of all clients without a bucket.
    shared: Bucket,
    swept: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: u32,
    /// The time of the last refill.
    at: Timestamp,
}

impl Buckets {
    pub(super) fn new(throttle: Throttle, now: Timestamp) -> Self {
        let shared = Bucket {
            tokens: throttle.burst,
            at: now,
        };
        Self {
            throttle,
            table: Mutex::new(Table {
                clients: HashMap::new(),
                shared,
                swept: now,
            }),
        }
    }

    /// Returns the key of the client of a request.
    pub(super) fn key(&self, headers: &HeaderMap, extensions: &Extensions) -> Option<ClientKey> {
        self.throttle.key(headers, extensions)
    }

    /// Returns the time until the client may try again, if its bucket is empty.
    pub(super) fn verify(&self, client: ClientKey, now: Timestamp) -> Result<(), Duration> {
        let mut table = self.table.lock();
        let bucket = table.existing(client);
        bucket.refill(&self.throttle, now);
        if bucket.tokens > 0 {
            Ok(())
        } else {
            Err(bucket.wait(&self.throttle, now))
        }
    }

    /// Takes a token; the time until there is one if the bucket is empty.
    pub(super) fn take(
        self: &Arc<Self>,
        client: ClientKey,
        now: Timestamp,
    ) -> Result<Charge, Duration> {
        let mut table = self.table.lock();
        let bucket = table.bucket(client, &self.throttle, now);
        bucket.refill(&self.throttle, now);
        if bucket.tokens == 0 {
            return Err(bucket.wait(&self.throttle, now));
        }
        bucket.tokens -= 1;
        Ok(Charge {
            buckets: Arc::clone(self),
            client,
            is_due: false,
        })
    }
}

impl Table {
    fn existing(&mut self, client: ClientKey) -> &mut Bucket {
        self.clients.get_mut(&client).unwrap_or(&mut self.shared)
    }

    fn bucket(&mut self, client: ClientKey, throttle: &Throttle, now: Timestamp) -> &mut Bucket {
        let is_full =
            self.clients.len() >= throttle.capacity && !self.clients.contains_key(&client);
        // At most once a second, because it iterates over all buckets.
        if is_full && (now < self.swept || now.since(self.swept) >= Duration::from_secs(1)) {
            self.swept = now;
            self.clients.retain(|_, bucket| {
                bucket.refill(throttle, now);
                bucket.tokens < throttle.burst
            });
        }
        let is_full = self.clients.len() >= throttle.capacity;
        match self.clients.entry(client) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(_) if is_full => &mut self.shared,
            Entry::Vacant(entry) => entry.insert(Bucket {
                tokens: throttle.burst,
                at: now,
            }),
        }
    }
}

impl Bucket {
    fn refill(&mut self, throttle: &Throttle, now: Timestamp) {
        if now < self.at {
            // The clock was set back.
            self.at = now;
        }
        let steps = now.since(self.at).as_millis() / throttle.refill.as_millis().max(1);
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        self.tokens = self.tokens.saturating_add(steps).min(throttle.burst);
        self.at = if self.tokens == throttle.burst {
            now
        } else {
            self.at.plus(throttle.refill.saturating_mul(steps))
        };
    }

    fn wait(&self, throttle: &Throttle, now: Timestamp) -> Duration {
        throttle.refill.saturating_sub(now.since(self.at))
    }
}

/// A token that was taken from a bucket. It returns when this is dropped, unless it is
/// [kept](Self::keep).
#[derive(Debug)]
pub(super) struct Charge {
    buckets: Arc<Buckets>,
    client: ClientKey,
    is_due: bool,
}

impl Charge {
    /// Keeps the token: the code was rejected.
    pub(super) fn keep(mut self) {
        self.is_due = true;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        if !self.is_due {
            let burst = self.buckets.throttle.burst;
            let mut table = self.buckets.table.lock();
            let bucket = table.existing(self.client);
            bucket.tokens = bucket.tokens.saturating_add(1).min(burst);
        }
    }
}

#[cfg(test)]
mod tests;
