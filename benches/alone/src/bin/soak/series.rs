//! Figures of each cycle.

use crate::sample::Sample;
use crate::site::Latency;

/// A name, and one figure for each cycle.
#[derive(Default)]
pub(crate) struct Series {
    pub(crate) figures: Vec<(&'static str, Vec<f64>)>,
}

/// Names that `table` limits.
pub(crate) const MEMORY: &str = "memory, MiB";
pub(crate) const DESCRIPTORS: &str = "file descriptors";
pub(crate) const TASKS: &str = "tasks";
pub(crate) const SESSIONS: &str = "sessions in the store";
pub(crate) const OTHERS: &str = "other keys in the store";
pub(crate) const SIZE: &str = "size of the store, MiB";

impl Series {
    /// Adds a cycle.
    pub(crate) fn push(&mut self, samples: &[Sample], latencies: &[Latency]) {
        let mut add = |name, figure| match self.figures.iter_mut().find(|(of, _)| *of == name) {
            Some((_, figures)) => figures.push(figure),
            None => self.figures.push((name, vec![figure])),
        };
        let of = |figure: fn(&Sample) -> f64| quantile(samples.iter().map(figure), 0.5);
        add(MEMORY, of(|it| it.mebibytes));
        add(DESCRIPTORS, of(|it| it.descriptors));
        add(TASKS, of(|it| it.tasks));
        add(SESSIONS, of(|it| it.keys.sessions));
        add(OTHERS, of(|it| it.keys.others));
        add(SIZE, of(|it| it.keys.mebibytes));
        let guarded = |part| quantile(latencies.iter().map(|it| it.guarded), part);
        let baseline = |part| quantile(latencies.iter().map(|it| it.baseline), part);
        add("request, p50, µs", guarded(0.5));
        add("request, p99, µs", guarded(0.99));
        add(
            "request ÷ page without a login, p50",
            guarded(0.5) / baseline(0.5),
        );
        add(
            "request ÷ page without a login, p99",
            guarded(0.99) / baseline(0.99),
        );
    }
}

/// Returns the figure below which this part of all figures is.
pub(crate) fn quantile(figures: impl Iterator<Item = f64>, part: f64) -> f64 {
    let mut sorted: Vec<f64> = figures.collect();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1) as f64;
    sorted
        .get((last * part).round() as usize)
        .copied()
        .unwrap_or(f64::NAN)
}
