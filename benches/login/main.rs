//! What logging in costs: our own share of a login, callbacks that lead nowhere, strangers who never come back, and
//! many logins at once.
//!
//! `login site …` and `login upstream …` are the processes that the last part starts.

mod herd;
mod junk;
#[path = "../machine/mod.rs"]
mod machine;
#[path = "../report/mod.rs"]
mod report;
mod starts;
mod steps;
#[expect(dead_code, reason = "only its people and their provider")]
#[path = "../support/mod.rs"]
mod support;
#[path = "../turns/mod.rs"]
mod turns;
mod visitor;

use report::Section;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if herd::play(&arguments) {
        return;
    }
    let mut section = Section::new("login", "Logging in");
    // `cargo bench --bench login -- herd` measures that part alone.
    let only: Vec<_> = arguments
        .iter()
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let is_wanted = |part: &str| only.is_empty() || only.iter().any(|wanted| *wanted == part);
    if is_wanted("steps") {
        steps::measure(&mut section);
    }
    if is_wanted("junk") {
        junk::measure(&mut section);
    }
    if is_wanted("starts") {
        starts::measure(&mut section);
    }
    if is_wanted("herd") {
        herd::measure(&mut section);
    }
    section.finish();
}
