//! Puts `docs/benchmarks.md` and `docs/benchmarks.svg` together from what the other benchmarks have kept in the directory
//! that `REPORT` names; see `run.sh`.
#![expect(clippy::print_stdout, reason = "the output of this program")]

mod figures;
mod goals;
mod plot;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, thread};

use figures::Figures;

/// The sections, in this order; others come last.
const SECTIONS: [&str; 12] = [
    "requests",
    "growth",
    "peer_instructions",
    "authenticate",
    "cookie",
    "instructions",
    "store",
    "tokens",
    "access_token",
    "herd",
    "server",
    "login",
];

/// The lists of exact versions. What one of them names was not measured with those of the next.
const LOCKS: [&str; 3] = [
    "benches/peers/Cargo.lock",
    "benches/server/Cargo.lock",
    "Cargo.lock",
];
/// What is compared, and what it stands on.
const CRATES: [&str; 22] = [
    "axum",
    "hyper",
    "tokio",
    "tower",
    "tower-sessions",
    "axum-login",
    "axum_session",
    "tower-cookies",
    "cookie",
    "moka",
    "quick_cache",
    "dashmap",
    "papaya",
    "scc",
    "arc-swap",
    "aws-smithy-runtime",
    "google-cloud-auth",
    "gcp_auth",
    "azure_identity",
    "wechat-minapp",
    "wechat-mp-sdk",
    "redis",
];

fn main() {
    let directory = env::var_os("REPORT").map(PathBuf::from);
    let figures = directory.as_deref().map(Figures::read).unwrap_or_default();
    let (report, plot) = (report(directory.as_deref(), &figures), plot::draw(&figures));
    if directory.is_none() || env::args().any(|argument| argument == "--test") {
        println!("Nothing is written: see benches/run.sh.");
        return;
    }
    fs::write("docs/benchmarks.md", report).expect("the report can be written");
    fs::write("docs/benchmarks.svg", plot).expect("the plot can be written");
    println!("Written: docs/benchmarks.md, docs/benchmarks.svg.");
}

fn report(directory: Option<&Path>, figures: &Figures) -> String {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let rows: String = goals::rows(figures)
        .into_iter()
        .map(|row| format!("| {} |\n", row.join(" | ")))
        .collect();
    let sections: Vec<_> = sections(directory);
    format!(
        "# Benchmarks\n\n\
         Written by `benches/run.sh`, which measures everything anew. Taken on {} with {} on {}, {}, {cores} cores.\n\n\
         ![What a request costs](benchmarks.svg)\n\n\
         ## How to read this\n\n\
         - Everything in one table was measured in one process, in turns and in random order; figures are medians. \
         The speed of a machine changes from minute to minute, so ratios of one run, allocations and instructions are \
         what counts.\n\
         - Costs of requests are over the bare application, which is the same for all. Everybody's answer is checked.\n\
         - Hot: nothing else happens between the requests. Cold: the caches are as other work leaves them, which is how \
         a server finds them.\n\
         - The *limit* does the least that a layer with sessions can do. *Insert* is the part of it that nobody can go \
         below: one `Arc` goes into the extensions.\n\
         - `cargo test --test allocations` and `benches/run.sh --test instructions` fail if a hot path gets heavier.\n\n\
         Versions: {}.\n\n\
         ## Goals\n\n\
         | goal | bound | figure | reached |\n|---|---|---|---|\n{rows}\n{}",
        said("date", &["+%Y-%m-%d"]),
        said("rustc", &["--version"]),
        processor(),
        system(),
        versions(),
        sections.join("\n"),
    )
}

fn sections(directory: Option<&Path>) -> Vec<String> {
    let files = directory
        .map(fs::read_dir)
        .into_iter()
        .flatten()
        .flatten()
        .flatten()
        .map(|file| file.path());
    let mut files: Vec<_> = files
        .filter(|file| file.extension().is_some_and(|ending| ending == "md"))
        .collect();
    files.sort_by_key(|file| {
        let place = SECTIONS
            .iter()
            .position(|name| file.file_stem().is_some_and(|stem| stem == *name));
        (place.unwrap_or(SECTIONS.len()), file.clone())
    });
    files
        .iter()
        .map(|file| fs::read_to_string(file).expect("a file of the report"))
        .collect()
}

fn processor() -> String {
    let about = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = about
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or_else(
        || "an unknown processor".to_owned(),
        |(_, name)| name.trim().to_owned(),
    )
}

fn system() -> String {
    let about = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = about
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.map_or_else(
        || said("uname", &["-s"]),
        |name| name.trim_matches('"').to_owned(),
    )
}

/// What a program of the system says.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map_or_else(
        |_| "?".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

fn versions() -> String {
    let locks: Vec<_> = LOCKS
        .iter()
        .filter_map(|lock| fs::read_to_string(lock).ok())
        .collect();
    let of = |name: &str| {
        let start = format!("name = \"{name}\"\nversion = \"");
        let in_lock = |lock: &String| {
            let versions: Vec<_> = lock
                .split(&start)
                .skip(1)
                .filter_map(|rest| rest.split('"').next())
                .collect();
            (!versions.is_empty()).then(|| format!("{name} {}", versions.join(" and ")))
        };
        locks.iter().find_map(in_lock)
    };
    CRATES
        .iter()
        .filter_map(|name| of(name))
        .collect::<Vec<_>>()
        .join(", ")
}
