//! A long run: for each store, Redis and a SQLite file, two instances of a site with users who log
//! in and out, floods, and restarts of an instance and of Redis. Samples show whether these stay
//! flat: memory, file descriptors and tasks of the instance that is never restarted, keys and bytes of
//! the store, latencies.
//!
//!     benches/run.sh soak                 ten minutes
//!     benches/run.sh --minutes=60 soak    longer
//!
//! Starts `soak site …` in separate processes. Fails if a user sees the page of another one, if a
//! session is lost, if a response is an error although nothing was restarted, or if something grows.

mod cycle;
mod disturbances;
mod flood;
mod instance;
mod keys;
mod sample;
mod series;
mod site;
mod stores;
mod table;
mod user;

use std::process::ExitCode;
use std::rc::Rc;

use harness::{Report, background_runtime, runtime};
use tokio::task::LocalSet;
use tower_weika_sandbox::{Person, Sandbox};

use crate::cycle::Plan;
use crate::series::Series;
use crate::site::Site;
use crate::stores::Store;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|role| role == "site") {
        instance::serve(&arguments[1..]);
        return ExitCode::SUCCESS;
    }
    let plan = Plan::from_arguments(&arguments);
    // The upstream system has its own thread.
    let upstream = background_runtime();
    let people = (0..user::PEOPLE).map(user::person);
    let sandbox = people.fold(Sandbox::builder(), |sandbox, [id, user_id]| {
        sandbox.person(Person::new(id, user_id, "用户"))
    });
    let sandbox = upstream.block_on(sandbox.start()).expect("a sandbox");
    let sites = Store::all().map(|store| Rc::new(Site::start(store, &sandbox)));
    let mut all_series = sites.each_ref().map(|_| Series::default());
    // One thread, so that nothing of the load has to be `Send`.
    LocalSet::new().block_on(&runtime(), async {
        for (number, site) in sites.iter().enumerate() {
            for user in 0..user::USERS {
                let seed = (number * user::USERS + user) as u64;
                tokio::task::spawn_local(user::visit(Rc::clone(site), seed));
            }
        }
        for number in 0..plan.cycles {
            cycle::run(&plan, number, &sites, &mut all_series).await;
            println!("cycle {} of {}", number + 1, plan.cycles);
        }
    });
    let mut report = Report::new("soak", "A long run");
    let problems = table::write(&mut report, &plan, &sites, &all_series);
    report.finish();
    for problem in &problems {
        eprintln!("soak: {problem}");
    }
    if problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
