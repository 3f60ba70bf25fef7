//! Sessions in a SQLite file: the cost of a request, the list of a user's sessions, many logins at
//! once, and the size of the file after expired sessions.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use allocation_counter::measure;
use harness::turns::{self, Run, median};
use harness::{
    Candidate, LIVE, Person, Report, Site, background_runtime, compare, insert, is_smoke, log_in,
};
use peers::candidates::tower_sessions_sqlite::{self as peer, Setup};
use peers::candidates::{LOGIN, memory_store};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tower_sessions_sqlx_store::sqlx;
use tower_weika::clock::{Clock, ManualClock};
use tower_weika::session::{Namespace, Session, SessionId, SessionTimeouts};
use tower_weika::store::SessionStore;
use tower_weika_sqlite::{Sqlite, SqliteBuilder};

const CACHED: &str = "login, live session in the local cache of SQLite";
const UNCACHED: &str = "login, live session in SQLite, no local cache";
const PEER: &str = "tower-sessions, SQLite";
const PEER_UNTESTED: &str = "tower-sessions, SQLite, connections not tested before use";

/// New files beside this program: the folder for temporary files may be in memory. Removed when
/// dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let program = env::current_exe().expect("the path of this program");
        let folder = program.with_file_name(format!("sqlite-files-{}", process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn sqlite(&self, name: &str, set_up: impl FnOnce(SqliteBuilder) -> SqliteBuilder) -> Sqlite {
        let builder = set_up(Sqlite::builder(self.file(name)));
        builder.open().expect("the file is accessible")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// Returns one number in a smoke test, and the other one in a measurement.
fn count(smoke: usize, measured: usize) -> usize {
    if is_smoke() { smoke } else { measured }
}

fn main() {
    let (folder, runtime) = (Folder::new(), background_runtime());
    let _inside = runtime.enter();
    let mut report = Report::new("sqlite", "Sessions in a SQLite file");
    requests(&mut report, &folder, &runtime);
    lists(&mut report, &folder, &runtime);
    logins(&mut report, &folder, &runtime);
    expired(&mut report, &folder, &runtime);
    report.finish();
}

fn requests(report: &mut Report, folder: &Folder, runtime: &Runtime) {
    let sessions = count(100, 10_000);
    let site = |sqlite: &Sqlite, name| {
        Site::over(&sqlite.store::<Person>(), "bench", LIVE, sessions, runtime).live(name)
    };
    let cached = folder.sqlite("cached.db", |builder| builder);
    let mut candidates = Site::with_sessions(sessions).candidates();
    candidates.retain(|candidate| ["bare", LOGIN].contains(&&*candidate.name));
    candidates.push(site(&cached, CACHED));
    report.table(
        "candidate",
        "Sessions, requests and caches as above; beside a session in the memory store, one in the local cache of SQLite.",
    );
    let meter = |work: &mut dyn FnMut()| {
        let used = measure(work);
        (used.count_total, used.bytes_current)
    };
    compare::table(report, &candidates, sessions, &[LOGIN], meter);

    let uncached = folder.sqlite("uncached.db", |builder| builder.local_cache_capacity(0));
    candidates.push(site(&uncached, UNCACHED));
    for (name, tests_connections) in [(PEER, true), (PEER_UNTESTED, false)] {
        // Only the inserts of the preparation sync.
        let setup = Setup {
            syncs: false,
            tests_connections,
        };
        let path = folder.file(&format!("peer-{tests_connections}.db"));
        candidates.push(peer::candidate(name, &path, setup, sessions, runtime));
    }
    files(report, &candidates);
}

/// The table of candidates that read a file for each request.
fn files(report: &mut Report, candidates: &[Candidate]) {
    report.table(
        "candidate",
        "The same with the candidates that read the file for each request, in rounds of 2,000 requests; ns over the bare \
         application. The thread that sends the requests is parked while it waits. All files are on one disk and use the \
         write-ahead log.",
    );
    let (hot, cold) = (compare::hot(candidates, 250), compare::cold(candidates));
    for ((candidate, hot), cold) in candidates.iter().zip(hot).zip(cold).skip(1) {
        report.row(&candidate.name, &[("hot, ns", hot), ("cold, ns", cold)]);
    }
    for column in ["hot, ns", "cold, ns"] {
        report.ratios(column, &[LOGIN, PEER, PEER_UNTESTED]);
    }
}

/// The sessions of a subject among many others.
fn lists(report: &mut Report, folder: &Folder, runtime: &Runtime) {
    report.table(
        "store",
        "The list of the 50 sessions of one subject; 9,950 sessions of 4,999 other subjects are in the store.",
    );
    let sqlite = folder.sqlite("lists.db", |builder| builder).store();
    let memory = memory_store(100_000);
    let mut runs = [list(&memory, runtime), list(&sqlite, runtime)];
    let medians = turns::medians(&mut runs, 31, 50);
    for (store, median) in ["memory", "SQLite"].into_iter().zip(medians) {
        report.row(store, &[("list of 50, ms", median / 1e6)]);
    }
}

fn list<'c>(store: &impl SessionStore<Person>, runtime: &'c Runtime) -> Run<'c> {
    let (sessions, of_one) = (count(1_000, 10_000), 50);
    let login = Site::over(store, "bench", LIVE, 0, runtime).login;
    let others = (of_one..sessions).map(|number| 1 + number % (sessions / 2 - 1));
    let all = (0..of_one).map(|_| 0).chain(others);
    let all = all.map(|number| {
        Person::numbered(number)
            .session()
            .within(*login.namespace())
    });
    insert(store, all, runtime);
    let subject = Person::<0>::numbered(0).0;
    Box::new(move |operations| {
        turns::time(operations, || {
            let listed = runtime.block_on(login.sessions_of(&subject));
            assert_eq!(listed.expect("the store responds").len(), of_one);
        })
    })
}

/// Many logins at once, each of which is on the disk when it is acknowledged.
fn logins(report: &mut Report, folder: &Folder, runtime: &Runtime) {
    let (at_once, rounds) = (count(100, 1_000), count(1, 7));
    report.table(
        "store",
        &format!("{at_once} logins at once, all of them acknowledged when they are on the disk; medians of {rounds} rounds."),
    );
    let (sqlite, namespace) = (folder.sqlite("logins.db", |builder| builder), namespace());
    let store = sqlite.store::<Person>();
    let setup = Setup {
        syncs: true,
        tests_connections: false,
    };
    let peer_store = Arc::new(runtime.block_on(peer::store(&folder.file("peer-logins.db"), setup)));
    let log = folder.file("logins.db-wal");
    let [mut times, mut peer_times, mut all_commits] = [(); 3].map(|()| Vec::new());
    for round in 0..rounds {
        let (before, start) = (commits(&log), Instant::now());
        runtime.block_on(async {
            let mut logins = JoinSet::new();
            for number in 0..at_once {
                let person = Person::<0>::numbered(round * at_once + number);
                let (store, session) = (store.clone(), person.session().within(namespace));
                logins.spawn(async move { log_in(&store, session).await });
            }
            logins.join_all().await;
        });
        times.push(start.elapsed().as_secs_f64());
        all_commits.push((commits(&log) - before) as f64);

        let start = Instant::now();
        runtime.block_on(async {
            let mut logins = JoinSet::new();
            for number in 0..at_once {
                let store = Arc::clone(&peer_store);
                logins.spawn(async move { drop(peer::log_in(&store, number).await) });
            }
            logins.join_all().await;
        });
        peer_times.push(start.elapsed().as_secs_f64());
    }
    for (store, times, commits) in [
        ("tower-weika, SQLite", times, median(all_commits)),
        (PEER_UNTESTED, peer_times, at_once as f64),
    ] {
        let seconds = median(times);
        report.row(
            store,
            &[
                ("all, ms", seconds * 1e3),
                ("logins per second", at_once as f64 / seconds),
                ("commits", commits),
            ],
        );
    }
}

/// Counts the commits in a write-ahead log that has not been restarted; see "The WAL File Format".
fn commits(log: &Path) -> usize {
    let log = fs::read(log).expect("a file");
    let number = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().expect("4 bytes"));
    let page = usize::try_from(number(&log[8..12])).expect("a page size");
    let frames = log[32..].chunks_exact(24 + page);
    frames
        .take_while(|frame| frame[8..16] == log[16..24])
        .filter(|frame| number(&frame[4..8]) != 0)
        .count()
}

/// The file after many sessions have expired, until it is at most twice the live ones.
fn expired(report: &mut Report, folder: &Folder, runtime: &Runtime) {
    let (live, expired) = (count(5_000, 10_000), count(20_000, 1_000_000));
    let clock = ManualClock::new(Clock::system().now());
    let sqlite = folder.sqlite("expired.db", |builder| builder.clock(clock.clock()));
    let store = sqlite.store::<Person>();
    let (minute, now) = (Duration::from_secs(60), clock.clock().now());
    let sessions = |numbers: std::ops::Range<usize>, lifetime| {
        let timeouts = SessionTimeouts::new(lifetime, lifetime);
        numbers.map(move |number| {
            let id = SessionId::random().expect("randomness");
            Session::new(id, Person::<0>::numbered(number), timeouts, now).within(namespace())
        })
    };
    insert(&store, sessions(0..live, 600 * minute), runtime);
    let (file, copy) = (folder.file("expired.db"), folder.file("live.db"));
    runtime.block_on(vacuum_into(&file, &copy));
    let bytes = |path: &Path| fs::metadata(path).expect("a file").len();
    let both = || bytes(&file) + bytes(&file.with_extension("db-wal"));
    let least = bytes(&copy);
    let start = Instant::now();
    insert(&store, sessions(live..live + expired, minute), runtime);
    let (most, inserted) = (both(), start.elapsed());
    clock.advance(4 * minute);

    let start = Instant::now();
    while both() > 2 * least && start.elapsed() < 10 * minute {
        thread::sleep(Duration::from_millis(100));
    }
    let (took, remaining) = (start.elapsed(), both());
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    report.table(
        "sessions",
        "The file and its write-ahead log. Live: the live sessions alone, copied with `VACUUM INTO`. Remaining: after the \
         removal of the expired ones.",
    );
    report.row(
        &format!("{live} live, {expired} expired"),
        &[
            ("with all, MiB", mib(most)),
            ("live, MiB", mib(least)),
            ("remaining, MiB", mib(remaining)),
            ("remaining ÷ live", remaining as f64 / least as f64),
            ("removed after, s", took.as_secs_f64()),
            (
                "inserts per second",
                expired as f64 / inserted.as_secs_f64(),
            ),
        ],
    );
    assert!(remaining <= 2 * least, "{remaining} of {least} bytes");
}

async fn vacuum_into(file: &Path, copy: &Path) {
    let setup = Setup {
        syncs: false,
        tests_connections: false,
    };
    let pool = peer::pool(file, setup).await;
    let copied = sqlx::query("VACUUM INTO ?")
        .bind(copy.to_str().expect("text"))
        .execute(&pool)
        .await;
    copied.expect("a copy");
    pool.close().await;
}

fn namespace() -> Namespace {
    Namespace::new("bench", "test-application", "https://campus.example")
}
