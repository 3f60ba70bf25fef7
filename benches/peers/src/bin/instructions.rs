//! Instructions of one request, counted by callgrind: a run with many requests minus one with none.
//!
//! `instructions` makes the table; `instructions CANDIDATE TIMES` only repeats one request, to be counted.

#[path = "../contestant/mod.rs"]
mod contestant;
#[path = "../../../../tests/support/programs.rs"]
mod programs;
#[path = "../../../report/mod.rs"]
mod report;
#[path = "../../../support/mod.rs"]
#[expect(dead_code, reason = "the map of extensions is always there")]
mod support;
use std::env;
use std::path::Path;
use std::process::Command;
use std::thread;

use contestant::{Contestant, Setting};
use report::{Section, is_smoke};
use tokio::runtime;

const SESSIONS: usize = 1_000;
const TIMES: u64 = 2_000;
/// What the others are in proportion to.
const REFERENCES: [&str; 3] = ["limit", "tower-sessions", "axum-login"];

fn main() {
    let arguments: Vec<_> = env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let all = contestant::all();
    match &*arguments {
        [name, times] => {
            let contestant = all
                .iter()
                .find(|contestant| contestant.name == name)
                .expect("a candidate of this name");
            repeat(contestant, times.parse().expect("a number"));
        }
        _ if is_smoke() => all.iter().for_each(|contestant| repeat(contestant, 3)),
        _ => table(&all),
    }
}

fn repeat(contestant: &Contestant, times: u64) {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let nothing_counted = |work: &mut dyn FnMut()| {
        work();
        0
    };
    let setting = Setting {
        sessions: SESSIONS,
        runtime: &runtime,
        meter: nothing_counted,
    };
    let contender = contestant.build(&setting);
    let _inside = runtime.enter();
    let mut candidate = (contender.candidate)();
    for _ in 0..times {
        let [value] = candidate.pick();
        candidate.send(&value);
    }
}

fn table(all: &[Contestant]) {
    let [valgrind] = programs::find_programs([&["valgrind"]], &["valgrind"]);
    let all: Vec<_> = all
        .iter()
        .map(|contestant| (contestant.name, of_a_request(&valgrind, contestant.name)))
        .collect();
    let bare = all[0].1;
    let over_bare = |name| {
        all.iter()
            .find(|(other, _)| *other == name)
            .expect("a candidate")
            .1
            - bare
    };
    let mut section = Section::new("peer_instructions", "Instructions of a request");
    let rows = all.iter().map(|(name, instructions)| {
        let over = instructions - bare;
        section.figure(name, over);
        let ratios = REFERENCES.map(|reference| format!("{:.3}", over / over_bare(reference)));
        [
            vec![(*name).to_owned(), format!("{over:.0}")],
            ratios.into(),
        ]
        .concat()
    });
    let rows: Vec<_> = rows.collect();
    let [limit, tower_sessions, axum_login] = REFERENCES.map(|name| format!("÷ {name}"));
    section.text(&format!(
        "{SESSIONS} sessions, over the {bare:.0} of the bare application; the map of extensions is there."
    ));
    section.table(
        &[
            "candidate",
            "instructions",
            &limit,
            &tower_sessions,
            &axum_login,
        ],
        &rows,
    );
    section.finish();
}

fn of_a_request(valgrind: &Path, candidate: &str) -> f64 {
    let [none, many] = thread::scope(|scope| {
        let runs = [0, TIMES].map(|times| scope.spawn(move || count(valgrind, candidate, times)));
        runs.map(|run| run.join().expect("does not panic"))
    });
    (many - none) / TIMES as f64
}

/// The instructions of a whole run of this program.
fn count(valgrind: &Path, candidate: &str, times: u64) -> f64 {
    let program = env::current_exe().expect("this program");
    let mut command = Command::new(valgrind);
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    let run = command
        .arg(program)
        .args([candidate, &times.to_string()])
        .output()
        .expect("valgrind runs");
    let said = String::from_utf8_lossy(&run.stderr);
    let count = said
        .lines()
        .find_map(|line| line.split_once("Collected : ")?.1.parse().ok());
    count.unwrap_or_else(|| panic!("{candidate}: valgrind counted nothing: {said}"))
}
