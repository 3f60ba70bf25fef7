//! The load repeats in cycles, so that one cycle can be compared with another.

use std::rc::Rc;
use std::time::Duration;

use harness::is_smoke;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::disturbances::{restart_instance, restart_store};
use crate::flood::flood;
use crate::sample::Sample;
use crate::series::Series;
use crate::site::Site;

/// Samples of the calm part of a cycle.
const SAMPLES: u32 = 8;

/// How long the run lasts.
pub(crate) struct Plan {
    cycle: Duration,
    pub(crate) cycles: usize,
    /// Cycles at the beginning whose figures are not compared, because caches and stores fill.
    pub(crate) warm_up: usize,
}

impl Plan {
    /// `--minutes=N`, at least six; ten without it.
    pub(crate) fn from_arguments(arguments: &[String]) -> Self {
        if is_smoke() {
            return Self {
                cycle: Duration::from_secs(5),
                cycles: 4,
                warm_up: 0,
            };
        }
        let minutes = arguments
            .iter()
            .find_map(|argument| argument.strip_prefix("--minutes="));
        let cycles = minutes.map_or(10, |minutes| minutes.parse().expect("a number of minutes"));
        assert!(
            cycles >= 6,
            "sessions live for two minutes: 6 minutes or more"
        );
        // Sessions stay for two minutes, flows and revocations for ten.
        let warm_up = (cycles * 2 / 5).clamp(3, 12);
        Self {
            cycle: Duration::from_secs(60),
            cycles,
            warm_up,
        }
    }

    pub(crate) fn minutes(&self) -> f64 {
        self.cycle.as_secs_f64() * self.cycles as f64 / 60.0
    }

    /// Whether flows and revocations have been through their whole life before the comparison.
    pub(crate) fn is_longer_than_a_flow(&self) -> bool {
        self.cycle * self.warm_up as u32 > Duration::from_secs(11 * 60)
    }
}

/// A flood, restarts, and a calm part.
pub(crate) async fn run(
    plan: &Plan,
    number: usize,
    sites: &[Rc<Site>; 2],
    all_series: &mut [Series; 2],
) {
    let start = Instant::now();
    let at = |percent: u32| start + plan.cycle * percent / 100;
    let mut floods = JoinSet::new();
    for site in sites {
        floods.spawn_local(flood(Rc::clone(site), at(25)));
    }
    floods.join_all().await;
    for (site, percent) in sites.iter().zip([30, 40]) {
        sleep_until(at(percent)).await;
        restart_instance(site, number.is_multiple_of(2)).await;
    }
    sleep_until(at(50)).await;
    if number % 2 == 1 {
        for site in sites {
            restart_store(site).await;
        }
    }
    sleep_until(at(60)).await;
    // Only what the calm part measures is compared.
    for site in sites {
        site.latencies.take();
    }
    let mut samples = [Vec::new(), Vec::new()];
    for _ in 0..SAMPLES {
        sleep(plan.cycle * 40 / 100 / (SAMPLES + 1)).await;
        for (site, samples) in sites.iter().zip(&mut samples) {
            samples.push(Sample::of(site).await);
        }
    }
    for ((site, series), samples) in sites.iter().zip(all_series).zip(samples) {
        series.push(&samples, &site.latencies.take());
    }
    sleep_until(at(100)).await;
}
