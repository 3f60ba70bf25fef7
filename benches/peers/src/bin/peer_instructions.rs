//! The candidates whose instructions `instructions.py` counts.

use harness::compare::unmetered;
use harness::{callgrind, runtime};
use peers::candidates::{ALL, Setting, build};

fn main() {
    callgrind::main(&ALL.map(|(name, _)| ("request", name)), |name| {
        // Candidates may start background tasks, so the thread stays inside a runtime.
        let runtime = Box::leak(Box::new(runtime()));
        std::mem::forget(runtime.enter());
        Box::new(
            build(
                name,
                Setting {
                    sessions: 1_000,
                    meter: unmetered,
                },
            )
            .client()
            .into_sender(),
        )
    });
}
