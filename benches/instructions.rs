//! Instructions of one operation, counted by callgrind: they do not depend on what else the machine does.
//!
//! Runs itself under valgrind, once for every operation. With `--test`, fails if one needs more than it should.

#[path = "../tests/support/programs.rs"]
mod programs;
mod report;
mod stack;
#[expect(dead_code, reason = "the map of extensions stays")]
mod support;
mod token;

use std::env;
use std::path::Path;
use std::process::Command;
use std::thread;

use programs::find_or_install;
use report::{Section, is_smoke};
use support::{Candidate, Site};
use tower::{Layer, Service};
use tower_weika::clock::Clock;

const SESSIONS: usize = 1_000;

/// What a request needs over the bare application, which comes first.
/// To update: the figures of `cargo bench --bench instructions`, as they are; [`limit`] adds the margin.
const REQUESTS: [(&str, u64); 14] = [
    ("bare", 688),
    ("insert by hand", 434),
    ("authenticate, no cookie", 454),
    ("login, no cookie", 611),
    ("authenticate, foreign cookies", 658),
    ("login, foreign cookies", 815),
    // The table may be in the middle of growing, which costs those who find nothing: up to twice as much.
    ("authenticate, unknown session", 2_000),
    ("login, unknown session", 2_200),
    ("authenticate, live session", 1_616),
    ("login, live session", 1_810),
    ("2 layers, session of the innermost", 2_749),
    ("3 layers, session of the innermost", 3_811),
    ("3 layers, a session of each", 6_128),
    ("3 layers, foreign cookies", 2_739),
];

/// The same for what is no request to an application.
const OTHERS: [(&str, u64); 5] = [
    ("current()", 149),
    ("get()", 208),
    ("Service of the token", 210),
    ("begin of a login", 76_232),
    ("begin and callback of a login", 201_085),
];

/// The compiler's choice of what to inline moves every figure a little.
fn limit(expected: u64) -> u64 {
    expected + (expected / 10).max(120)
}

/// How often an operation is repeated.
fn times(operation: &str) -> u64 {
    let times = if operation.ends_with("login") { 200 } else { 2_000 };
    if is_smoke() { times / 10 } else { times }
}

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match &arguments[..] {
        [word, operation, times] if word == "repeat" => repeat(operation, times.parse().expect("a number")),
        _ => count_all(),
    }
}

fn count_all() {
    let [valgrind] = find_or_install([&["valgrind"]], &["valgrind"]);
    let names: Vec<_> = REQUESTS.iter().chain(&OTHERS).map(|(name, _)| *name).collect();
    let (one, other) = names.split_at(names.len() / 2);
    let count_each = |names: &[&str]| names.iter().map(|name| count(&valgrind, name)).collect::<Vec<_>>();
    let counts = thread::scope(|scope| {
        let other = scope.spawn(|| count_each(other));
        [count_each(one), other.join().expect("does not panic")].concat()
    });

    let mut section = Section::new("instructions", "Instructions");
    section.text(&format!(
        "Counted by callgrind; {SESSIONS} sessions, picked uniformly. What a request needs over the bare application \
         and the harness ({}); logins with the harness.",
        counts[0]
    ));
    let mut too_many = Vec::new();
    let rows = REQUESTS.iter().chain(&OTHERS).zip(&counts).enumerate().map(|(index, ((name, expected), count))| {
        let is_over_bare = (1..REQUESTS.len()).contains(&index);
        let count = if is_over_bare { count.saturating_sub(counts[0]) } else { *count };
        if count > limit(*expected) {
            too_many.push(format!("{name}: {count} instructions, where {expected} are expected"));
        }
        section.figure(name, count as f64);
        vec![(*name).to_owned(), count.to_string(), limit(*expected).to_string()]
    });
    let rows: Vec<_> = rows.collect();
    section.table(&["operation", "instructions", "limit of the tests"], &rows);
    section.finish();
    // Other processors have other instructions.
    let is_asserted = is_smoke() && cfg!(target_arch = "x86_64");
    assert!(!is_asserted || too_many.is_empty(), "{}", too_many.join("\n"));
}

/// The instructions of one operation, in a process of its own.
fn count(valgrind: &Path, operation: &str) -> u64 {
    let times = times(operation);
    let mut command = Command::new(valgrind);
    // Only what happens in `repeated` is counted.
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=instructions::repeated*"]);
    command.arg(env::current_exe().expect("this program")).args(["repeat", operation, &times.to_string()]);
    let output = command.output().expect("valgrind can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    let counted = said.lines().find_map(|line| line.split_once("Collected : ")?.1.parse::<u64>().ok());
    let counted = counted.filter(|counted| output.status.success() && *counted > 0);
    counted.unwrap_or_else(|| panic!("{operation}: {said}")) / times
}

/// Repeats one operation, to be counted.
fn repeat(name: &str, times: u64) {
    let mut operations = operations();
    let (_, operation) = operations.iter_mut().find(|operation| operation.0 == name).expect("an operation");
    // What is done for the first time only is not counted.
    operation();
    repeated(operation, times);
}

#[inline(never)]
fn repeated(operation: &mut Operation, times: u64) {
    for _ in 0..times {
        operation();
    }
}

type Operation = Box<dyn FnMut()>;

/// All of them, in every process, so that they are the same whichever is counted.
fn operations() -> Vec<(String, Operation)> {
    let site = Site::with_sessions(SESSIONS);
    let candidates = site.candidates().into_iter().chain(stack::candidates(SESSIONS).into_iter().skip(1));
    let mut all: Vec<_> = candidates.map(request).collect();

    let cache = token::warm(Clock::system());
    let (current, get, mut service) = (cache.clone(), cache.clone(), cache);
    all.push(operation("current()", move || token::current(&current)));
    all.push(operation("get()", move || token::get(&get)));
    all.push(operation("Service of the token", move || token::call(&mut service)));

    for is_whole in [false, true] {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut login = site.login.layer(support::Application::known_by(|_| true));
        let name = if is_whole { "begin and callback of a login" } else { "begin of a login" };
        all.push(operation(name, move || {
            runtime.block_on(async {
                let begun = login.call(support::begin()).await.expect("infallible");
                if is_whole {
                    let back = login.call(support::back(&begun)).await.expect("infallible");
                    assert!(back.status().is_redirection());
                }
            });
        }));
    }
    all
}

fn operation(name: &str, operation: impl FnMut() + 'static) -> (String, Operation) {
    (name.to_owned(), Box::new(operation))
}

fn request(mut candidate: Candidate) -> (String, Operation) {
    operation(&candidate.name.clone(), move || {
        let [value] = candidate.pick();
        candidate.send(&value);
    })
}
