//! Servers in pairs, one after the other: A B A B.

use crate::load::Load;
use crate::programs::find_or_install;
use crate::report::{Section, is_smoke};
use crate::served::Served;

const KINDS: [&str; 5] = ["bare", "ours", "ours-near", "tower-sessions", "axum-login"];
/// Each with what it is compared with.
const PAIRS: [[&str; 2]; 6] = [
    ["bare", "ours"],
    ["bare", "ours-near"],
    ["bare", "tower-sessions"],
    ["bare", "axum-login"],
    ["tower-sessions", "ours"],
    ["axum-login", "ours"],
];

/// How much is done.
struct Extent {
    visitors: usize,
    pairs: &'static [[&'static str; 2]],
    rounds: u64,
    seconds: u64,
}

pub(crate) fn compare() {
    let [wrk, _taskset] = find_or_install([&["wrk"], &["taskset"]], &["wrk", "util-linux"]);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    assert!(cores >= 2, "the servers and the load each need a core of their own");
    let extent = if is_smoke() {
        Extent { visitors: 200, pairs: &PAIRS[..4], rounds: 1, seconds: 1 }
    } else {
        Extent { visitors: 10_000, pairs: &PAIRS, rounds: 5, seconds: 4 }
    };
    let servers = KINDS.map(|kind| Served::start(kind, extent.visitors));
    let load = |kind, seconds, seed| {
        let server = servers.iter().find(|server| server.kind == kind).expect("one of the kinds");
        Load::put(&wrk, server, seconds, seed)
    };
    if !is_smoke() {
        for kind in KINDS {
            load(kind, 1, 0);
        }
    }
    let mut measured: Vec<_> = extent.pairs.iter().map(|_| Vec::new()).collect();
    for round in 1..=extent.rounds {
        for (pair, measured) in extent.pairs.iter().zip(&mut measured) {
            // The same visitors in the same order for both.
            measured.push(pair.map(|kind| load(kind, extent.seconds, round)));
        }
    }
    drop(servers);
    report(&extent, &measured);
}

fn report(extent: &Extent, measured: &[Vec<[Load; 2]>]) {
    let mut section = Section::new("server", "A whole server");
    section.text(&format!(
        "axum on loopback, {} sessions, visitors picked uniformly by wrk on another core over 32 connections; \
         {} pairs of {} s each, medians. Everybody is who they are, or the run fails.",
        extent.visitors, extent.rounds, extent.seconds,
    ));
    let bare: Vec<_> = measured.iter().zip(extent.pairs).filter(|(_, pair)| pair[0] == "bare").collect();
    let of_bare =
        |value: fn(&Load) -> f64| median(bare.iter().flat_map(|(rounds, _)| *rounds).map(|[bare, _]| value(bare)));
    section.figure("bare/rps", of_bare(|bare| bare.rate));
    section.figure("bare/cpu_us", of_bare(|bare| bare.processor));
    section.figure("bare/p50_us", of_bare(|bare| bare.p50));
    section.figure("bare/p99_us", of_bare(|bare| bare.p99));
    section.figure("bare/busy", of_bare(|bare| bare.busy));
    let mut rows = vec![vec![
        "bare".to_owned(),
        "1".to_owned(),
        format!("({:.2})", of_bare(|bare| bare.processor)),
        format!("{:.0}", of_bare(|bare| bare.p50)),
        format!("{:.0}", of_bare(|bare| bare.p99)),
        "1".to_owned(),
        format!("{:.2}", of_bare(|bare| bare.busy)),
    ]];
    for (rounds, [_, kind]) in &bare {
        let of = |value: fn(&[Load; 2]) -> f64| median(rounds.iter().map(value));
        let row = [
            ("rps_ratio", of(|[bare, it]| it.rate / bare.rate)),
            ("cpu_us", of(|[bare, it]| it.processor - bare.processor)),
            ("p50_us", of(|[_, it]| it.p50)),
            ("p99_us", of(|[_, it]| it.p99)),
            ("p99_ratio", of(|[bare, it]| it.p99 / bare.p99)),
            ("busy", of(|[_, it]| it.busy)),
        ];
        for (key, value) in row {
            section.figure(&format!("{kind}/{key}"), value);
        }
        let [rate, processor, p50, p99, p99_ratio, busy] = row.map(|(_, value)| value);
        rows.push(vec![
            (*kind).to_owned(),
            format!("{rate:.3}"),
            format!("{processor:.2}"),
            format!("{p50:.0}"),
            format!("{p99:.0}"),
            format!("{p99_ratio:.2}"),
            format!("{busy:.2}"),
        ]);
    }
    section.table(
        &["server", "req/s ÷ bare", "added processor time, µs", "p50, µs", "p99, µs", "p99 ÷ bare", "core busy"],
        &rows,
    );
    section.text(&format!(
        "Bare: {:.0} requests a second; its processor time in parentheses is that of a whole request.",
        of_bare(|bare| bare.rate),
    ));
    let direct: Vec<_> = measured.iter().zip(extent.pairs).filter(|(_, [peer, _])| *peer != "bare").collect();
    let rows = direct.into_iter().map(|(rounds, [peer, it])| {
        let rate = median(rounds.iter().map(|[peer, it]| it.rate / peer.rate));
        let latency = median(rounds.iter().map(|[peer, it]| it.p99 / peer.p99));
        section.figure(&format!("{it} ÷ {peer}"), rate);
        section.figure(&format!("{it} ÷ {peer}, p99"), latency);
        vec![format!("{it} ÷ {peer}"), format!("{rate:.2}"), format!("{latency:.2}")]
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        section.table(&["pair", "req/s", "p99"], &rows);
    }
    let busy = measured.iter().flatten().flatten().map(|load| load.busy).fold(1.0, f64::min);
    if busy < 0.9 {
        section.text(&format!("**Do not trust this run**: a server used only {:.0} % of its core.", busy * 100.0));
    }
    section.figure("least_busy", busy);
    section.finish();
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
