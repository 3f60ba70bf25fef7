//! Servers in pairs, one after the other: A B A B.

use crate::load::Load;
use crate::programs::find_programs;
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
    let [wrk, _taskset] = find_programs([&["wrk"], &["taskset"]], &["wrk", "util-linux"]);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    assert!(
        cores >= 2,
        "the servers and the load each need a core of their own"
    );
    let extent = if is_smoke() {
        Extent {
            visitors: 200,
            pairs: &PAIRS[..4],
            rounds: 1,
            seconds: 1,
        }
    } else {
        Extent {
            visitors: 10_000,
            pairs: &PAIRS,
            rounds: 5,
            seconds: 4,
        }
    };
    let servers = KINDS.map(|kind| Served::start(kind, extent.visitors));
    let load = |kind, seconds, seed| {
        let server = servers
            .iter()
            .find(|server| server.kind == kind)
            .expect("one of the kinds");
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

/// All rounds of one pair.
type Rounds = Vec<[Load; 2]>;

fn report(extent: &Extent, measured: &[Rounds]) {
    let mut section = Section::new("server", "A whole server");
    section.text(&format!(
        "axum on loopback with one core, {} sessions, visitors picked uniformly by wrk on another core over 32 \
         connections; {} pairs of {} s each, medians. Everybody is who they are, or the run fails.",
        extent.visitors, extent.rounds, extent.seconds,
    ));
    let (beside_bare, direct): (Vec<_>, Vec<_>) = extent
        .pairs
        .iter()
        .zip(measured)
        .partition(|([first, _], _)| *first == "bare");
    table(&mut section, &beside_bare);
    if !direct.is_empty() {
        let rows: Vec<_> = direct
            .iter()
            .map(|(pair, rounds)| ratios(&mut section, **pair, rounds))
            .collect();
        section.table(&["directly", "req/s", "p99"], &rows);
    }
    trust(&mut section, measured);
    section.finish();
}

/// Every server beside the bare one.
fn table(section: &mut Section, beside_bare: &[(&[&str; 2], &Rounds)]) {
    let bare = |value: fn(&Load) -> f64| {
        let all = beside_bare.iter().flat_map(|(_, rounds)| rounds.iter());
        median(all.map(|[bare, _]| value(bare)))
    };
    let mut rows = vec![row(
        section,
        "bare",
        [
            ("rps", bare(|bare| bare.rate)),
            ("cpu_us", bare(|bare| bare.processor)),
            ("p50_us", bare(|bare| bare.p50)),
            ("p99_us", bare(|bare| bare.p99)),
            ("p99_ratio", 1.0),
            ("busy", bare(|bare| bare.busy)),
        ],
    )];
    for ([_, kind], rounds) in beside_bare {
        let of = |value: fn(&[Load; 2]) -> f64| median(rounds.iter().map(value));
        rows.push(row(
            section,
            kind,
            [
                ("rps_ratio", of(|[bare, it]| it.rate / bare.rate)),
                ("cpu_us", of(|[bare, it]| it.processor - bare.processor)),
                ("p50_us", of(|[_, it]| it.p50)),
                ("p99_us", of(|[_, it]| it.p99)),
                ("p99_ratio", of(|[bare, it]| it.p99 / bare.p99)),
                ("busy", of(|[_, it]| it.busy)),
            ],
        ));
    }
    let header = [
        "server",
        "req/s ÷ bare",
        "added processor time, µs",
        "p50, µs",
        "p99, µs",
        "p99 ÷ bare",
        "busy",
    ];
    section.table(&header, &rows);
    section.text("Bare: its requests a second, and the processor time of a whole request.");
}

/// A row of the table; its values are figures as well.
fn row(section: &mut Section, kind: &str, values: [(&str, f64); 6]) -> Vec<String> {
    for (key, value) in values {
        section.figure(&format!("{kind}/{key}"), value);
    }
    let [rate, processor, p50, p99, p99_ratio, busy] = values.map(|(_, value)| value);
    let rate = if rate > 100.0 {
        format!("({rate:.0})")
    } else {
        format!("{rate:.3}")
    };
    let rest = [
        format!("{processor:.2}"),
        format!("{p50:.0}"),
        format!("{p99:.0}"),
    ];
    let ratios = [p99_ratio, busy].map(|ratio| format!("{ratio:.2}"));
    [vec![kind.to_owned(), rate], rest.into(), ratios.into()].concat()
}

/// Two servers beside one another.
fn ratios(section: &mut Section, [peer, kind]: [&str; 2], rounds: &Rounds) -> Vec<String> {
    let rate = median(rounds.iter().map(|[peer, it]| it.rate / peer.rate));
    let latency = median(rounds.iter().map(|[peer, it]| it.p99 / peer.p99));
    section.figure(&format!("{kind} ÷ {peer}"), rate);
    section.figure(&format!("{kind} ÷ {peer}, p99"), latency);
    vec![
        format!("{kind} ÷ {peer}"),
        format!("{rate:.2}"),
        format!("{latency:.2}"),
    ]
}

/// Says what spoils the figures.
fn trust(section: &mut Section, measured: &[Rounds]) {
    let loads = || measured.iter().flatten().flatten();
    let busy = loads().map(|load| load.busy).fold(1.0, f64::min);
    if busy < 0.9 {
        let idle = (1.0 - busy) * 100.0;
        section.text(&format!(
            "**The load was too small**: a server had nothing to do {idle:.0} % of the time."
        ));
    }
    let disturbed = median(loads().map(|load| load.disturbed));
    if disturbed > 0.05 {
        let waited = disturbed * 100.0;
        section.text(&format!(
            "**The machine was busy**: the servers waited for their core {waited:.0} % of the time."
        ));
    }
    section.figure("least_busy", busy);
    section.figure("disturbed", disturbed);
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
