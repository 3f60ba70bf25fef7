//! A whole server: axum on loopback with one core of its own, with and without a login.
//!
//! Without arguments (or with `--test`, once and in seconds) it compares all kinds of servers; `serve …` is one of
//! them. The load comes from `wrk`, on another core.

mod compare;
mod load;
#[path = "../../../tests/support/programs.rs"]
mod programs;
#[expect(dead_code, reason = "a benchmark only starts it")]
#[path = "../../../tests/support/redis_server/mod.rs"]
mod redis_server;
#[path = "../../report/mod.rs"]
mod report;
mod serve;
mod served;
#[expect(dead_code, reason = "only its sites and their visitors")]
#[path = "../../support/mod.rs"]
mod support;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [role, kind, visitors, file] if role == "serve" => {
            serve::serve(kind, visitors.parse().expect("a number"), file.as_ref());
        }
        _ => compare::compare(),
    }
}
