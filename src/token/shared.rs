//! How one instance of a coordinator comes by the token that all of them share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::IssuedToken;
use super::back_off::{LONGEST, SHORTEST};
use crate::coordination::{Coordinator, Grant, Lease, Reply};
use crate::error::{Error, ErrorKind};
use crate::{random, trace};

/// How often an instance asks again while another one fetches; up to twice this, so that they do not move in step.
const POLL: Duration = Duration::from_millis(100);
/// A coordinator that takes longer to answer is away.
const PATIENCE: Duration = Duration::from_secs(2);
/// The shortest time between two fetches of one instance that cannot agree with the others: each may end the token of
/// another.
const ALONE: Duration = Duration::from_secs(10);

/// Fetches for one instance of a [`Coordinator`]; see the [module](super) for the rules.
///
/// Whoever asks wants a token newer than the one that was delivered last, because that one is refused, has ended or is
/// about to. Nothing has to be tidied up when the future is dropped: a grant ends by itself.
#[derive(Debug)]
pub(crate) struct SharedSource {
    coordinator: Arc<dyn Coordinator>,
    name: String,
    state: Mutex<State>,
}

/// Never locked across an await.
#[derive(Debug, Default)]
struct State {
    /// The fence of the token that was delivered last.
    newer_than: u64,
    /// When the upstream system was last asked from here.
    asked: Option<Instant>,
    is_alone: bool,
}

impl SharedSource {
    /// `name` is the same for all instances of one application, and for nobody else. It is no secret.
    pub(crate) fn new(coordinator: Arc<dyn Coordinator>, name: String) -> Self {
        Self {
            coordinator,
            name,
            state: Mutex::default(),
        }
    }

    /// A token newer than the one before: that of the others, or one that is fetched from `upstream` for all.
    pub(crate) async fn fetch<F, Fut>(&self, upstream: F) -> Result<IssuedToken, Error>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<IssuedToken, Error>>,
    {
        loop {
            let newer_than = self.state().newer_than;
            let lease = match patiently(self.coordinator.lease_token(&self.name, newer_than)).await
            {
                Ok(lease) => lease,
                Err(away) => return self.fetch_alone(upstream, away).await,
            };
            self.is_back();
            match lease {
                Lease::Newer(shared) => {
                    let issued = IssuedToken::new(shared.token().clone(), Some(shared.remaining()));
                    return Ok(self.deliver(issued, shared.fence()));
                }
                Lease::Taken => tokio::time::sleep(POLL.mul_f64(1.0 + random::fraction())).await,
                // The coordinator has lost its memory and counts anew. What it has kept since may be newer after all.
                Lease::Granted(grant) if newer_than > 0 && grant.fence() <= newer_than => {
                    self.state().newer_than = 0;
                    self.give_back(&grant, Duration::ZERO).await;
                }
                Lease::Granted(grant) => {
                    if let Some(issued) = self.fetch_for_all(&upstream, &grant).await? {
                        return Ok(issued);
                    }
                }
            }
        }
    }

    /// A token for all instances; `None` if they have to be asked again.
    async fn fetch_for_all<F, Fut>(
        &self,
        upstream: &F,
        grant: &Grant,
    ) -> Result<Option<IssuedToken>, Error>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<IssuedToken, Error>>,
    {
        let rest = rest(grant);
        if rest > SHORTEST {
            // The others come to the same conclusion at once, instead of waiting for nothing.
            self.give_back(grant, Duration::ZERO).await;
            return Err(Error::new(
                ErrorKind::Busy,
                "access token: one was replaced soon after it was fetched, again and again; most likely another \
                 system fetches tokens for the same key, and each ends the other's",
            ));
        }
        if !rest.is_zero() {
            // A single process waits as long between two fetches, and fails nobody for it.
            self.give_back(grant, rest).await;
            tokio::time::sleep(rest).await;
            return Ok(None);
        }
        let asked = Instant::now();
        self.state().asked = Some(asked);
        let issued = match upstream().await {
            Ok(issued) => issued,
            Err(error) => {
                self.give_back(grant, SHORTEST).await;
                return Err(error);
            }
        };
        let lifetime = issued.lifetime().map_or(Duration::ZERO, |lifetime| {
            lifetime.saturating_sub(asked.elapsed())
        });
        if lifetime.is_zero() {
            self.give_back(grant, SHORTEST).await;
            return Ok(Some(self.deliver(issued, grant.fence())));
        }
        match patiently(
            self.coordinator
                .keep_token(&self.name, grant, issued.token(), lifetime),
        )
        .await
        {
            Ok(true) => {}
            // This one was late, and the newer one may have ended it.
            Ok(false) => return Ok(None),
            // Whether it was kept is not known. If so, it is not adopted from there when it is refused here.
            Err(away) => self.is_away(&away),
        }
        Ok(Some(self.deliver(issued, grant.fence())))
    }

    /// A token for this instance, because it cannot agree with the others.
    async fn fetch_alone<F, Fut>(&self, upstream: F, away: Error) -> Result<IssuedToken, Error>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<IssuedToken, Error>>,
    {
        self.is_away(&away);
        if !self.may_ask_alone() {
            // Not of kind `Store`: the sessions may be well, and so is what waits a moment.
            let context = "access token: the instances cannot agree on one, and this one has asked for its own just now";
            return Err(Error::new(ErrorKind::Unresponsive, context).with_source(away));
        }
        upstream().await
    }

    fn may_ask_alone(&self) -> bool {
        let mut state = self.state();
        let may_ask = state.asked.is_none_or(|asked| asked.elapsed() >= ALONE);
        if may_ask {
            state.asked = Some(Instant::now());
        }
        may_ask
    }

    /// Without effect if the coordinator is away: the grant ends by itself.
    async fn give_back(&self, grant: &Grant, pause: Duration) {
        drop(patiently(self.coordinator.end_lease(&self.name, grant, pause)).await);
    }

    fn deliver(&self, issued: IssuedToken, fence: u64) -> IssuedToken {
        self.state().newer_than = fence;
        issued
    }

    fn is_away(&self, away: &Error) {
        if !std::mem::replace(&mut self.state().is_alone, true) {
            trace::warn!(error = %away.report(), "the access token is not shared now: this instance fetches its own");
        }
    }

    fn is_back(&self) {
        if std::mem::take(&mut self.state().is_alone) {
            trace::info!("the access token is shared again");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn patiently<T>(answer: Reply<'_, T>) -> Result<T, Error> {
    let answer = tokio::time::timeout(PATIENCE, answer).await;
    answer.unwrap_or_else(|_| {
        Err(Error::new(
            ErrorKind::Store,
            "the coordinator does not answer in time",
        ))
    })
}

/// How long to leave the upstream system alone yet: tokens that are refused again and again, although they are young,
/// most likely fall victim to another system that fetches for the same key. It must not become a race.
fn rest(grant: &Grant) -> Duration {
    let Some(age) = grant.last() else {
        return Duration::ZERO;
    };
    // Shorter than `Grant::YOUNG`: whatever has lived long needs no pause.
    let pause = (SHORTEST * (1 << grant.died_young().min(5))).min(LONGEST);
    pause.saturating_sub(age)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_with_every_token_that_dies_young() {
        let rest = |last: Option<u64>, died_young| {
            rest(&Grant::new(
                String::new(),
                9,
                last.map(Duration::from_secs),
                died_young,
            ))
            .as_secs()
        };
        let rests: Vec<u64> = (0..8).map(|died_young| rest(Some(0), died_young)).collect();
        assert_eq!(rests, [1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(
            (rest(Some(5), 3), rest(Some(8), 3), rest(None, u32::MAX)),
            (3, 0, 0)
        );
        assert_eq!(rest(Some(Grant::YOUNG.as_secs()), u32::MAX), 0);
    }
}
