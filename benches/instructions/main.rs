//! Instructions of one operation, counted by callgrind: they do not depend on what else the machine does.
//!
//! Runs itself under valgrind, once for every operation, and compares the counts with those of `baseline.txt`. With
//! `--test`, fails if one of them has grown by more than the margin; with `--write-baseline`, writes that file.
//!
//! To add an operation: one line in `operations.rs`, and one in `baseline.txt` with its count as this program prints it.

mod baseline;
mod local_cache;
mod operations;
#[path = "../../tests/support/programs.rs"]
mod programs;
#[expect(dead_code, reason = "a benchmark only starts it")]
#[path = "../../tests/support/redis_server/mod.rs"]
mod redis_server;
#[path = "../report/mod.rs"]
mod report;
#[path = "../stack/mod.rs"]
mod stack;
#[expect(dead_code, reason = "the map of extensions stays")]
#[path = "../support/mod.rs"]
mod support;
#[path = "../token/mod.rs"]
mod token;
use std::env;
use std::path::Path;
use std::process::Command;
use std::thread;

use baseline::{BUDGET, Baseline, Verdict};
use operations::SESSIONS;
use programs::find_programs;
use redis_server::{Options, Redis as Server};
use report::{Section, is_smoke};

/// How often an operation is repeated. The same with `--test`, so that the counts are the same.
const TIMES: u64 = 2_000;
const LOGINS: u64 = 200;

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match &arguments[..] {
        [word, operation, times, redis] if word == "repeat" => {
            // The stack of a new thread begins at a page. Where that of the first one begins depends on the arguments and
            // the environment, and the alignment decides about some instructions.
            let repeated = || repeat(operation, times.parse().expect("a number"), redis);
            thread::scope(|scope| scope.spawn(repeated).join()).expect("does not panic");
        }
        _ => count_all(),
    }
}

fn count_all() {
    let [valgrind] = find_programs([&["valgrind"]], &["valgrind"]);
    // Keeps nothing on the disk.
    let server = Server::start_with(&Options {
        arguments: &["--appendonly", "no"],
        ..Options::default()
    });
    let operations = operations::all(&server.url());
    let names: Vec<_> = operations
        .iter()
        .map(|operation| operation.name.as_str())
        .collect();
    let (one, other) = names.split_at(names.len() / 2);
    let count_each = |names: &[&str]| {
        names
            .iter()
            .map(|name| count(&valgrind, name, &server.url()))
            .collect::<Vec<_>>()
    };
    let counts = thread::scope(|scope| {
        let other = scope.spawn(|| count_each(other));
        [count_each(one), other.join().expect("does not panic")].concat()
    });
    let bare = counts[0];
    let counts: Vec<_> = operations
        .iter()
        .zip(&counts)
        .map(|(operation, count)| {
            let count = if operation.is_over_bare {
                count.saturating_sub(bare)
            } else {
                *count
            };
            (operation.name.clone(), count)
        })
        .collect();
    if env::args().any(|argument| argument == "--write-baseline") {
        baseline::write(&counts);
    }
    compare(&counts, bare, &Baseline::read());
}

fn compare(counts: &[(String, u64)], bare: u64, baseline: &Baseline) {
    let mut section = Section::new("instructions", "Instructions");
    section.text(&format!(
        "Counted by callgrind; {SESSIONS} sessions, picked uniformly. What a request needs over the bare application \
         and the harness ({bare}); logins with the harness. The local cache has SHA-256 without the instructions that \
         processors have for it. Baseline: {}.",
        baseline.origin()
    ));
    let (mut rows, mut warnings, mut failures) = (Vec::new(), Vec::new(), Vec::new());
    for (name, count) in counts {
        section.figure(name, *count as f64);
        let cells = baseline.count(name).map_or_else(
            || ["–".to_owned(), "–".to_owned()],
            |expected| {
                [
                    expected.to_string(),
                    format!("{:+.1} %", baseline::change(*count, expected)),
                ]
            },
        );
        let compared = format!(
            "{name}: {count} instructions, baseline {}, {}",
            cells[0], cells[1]
        );
        rows.push([vec![name.clone(), count.to_string()], cells.into()].concat());
        match baseline.verdict(name, *count) {
            Verdict::Within => {}
            Verdict::OverBudget => warnings.push(compared),
            Verdict::OverLimit => failures.push(compared),
            Verdict::NotInBaseline => {
                failures.push(format!(
                    "not in baseline.txt; add this line:\n{}",
                    baseline::line(name, *count)
                ));
            }
        }
    }
    let is_counted = |name: &str| counts.iter().any(|(counted, _)| counted == name);
    failures.extend(
        baseline
            .names()
            .filter(|name| !is_counted(name))
            .map(|name| format!("{name}: not counted")),
    );
    section.table(&["operation", "instructions", "baseline", "change"], &rows);
    section.finish();

    if !baseline.is_of_this_toolchain() {
        eprintln!(
            "WARNING: the baseline is of another toolchain ({}): margins are wider.",
            baseline.origin()
        );
    }
    if !warnings.is_empty() {
        eprintln!(
            "WARNING: over the budget of the hot path (+{BUDGET} %):\n{}",
            warnings.join("\n")
        );
    }
    // Other processors have other instructions.
    let is_asserted = is_smoke() && cfg!(target_arch = "x86_64");
    assert!(
        !is_asserted || failures.is_empty(),
        "over the limit:\n{}",
        failures.join("\n")
    );
    if !failures.is_empty() {
        eprintln!("WARNING: `--test` would fail:\n{}", failures.join("\n"));
    }
}

/// The instructions of one operation, in a process of its own.
fn count(valgrind: &Path, operation: &str, redis: &str) -> u64 {
    let times = if operation.ends_with("login") {
        LOGINS
    } else {
        TIMES
    };
    let mut command = Command::new(valgrind);
    // Only what happens in `repeated` is counted, and only in the thread that runs it.
    command.args([
        "--tool=callgrind",
        "--callgrind-out-file=/dev/null",
        "--toggle-collect=instructions::repeated*",
    ]);
    command
        .arg(env::current_exe().expect("this program"))
        .args(["repeat", operation, &times.to_string(), redis]);
    let output = command.output().expect("valgrind can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    let counted = said
        .lines()
        .find_map(|line| line.split_once("Collected : ")?.1.parse::<u64>().ok());
    let counted = counted.filter(|counted| output.status.success() && *counted > 0);
    counted.unwrap_or_else(|| panic!("{operation}: {said}")) / times
}

/// Repeats one operation, to be counted.
fn repeat(name: &str, times: u64, redis: &str) {
    let mut operations = operations::all(redis);
    let index = operations
        .iter()
        .position(|operation| operation.name == name)
        .expect("an operation");
    let mut run = operations.swap_remove(index).make();
    // Work that is done the first time only is not counted.
    run();
    repeated(&mut run, times);
}

#[inline(never)]
fn repeated(run: &mut operations::Run, times: u64) {
    for _ in 0..times {
        run();
    }
}
