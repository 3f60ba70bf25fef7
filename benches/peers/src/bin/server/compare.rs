//! Servers in pairs, one after the other: A B A B.

use harness::turns::median;
use harness::{Report, is_smoke, program};

use crate::load::Load;
use crate::process::Server;

const KINDS: [&str; 5] = ["bare", "tower-weika", "tower-weika, local cache of Redis", "tower-sessions", "axum-login"];
/// The indexes of the kinds that are compared.
const PAIRS: [[usize; 2]; 6] = [[0, 1], [0, 2], [0, 3], [0, 4], [3, 1], [4, 1]];

pub(crate) fn compare() {
    let (wrk, _taskset) = (program("wrk", "wrk"), program("taskset", "util-linux"));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    assert!(cores >= 2, "the servers and the load each need a core of their own");
    let (users, rounds, seconds) = if is_smoke() { (200, 1, 1) } else { (10_000, 5, 4) };
    let servers = KINDS.map(|kind| Server::start(kind, users));
    if !is_smoke() {
        servers.iter().for_each(|server| drop(Load::put(&wrk, server, 1, 0)));
    }
    let mut pairs = PAIRS.map(|_| Vec::new());
    for round in 1..=rounds {
        for (indexes, loads) in PAIRS.iter().zip(&mut pairs) {
            // The same users in the same order for both.
            loads.push(indexes.map(|index| Load::put(&wrk, &servers[index], seconds, round)));
        }
    }

    let mut report = Report::new("server", "A whole server");
    report.table(
        "server",
        &format!(
            "axum on loopback with one core, {users} sessions, users picked uniformly by wrk on another core over 32 \
             connections; {rounds} pairs of {seconds} s each, medians. A user who is not recognized fails the run. Added: \
             processor time over that of the bare server."
        ),
    );
    let beside_bare = || PAIRS.iter().zip(&pairs).filter(|(pair, _)| pair[0] == 0);
    let bare = beside_bare().flat_map(|(_, loads)| loads.iter().map(|[bare, _]| [bare, bare]));
    row(&mut report, KINDS[0], &bare.collect());
    for ([_, kind], loads) in beside_bare() {
        row(&mut report, KINDS[*kind], &loads.iter().map(|[bare, it]| [bare, it]).collect());
    }
    report.table("directly", "The same, in turns with a peer.");
    for ([peer, kind], loads) in PAIRS.iter().zip(&pairs).filter(|(pair, _)| pair[0] != 0) {
        let of = |value: fn(&Load) -> f64| median(loads.iter().map(|[peer, it]| value(it) / value(peer)).collect());
        let figures = [("req/s", of(|load| load.rate)), ("p99", of(|load| load.p99))];
        report.row(&format!("{} ÷ {}", KINDS[*kind], KINDS[*peer]), &figures);
    }
    trust(&mut report, pairs.iter().flatten().flatten());
    report.finish();
}

/// The row of a server beside the bare one.
fn row(report: &mut Report, kind: &str, loads: &Vec<[&Load; 2]>) {
    let of = |value: fn(&[&Load; 2]) -> f64| median(loads.iter().map(value).collect());
    report.row(
        kind,
        &[
            ("req/s", of(|[_, it]| it.rate)),
            ("÷ bare", of(|[bare, it]| it.rate / bare.rate)),
            ("processor time, µs", of(|[_, it]| it.processor)),
            ("added, µs", of(|[bare, it]| it.processor - bare.processor)),
            ("p50, µs", of(|[_, it]| it.p50)),
            ("p99, µs", of(|[_, it]| it.p99)),
            ("p99 ÷ bare", of(|[bare, it]| it.p99 / bare.p99)),
            ("busy", of(|[_, it]| it.busy)),
        ],
    );
}

/// States what spoils the figures.
fn trust<'l>(report: &mut Report, loads: impl Iterator<Item = &'l Load> + Clone) {
    let idle = loads.clone().map(|load| 1.0 - load.busy).fold(0.0, f64::max) * 100.0;
    if idle > 10.0 {
        report.text(&format!("**The load was too small**: a server had nothing to do {idle:.0} % of the time."));
    }
    let disturbed = median(loads.map(|load| load.disturbed).collect()) * 100.0;
    if disturbed > 5.0 {
        report.text(&format!(
            "**The machine was busy**: the servers waited for their core {disturbed:.0} % of the time."
        ));
    }
}
