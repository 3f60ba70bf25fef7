//! Power failures under load.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::alone::alone;
use crate::child::Child;
use crate::disk::{Disk, Leaves};
use crate::load::{Record, open_uncached};
use crate::random::Random;
use crate::store::folder;

const FILE: &str = "sessions.db";

/// Rounds on one file, before the next one begins with a new file.
const ROUNDS_OF_A_FILE: u64 = 4;

/// The result of some power failures.
struct Outcome {
    record: Record,
    /// Sessions and logouts that are lost, and damages of the file.
    deviations: Vec<String>,
}

/// Has the power fail while processes start and revoke sessions, `rounds` times, and stops
/// at the first deviation. The disk ignores syncs of files with this end of their names.
async fn fail_repeatedly(test: &str, rounds: u64, ignores: Option<&str>) -> Vec<Outcome> {
    let folder = folder(test);
    let mut random = Random::new(7);
    let mut outcomes = Vec::new();
    let mut disk = None;
    for round in 0..rounds {
        if round % ROUNDS_OF_A_FILE == 0 {
            disk = Some(Disk::empty(folder.join(format!("disk-{round}"))));
            outcomes.push(Outcome {
                record: Record::default(),
                deviations: Vec::new(),
            });
        }
        let used = disk.take().expect("a disk");
        let outcome = outcomes.last_mut().expect("an outcome");
        run_until_killed(&used, round, ignores, &mut random, &mut outcome.record);
        let leaves = if random.below(3) == 0 {
            Leaves::Synced
        } else {
            Leaves::SomeMore
        };
        let remains = used.fail(leaves, &mut random);
        let copy = folder.join(format!("copy-{round}"));
        remains.write(&copy);
        let deviations = check(&copy, &outcome.record).await;
        let deviations = deviations
            .into_iter()
            .map(|text| format!("round {round}: {text}"));
        outcome.deviations.extend(deviations);
        if !outcome.deviations.is_empty() {
            return outcomes;
        }
        drop(fs::remove_dir_all(copy));
        if (round + 1) % ROUNDS_OF_A_FILE != 0 {
            let next = folder.join(format!("disk-{}", round + 1));
            disk = Some(Disk::with(&remains, next));
        }
        used.remove();
    }
    drop(fs::remove_dir_all(folder));
    outcomes
}

/// Runs one or two processes, and kills them at a random moment.
fn run_until_killed(
    disk: &Disk,
    round: u64,
    ignores: Option<&str>,
    random: &mut Random,
    record: &mut Record,
) {
    let store: OsString = disk.folder().join(FILE).into();
    let mut variables = disk.variables();
    variables.extend([
        ("STORE", store.clone()),
        ("DISK_DELAY", random.below(4).to_string().into()),
    ]);
    if random.below(2) == 0 {
        variables.push(("CHECKPOINTS", store));
    }
    if let Some(end) = ignores {
        variables.push(("DISK_IGNORES", end.into()));
    }
    let processes = 1 + random.below(2);
    let of_process = (0..processes).map(|process| {
        let mut variables = variables.clone();
        variables.push(("SEED", (round * 2 + process).to_string().into()));
        variables
    });
    let of_process: Vec<_> = of_process.collect();
    let of_process: Vec<_> = of_process.iter().map(Vec::as_slice).collect();
    let mut children = Child::run_all("load::load", &of_process);
    for _ in 0..random.below(120) {
        for child in &children {
            record.add(&child.receive());
        }
    }
    // Not always after a message.
    thread::sleep(Duration::from_micros(random.below(8_000)));
    for child in &mut children {
        child.kill();
    }
    for child in &children {
        for message in child.remaining() {
            record.add(&message);
        }
        assert!(!child.log().contains("panicked"), "{}", child.log());
    }
}

/// Opens the file after a power failure as the next process does. Returns the deviations.
async fn check(folder: &Path, record: &Record) -> Vec<String> {
    let path = folder.join(FILE);
    let store = match open_uncached(&path) {
        Ok(store) => store,
        Err(error) => return vec![format!("the file cannot be opened: {error}")],
    };
    let mut deviations = record.check(&store).await;
    let connection = rusqlite::Connection::open(&path).expect("a file");
    let integrity =
        connection.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0));
    match integrity {
        Ok(text) if text == "ok" => {}
        other => deviations.push(format!("{other:?}")),
    }
    deviations
}

#[tokio::test]
#[ignore = "needs a C compiler; run tests/run"]
async fn power_failure_loses_no_acknowledged_session_and_no_acknowledged_logout() {
    let _alone = alone().await;
    let outcomes = fail_repeatedly("power-failure", 60, None).await;
    for outcome in &outcomes {
        assert!(outcome.deviations.is_empty(), "{:#?}", outcome.deviations);
    }
    let counts = outcomes.iter().map(|outcome| outcome.record.counts());
    let (started, ended) = counts.fold((0, 0), |sum, (started, ended)| {
        (sum.0 + started, sum.1 + ended)
    });
    println!("60 power failures: {started} sessions and {ended} logouts were acknowledged");
    assert!(started > 1_000 && ended > 500, "{started}, {ended}");
}

/// The test above can fail: on a disk that does not sync the log, as with `synchronous=NORMAL`, on
/// one that syncs nothing, as with `OFF`, and on one that forgets the names of new files.
#[tokio::test]
#[ignore = "needs a C compiler; run tests/run"]
async fn disk_that_ignores_syncs_loses_acknowledged_sessions_and_logouts() {
    let _alone = alone().await;
    for (name, ignores) in [("log", "-wal"), ("all", ""), ("folder", "/")] {
        let test = format!("power-failure-without-syncs-of-{name}");
        let outcomes = fail_repeatedly(&test, 8, Some(ignores)).await;
        let deviations: Vec<_> = outcomes.iter().flat_map(|it| &it.deviations).collect();
        println!("no syncs of {name}: {} deviations", deviations.len());
        assert!(!deviations.is_empty(), "{name}");
    }
}
