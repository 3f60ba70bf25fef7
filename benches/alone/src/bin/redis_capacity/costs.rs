//! Round trips, commands and processor time of the server for each operation.

use std::time::{Duration, Instant};

use harness::redis::Server;
use harness::{Report, is_smoke};
use tower_weika::clock::Clock;
use tower_weika::identity::Identity;
use tower_weika::session::SessionId;
use tower_weika::store::SessionStore;

use crate::server::Usage;
use crate::user::{Store, connect, full, load, namespace, start};

/// How long the outcome of a login is kept; the layer does the same.
const OUTCOME_KEPT_FOR: Duration = Duration::from_secs(660);

/// Measures operations one after the other: callers that share a connection cost the server less.
struct Measurement<'a> {
    report: &'a mut Report,
    server: Server,
    store: Store,
}

pub async fn table(report: &mut Report) {
    let (users, of_a_user) = if is_smoke() { (20, 2) } else { (5_000, 2) };
    report.table(
        "operation",
        &format!(
            "One after the other, full managers, encrypted, appendonly with everysec; {} other \
             sessions of {users} users are there. Processor: microseconds of the server's main \
             thread. A login claims and completes its flow, takes a stamp and inserts the session. \
             The time of a call depends on the machine.",
            users * of_a_user,
        ),
    );
    let server = Server::persistent();
    let store = connect(&server, true).await;
    let mut ids = Vec::new();
    for number in (0..users).flat_map(|number| vec![number; of_a_user]) {
        ids.push(start(&store, full(number)).await);
    }
    let mut new = Vec::new();
    let rounds = (ids.len() / 4).min(1_000);
    let mut measurement = Measurement {
        report,
        server,
        store,
    };
    measurement
        .row("login", rounds, async |store, round| {
            log_in(store, round).await;
        })
        .await;
    measurement
        .row(
            "look-up without a local copy",
            rounds,
            async |store, round| {
                load(store, &ids[round]).await;
            },
        )
        .await;
    measurement.touches(&ids[..rounds]).await;
    let crowded = full(users + 1);
    for _ in 0..50 {
        new.push(start(&measurement.store, crowded.clone()).await);
    }
    measurement
        .row("list of 50 sessions", rounds.min(500), async |store, _| {
            let listed = store.sessions_of(&namespace(), crowded.subject()).await;
            assert_eq!(listed.expect("the server responds").len(), 50);
        })
        .await;
    measurement
        .row("51st login of a user", rounds.min(500), async |store, _| {
            start(store, crowded.clone()).await;
        })
        .await;
    measurement
        .row("logout", rounds, async |store, round| {
            let removed = store.remove(&namespace(), &ids[round]).await;
            assert!(removed.expect("the server responds"));
        })
        .await;
}

async fn log_in(store: &Store, round: usize) {
    let (coordinator, flow) = (store.redis().coordinator(), format!("{round:012}"));
    let claimed = coordinator.claim_flow(&flow, OUTCOME_KEPT_FOR).await;
    assert!(claimed.expect("the server responds").is_none());
    start(store, full(1_000_000 + round)).await;
    let completed = coordinator.complete_flow(&flow, &[0; 100]).await;
    completed.expect("the server responds");
}

impl Measurement<'_> {
    async fn row(&mut self, name: &str, rounds: usize, run: impl AsyncFn(&Store, usize)) {
        let (before, mut times) = (Usage::of(&self.server), Vec::new());
        for round in 0..rounds {
            let start = Instant::now();
            run(&self.store, round).await;
            times.push(start.elapsed().as_secs_f64() * 1e6);
        }
        self.finish(name, rounds, &before, harness::turns::median(times));
    }

    /// Uses are recorded in the background.
    async fn touches(&mut self, ids: &[SessionId]) {
        let mut sessions = Vec::new();
        for id in ids {
            sessions.push(load(&self.store, id).await);
        }
        let before = Usage::of(&self.server);
        let later = Clock::system().now().plus(Duration::from_secs(120));
        for session in &sessions {
            assert!(session.touch(later));
            self.store.touch(session);
            // One after the other as well.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let expected = before.calls + sessions.len() as f64;
        while Usage::of(&self.server).calls < expected {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.finish("record of a use", sessions.len(), &before, f64::NAN);
    }

    fn finish(&mut self, name: &str, rounds: usize, before: &Usage, time: f64) {
        let (after, rounds) = (Usage::of(&self.server), rounds as f64);
        self.report.row(
            name,
            &[
                (
                    "round trips",
                    ((after.calls - before.calls) / rounds).round(),
                ),
                (
                    "commands",
                    ((after.commands - before.commands) / rounds).round(),
                ),
                (
                    "processor, us",
                    (after.processor - before.processor) / rounds,
                ),
                ("whole, us", time),
            ],
        );
    }
}
