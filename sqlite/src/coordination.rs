//! Coordination between the processes: flow claims and the token lease.

use std::pin::Pin;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, named_params};
use tower_weika::coordination::{Coordinator, FlowState, Lease, LeaseResponse};
use tower_weika::{AccessToken, Error};

use crate::handle::Inner;
use crate::random;
use crate::sessions::millis;
use crate::threads::Durability;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// No lease is held, and no pause after a lease lasts, for longer: in milliseconds.
const LONGEST_PAUSE: i64 = 10 * 60 * 1_000;

/// Columns of a flow.
struct FlowRow {
    claimed_at: i64,
    outcome: Option<Vec<u8>>,
    note: Option<i64>,
}

/// Result of a request for a lease.
enum LeaseRow {
    Held,
    Granted {
        fencing_token: i64,
        age: Option<i64>,
        early_replacements: u32,
    },
    Token {
        encrypted: Vec<u8>,
        fencing_token: i64,
        remaining: i64,
    },
}

impl Coordinator for Inner {
    fn claim_flow<'a>(
        &'a self,
        flow: &'a str,
        time_to_live: Duration,
    ) -> BoxFuture<'a, Option<FlowState>> {
        Box::pin(async move {
            let (name, now) = (flow.to_owned(), millis(self.clock.now()));
            let expires_at = now.saturating_add(in_millis(time_to_live));
            let claimed = self.writer.change(Durability::Process, move |transaction| {
                let known = find_flow(transaction, &name, now)?;
                if known.is_none() {
                    transaction
                        .prepare_cached(
                            "INSERT OR REPLACE INTO flows (flow, claimed_at, expires_at)
                            VALUES (?, ?, ?)",
                        )?
                        .execute((&name, now, expires_at))?;
                }
                Ok(known)
            });
            Ok(claimed.await?.map(|row| self.flow(flow, row, now)))
        })
    }

    fn flow_state<'a>(&'a self, flow: &'a str) -> BoxFuture<'a, Option<FlowState>> {
        Box::pin(async move {
            let (name, now) = (flow.to_owned(), millis(self.clock.now()));
            let found = self
                .reader
                .read(move |connection| find_flow(connection, &name, now));
            Ok(found.await?.map(|row| self.flow(flow, row, now)))
        })
    }

    fn complete_flow<'a>(&'a self, flow: &'a str, outcome: &'a [u8]) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let encrypted = self.encryption.encrypt(&associated_flow(flow), outcome)?;
            self.end_flow(flow, Some(encrypted), None).await
        })
    }

    fn reject_flow<'a>(&'a self, flow: &'a str, note: u64) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let note = i64::try_from(note).unwrap_or(i64::MAX);
            self.end_flow(flow, None, Some(note)).await
        })
    }

    fn acquire_lease<'a>(&'a self, name: &'a str, newer_than: u64) -> BoxFuture<'a, LeaseResponse> {
        Box::pin(async move {
            let mut newer_than = i64::try_from(newer_than).unwrap_or(i64::MAX);
            loop {
                let holder = random::name()?;
                match self.request_lease(name, newer_than, &holder).await? {
                    LeaseRow::Held => return Ok(LeaseResponse::Held),
                    LeaseRow::Granted {
                        fencing_token,
                        age,
                        early_replacements,
                    } => {
                        return Ok(LeaseResponse::Granted(Lease::new(
                            holder,
                            fencing_token.unsigned_abs(),
                            age.map(duration),
                            early_replacements,
                        )));
                    }
                    LeaseRow::Token {
                        encrypted,
                        fencing_token,
                        remaining,
                    } => {
                        if let Some(token) = self.token(name, fencing_token, &encrypted) {
                            return Ok(LeaseResponse::Token {
                                token,
                                fencing_token: fencing_token.unsigned_abs(),
                                remaining: duration(remaining),
                            });
                        }
                        // No process with this key can use it, so a newer one is needed.
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
            let fencing_token = i64::try_from(lease.fencing_token()).unwrap_or(i64::MAX);
            let associated = associated_token(name, fencing_token);
            let encrypted = self
                .encryption
                .encrypt(&associated, token.expose().as_bytes())?;
            let (name, now) = (name.to_owned(), millis(self.clock.now()));
            let ends_at = now.saturating_add(in_millis(lifetime));
            let published = self.writer.change(Durability::Process, move |transaction| {
                publish(transaction, &name, fencing_token, &encrypted, now, ends_at)
            });
            published.await
        })
    }

    fn release_lease<'a>(
        &'a self,
        name: &'a str,
        lease: &'a Lease,
        pause: Duration,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let (name, holder) = (name.to_owned(), lease.holder().to_owned());
            let until = millis(self.clock.now()).saturating_add(in_millis(pause));
            let released = self.writer.change(Durability::Process, move |transaction| {
                transaction
                    .prepare_cached(
                        "UPDATE tokens SET leased_until = ? WHERE name = ? AND holder = ?",
                    )?
                    .execute((until, &name, &holder))
            });
            released.await.map(drop)
        })
    }
}

impl Inner {
    fn flow(&self, flow: &str, row: FlowRow, now: i64) -> FlowState {
        match row {
            FlowRow {
                note: Some(note), ..
            } => FlowState::Rejected {
                note: note.unsigned_abs(),
            },
            // The flow is complete even if its outcome cannot be decrypted.
            FlowRow {
                outcome: Some(encrypted),
                ..
            } => FlowState::Completed {
                outcome: self
                    .encryption
                    .decrypt(&associated_flow(flow), &encrypted)
                    .unwrap_or_default(),
            },
            FlowRow { claimed_at, .. } => FlowState::Claimed {
                age: duration(now - claimed_at),
            },
        }
    }

    async fn end_flow(
        &self,
        flow: &str,
        outcome: Option<Vec<u8>>,
        note: Option<i64>,
    ) -> Result<(), Error> {
        let (flow, now) = (flow.to_owned(), millis(self.clock.now()));
        let ended = self.writer.change(Durability::Process, move |transaction| {
            transaction
                .prepare_cached(
                    "UPDATE flows SET outcome = :outcome, note = :note
                    WHERE flow = :flow AND expires_at > :now AND outcome IS NULL AND note IS NULL",
                )?
                .execute(named_params! {
                    ":flow": flow, ":outcome": outcome, ":note": note, ":now": now,
                })
        });
        ended.await.map(drop)
    }

    async fn request_lease(
        &self,
        name: &str,
        newer_than: i64,
        holder: &str,
    ) -> Result<LeaseRow, Error> {
        let (name, holder) = (name.to_owned(), holder.to_owned());
        let now = millis(self.clock.now());
        let requested = self.writer.change(Durability::Process, move |transaction| {
            request(transaction, &name, newer_than, &holder, now)
        });
        requested.await
    }

    fn token(&self, name: &str, fencing_token: i64, encrypted: &[u8]) -> Option<AccessToken> {
        let associated = associated_token(name, fencing_token);
        let token = self.encryption.decrypt(&associated, encrypted)?;
        String::from_utf8(token).ok().map(AccessToken::new)
    }
}

fn find_flow(connection: &Connection, flow: &str, now: i64) -> rusqlite::Result<Option<FlowRow>> {
    connection
        .prepare_cached(
            "SELECT claimed_at, outcome, note FROM flows WHERE flow = ? AND expires_at > ?",
        )?
        .query_row((flow, now), |row| {
            Ok(FlowRow {
                claimed_at: row.get(0)?,
                outcome: row.get(1)?,
                note: row.get(2)?,
            })
        })
        .optional()
}

/// Returns the live token that is newer; without one, takes the lease unless it is held.
fn request(
    transaction: &Connection,
    name: &str,
    newer_than: i64,
    holder: &str,
    now: i64,
) -> rusqlite::Result<LeaseRow> {
    struct Known {
        fencing_token: i64,
        leased_until: i64,
        token: Option<Vec<u8>>,
        published_under: i64,
        published_at: Option<i64>,
        ends_at: i64,
        early_replacements: u32,
    }

    let known = transaction
        .prepare_cached(
            "SELECT fencing_token, leased_until, token, published_under, published_at, ends_at,
                early_replacements
            FROM tokens WHERE name = ?",
        )?
        .query_row([name], |row| {
            Ok(Known {
                fencing_token: row.get(0)?,
                leased_until: row.get(1)?,
                token: row.get(2)?,
                published_under: row.get(3)?,
                published_at: row.get(4)?,
                ends_at: row.get(5)?,
                early_replacements: row.get(6)?,
            })
        })
        .optional()?;
    if let Some(Known {
        token: Some(encrypted),
        published_under,
        ends_at,
        ..
    }) = &known
        && *published_under > newer_than
        && *ends_at > now
    {
        return Ok(LeaseRow::Token {
            encrypted: encrypted.clone(),
            fencing_token: *published_under,
            remaining: ends_at - now,
        });
    }
    // One that lies further in the future is from before the clock was set back.
    let is_held = |known: &Known| (now + 1..=now + LONGEST_PAUSE).contains(&known.leased_until);
    if known.as_ref().is_some_and(is_held) {
        return Ok(LeaseRow::Held);
    }
    let fencing_token = known.as_ref().map_or(0, |known| known.fencing_token);
    let fencing_token = fencing_token.max(newer_than).saturating_add(1);
    transaction
        .prepare_cached(
            "INSERT INTO tokens
                (name, fencing_token, holder, leased_until, published_under, ends_at, early_replacements)
            VALUES (:name, :fencing_token, :holder, :until, 0, 0, 0)
            ON CONFLICT (name) DO UPDATE
            SET fencing_token = :fencing_token, holder = :holder, leased_until = :until",
        )?
        .execute(named_params! {
            ":name": name, ":fencing_token": fencing_token, ":holder": holder,
            ":until": now + in_millis(Lease::DURATION),
        })?;
    let published_at = known.as_ref().and_then(|known| known.published_at);
    Ok(LeaseRow::Granted {
        fencing_token,
        age: published_at.map(|at| (now - at).max(0)),
        early_replacements: known.map_or(0, |known| known.early_replacements),
    })
}

/// Publishes a token, unless another lease was granted since. Returns whether it did.
fn publish(
    transaction: &Connection,
    name: &str,
    fencing_token: i64,
    encrypted: &[u8],
    now: i64,
    ends_at: i64,
) -> rusqlite::Result<bool> {
    // A replacement in the second half of a short-lived token is not early.
    let changed = transaction
        .prepare_cached(
            "UPDATE tokens SET
                token = :token, published_under = :fencing_token, published_at = :now, ends_at = :ends_at,
                early_replacements = CASE
                    WHEN published_at IS NOT NULL
                        AND :now - published_at < min(:early, (ends_at - published_at) / 2)
                    THEN early_replacements + 1 ELSE 0 END,
                holder = NULL, leased_until = 0
            WHERE name = :name AND fencing_token = :fencing_token",
        )?
        .execute(named_params! {
            ":name": name, ":fencing_token": fencing_token, ":token": encrypted, ":now": now,
            ":ends_at": ends_at, ":early": in_millis(Lease::EARLY),
        })?;
    Ok(changed > 0)
}

fn associated_flow(flow: &str) -> String {
    format!("flow/{flow}")
}

/// With the fencing token: an older token cannot be put in its place.
fn associated_token(name: &str, fencing_token: i64) -> String {
    format!("token/{name}#{fencing_token}")
}

fn in_millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis().max(1)).unwrap_or(i64::MAX)
}

fn duration(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}
