//! A run: everything that follows from one seed.

use std::sync::Arc;

use tokio::runtime::{Builder, RngSeed};
use tokio::time::{Duration, Instant, sleep};
use tower_weika::simulation::{self, PlantedFault};

use crate::browser::Browser;
use crate::faults;
use crate::login::{Login, PUBLIC_URL};
use crate::random::Random;
use crate::scenario::Scenario;
use crate::site::Site;
use crate::tab::Tab;
use crate::world::World;

/// After the last fault: longer than every timeout and every pause of the crate.
const RECOVERY: Duration = Duration::from_secs(100);
/// Attempts of each browser to log in at the end.
const ATTEMPTS: usize = 5;

/// Result of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// Hash of the trace: two runs with one seed have the same.
    pub hash: u64,
    /// Number of steps in the trace.
    pub steps: u64,
    /// Number of logins that led to a session.
    pub logins: u64,
    /// Number of fetches of an access token.
    pub fetches: u64,
    /// Number of logouts of other devices that were acknowledged.
    pub logouts_of_devices: u64,
    /// Number of silent logins that failed.
    pub failed_silently: u64,
    /// The invariant that was violated, and the trace before it.
    pub violation: Option<Violation>,
}

/// An invariant that does not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// Time and invariant.
    pub invariant: String,
    /// The last lines of the trace.
    pub trace: String,
}

/// Runs the simulation with one seed, perhaps with a fault planted in the crate.
#[must_use]
pub fn run(seed: u64, planted: Option<PlantedFault>) -> Report {
    simulation::start(seed, planted);
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .rng_seed(RngSeed::from_bytes(&seed.to_le_bytes()))
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let random = Random::new(seed);
        let world = Arc::new(World::new(Scenario::new(&random), random));
        world.note(format_args!("{:?}", world.scenario));
        tokio::select! {
            biased;
            () = world.violated() => {}
            () = live(&world) => {}
        }
        report(seed, &world)
    })
}

fn report(seed: u64, world: &World) -> Report {
    let (trace, facts) = (world.trace.lock(), world.facts.lock());
    let violation = world.violation().map(|invariant| Violation {
        invariant,
        trace: trace.last_lines(),
    });
    Report {
        seed,
        hash: trace.hash(),
        steps: trace.count(),
        logins: facts.logins,
        fetches: facts.fetches,
        logouts_of_devices: facts.logouts_of_devices,
        failed_silently: facts.failed_silently,
        violation,
    }
}

async fn live(world: &Arc<World>) {
    let site = Site::start(world);
    let browsers: Vec<_> = (0..world.scenario.browsers)
        .map(|number| Browser::new(number, &site))
        .collect();
    let end = Instant::now() + world.scenario.length;
    let mut tabs = Vec::new();
    for browser in &browsers {
        for _ in 0..world.scenario.tabs {
            tabs.push(tokio::spawn(Tab::new(browser, &browsers).act(end)));
        }
    }
    faults::cause(Arc::clone(&site), end).await;
    for tab in tabs {
        tab.await.expect("a tab does not panic");
    }
    // The last faults end.
    sleep(Duration::from_secs(25)).await;
    world.calm_down();
    world.note(format_args!("all is calm"));
    sleep(RECOVERY).await;
    check_permits(&site);
    for browser in &browsers {
        for login in Login::ALL {
            check_login(browser, &browsers, login).await;
        }
    }
    check_permits(&site);
}

/// Without a login under way, every permit is back.
fn check_permits(site: &Site) {
    let (world, expected) = (&site.world, site.world.scenario.permits);
    for instance in site.instances() {
        for permits in &instance.permits {
            if permits.available() != expected {
                world.violate(format_args!(
                    "{} has {permits:?} while no login is under way",
                    instance.incarnation.number()
                ));
            }
        }
    }
}

/// After all faults, every browser logs in.
async fn check_login(browser: &Arc<Browser>, browsers: &[Arc<Browser>], login: Login) {
    let world = &browser.site.world;
    let target = format!("{PUBLIC_URL}{}/end", login.guarded());
    for _ in 0..ATTEMPTS {
        let reply = Tab::new(browser, browsers).navigate(&target).await;
        let users = reply.and_then(|reply| reply.users);
        if users.is_some_and(|users| users[login.index()].is_some()) {
            return;
        }
        // Longer than the marker cookie of a login that has just succeeded.
        sleep(Duration::from_secs(11)).await;
    }
    world.violate(format_args!(
        "browser {} cannot log in after all faults have ended",
        browser.number
    ));
}
