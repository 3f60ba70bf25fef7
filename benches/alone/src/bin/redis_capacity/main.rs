//! Costs of sessions at a Redis server: memory for each session, and round trips, commands and
//! processor time for each operation. None of these depends on what else the machine does.

mod costs;
mod memory;
mod server;
mod user;

use harness::{Report, background_runtime};

fn main() {
    let runtime = background_runtime();
    let mut report = Report::new("redis_capacity", "Sessions at a Redis server");
    runtime.block_on(async {
        memory::table(&mut report).await;
        costs::table(&mut report).await;
    });
    report.finish();
}
