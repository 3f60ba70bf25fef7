//! The tables of the report, and what has grown.

use std::rc::Rc;

use harness::{Report, is_smoke};

use crate::cycle::Plan;
use crate::series::{DESCRIPTORS, MEMORY, OTHERS, SESSIONS, SIZE, Series, TASKS, quantile};
use crate::site::Site;

/// Writes the tables. Returns what must not have happened.
pub(crate) fn write(
    report: &mut Report,
    plan: &Plan,
    sites: &[Rc<Site>; 2],
    all_series: &[Series; 2],
) -> Vec<String> {
    let mut problems = Vec::new();
    report.table(
        "what happened",
        &format!(
            "{:.0} minutes; for each store two instances, {} users at any moment, in each minute a flood of 15 s \
             (unknown sessions, abandoned logins, forged states, invalid codes) and a restart of one instance, every \
             second minute a kill of Redis. A page of another user, a lost session, and an error that no restart \
             explains would be a problem.",
            plan.minutes(),
            crate::user::USERS
        ),
    );
    for site in sites {
        let counts = site.counts.borrow();
        let name = site.name;
        report.row(
            name,
            &[
                ("logins", counts.logins as f64),
                ("pages", counts.pages as f64),
                ("logouts", counts.logouts as f64),
                ("requests of floods", counts.flood as f64),
                ("restarts of an instance", counts.instance_restarts as f64),
                ("restarts of the store", counts.store_restarts as f64),
                ("connections broken by a restart", counts.broken as f64),
                ("503 during a restart of Redis", counts.unavailable as f64),
                (
                    "slowest logout, ms",
                    counts.slowest_logout.as_millis() as f64,
                ),
                ("problems", counts.problems as f64),
            ],
        );
        if counts.problems > 0 || counts.logins == 0 || counts.logouts == 0 {
            problems.push(format!(
                "{name}: {} problems, {} logins, {} logouts",
                counts.problems, counts.logins, counts.logouts
            ));
        }
    }
    for (site, series) in sites.iter().zip(all_series) {
        let name = site.name;
        report.table(
            name,
            &format!(
                "The instance over {name} that is never restarted: medians of the first and of the last quarter of the \
                 {} minutes after a warm-up of {}.",
                plan.cycles - plan.warm_up,
                plan.warm_up
            ),
        );
        for (figure, figures) in &series.figures {
            let (start, end) = ends(&figures[plan.warm_up..]);
            report.row(
                figure,
                &[
                    ("start", start),
                    ("end", end),
                    ("end ÷ start", end / start),
                    ("most", quantile(figures.iter().copied(), 1.0)),
                ],
            );
            let limit = limit(figure, start);
            let is_compared = !is_smoke() && (*figure != OTHERS || plan.is_longer_than_a_flow());
            if is_compared && limit.is_some_and(|limit| end > limit) {
                problems.push(format!("{name}: {figure} has grown from {start} to {end}"));
            }
        }
    }
    problems
}

/// Medians of the first and the last quarter.
fn ends(figures: &[f64]) -> (f64, f64) {
    let quarter = figures.len().div_ceil(4);
    let median = |part: &[f64]| quantile(part.iter().copied(), 0.5);
    (
        median(&figures[..quarter]),
        median(&figures[figures.len() - quarter..]),
    )
}

/// The most that a figure may be at the end. Latencies have none: they depend on what else the
/// machine does.
fn limit(figure: &str, start: f64) -> Option<f64> {
    match figure {
        MEMORY => Some(start * 1.1 + 2.0),
        DESCRIPTORS | TASKS => Some(start + 16.0),
        SESSIONS | OTHERS => Some(start * 1.25 + 100.0),
        SIZE => Some(start * 1.25 + 4.0),
        _ => None,
    }
}
