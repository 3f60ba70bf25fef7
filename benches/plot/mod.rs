//! The plot: what a request costs beside others, and how that grows. It brings its own background, for light pages and
//! dark ones.

use std::fmt::Write;

use crate::figures::{Figures, OURS};
use crate::goals::number;

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 366.0;
/// The lower edge of what is drawn.
const BOTTOM: f64 = 318.0;

const INK: &str = "#1f2328";
const PALE_INK: &str = "#59636e";
const GRID: &str = "#e4e8ec";
const OUR_COLOR: &str = "#07a854";
const STORE_COLOR: &str = "#8fd6b0";
const FLOOR_COLOR: &str = "#b6bec8";
const PEER_COLOR: &str = "#d98a5b";

/// Somebody who is drawn: the name in the figures, the one for readers, and the color.
type Series = (&'static str, &'static str, &'static str);

const BARS: [Series; 8] = [
    ("insert by hand", "floor: insert", FLOOR_COLOR),
    ("limit", "floor: limit", FLOOR_COLOR),
    (OURS, "tower-weika", OUR_COLOR),
    ("store: quick_cache", "ours on quick_cache", STORE_COLOR),
    ("store: moka", "ours on moka", STORE_COLOR),
    ("tower-sessions", "tower-sessions", PEER_COLOR),
    ("axum-login", "axum-login", PEER_COLOR),
    ("axum_session", "axum_session", PEER_COLOR),
];

const LINES: [Series; 6] = [
    ("limit", "floor: limit", FLOOR_COLOR),
    (OURS, "tower-weika", OUR_COLOR),
    ("store: quick_cache", "ours on quick_cache", STORE_COLOR),
    ("store: moka", "ours on moka", STORE_COLOR),
    ("tower-sessions", "tower-sessions", PEER_COLOR),
    ("axum-login", "axum-login", PEER_COLOR),
];

/// The number of sessions goes up to this.
const MOST: &str = "1000000";

pub(crate) fn draw(figures: &Figures) -> String {
    let mut svg = Svg::new();
    costs(&mut svg, figures);
    growth(&mut svg, figures);
    svg.finish()
}

/// The left panel.
fn costs(svg: &mut Svg, figures: &Figures) {
    const LEFT: f64 = 148.0;
    const RIGHT: f64 = 348.0;

    let cold = |name: &str| figures.get(&format!("requests/{name}/cold"));
    let title = finding("A logged-in request:", cold(OURS), cold("tower-sessions"));
    svg.title(
        24.0,
        &title.unwrap_or_else(|| "A logged-in request".to_owned()),
    );
    svg.text(
        24.0,
        58.0,
        PALE_INK,
        "ns over the bare application, cold caches",
    );

    let bars: Vec<_> = BARS
        .iter()
        .filter_map(|series| Some((series, cold(series.0)?)))
        .collect();
    let most = bars.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    if bars.is_empty() {
        return svg.text(24.0, 96.0, PALE_INK, "not measured");
    }
    let step = (BOTTOM - 84.0) / precise(BARS.len());
    for (index, ((name, label, color), value)) in bars.into_iter().enumerate() {
        let top = 84.0 + step * precise(index);
        let length = ((RIGHT - LEFT) * value / most).max(1.0);
        let middle = top + step / 2.0 + 1.5;
        svg.rect((LEFT, top + 4.0), (length, step - 9.0), color);
        svg.label(
            (LEFT - 8.0, middle),
            "end",
            if *name == OURS { "600" } else { "400" },
            INK,
            label,
        );
        svg.label(
            (LEFT + length + 6.0, middle),
            "start",
            "400",
            PALE_INK,
            &number(value.round()),
        );
    }
}

/// The right panel.
fn growth(svg: &mut Svg, figures: &Figures) {
    const LEFT: f64 = 456.0;
    const RIGHT: f64 = 660.0;
    const TOP: f64 = 92.0;

    let at_most = |name: &str| figures.get(&format!("growth/{name}/{MOST}"));
    let title = finding(
        "At a million sessions:",
        at_most(OURS),
        at_most("tower-sessions"),
    );
    svg.title(
        LEFT - 32.0,
        &title.unwrap_or_else(|| "More sessions".to_owned()),
    );
    svg.text(
        LEFT - 32.0,
        58.0,
        PALE_INK,
        "ns over the bare application, cold caches",
    );

    let lines = LINES.iter().filter_map(|series| {
        let prefix = format!("growth/{}/", series.0);
        let points = figures
            .under(&prefix)
            .filter_map(|(sessions, cost)| Some((sessions.parse::<f64>().ok()?, cost)));
        let mut points: Vec<_> = points.collect();
        points.sort_by(|one, other| one.0.total_cmp(&other.0));
        let last = points.last()?.1;
        Some((series, points, last))
    });
    let mut lines: Vec<_> = lines.collect();
    let all = || lines.iter().flat_map(|(_, points, _)| points.iter());
    let most = all().map(|(_, cost)| *cost).fold(0.0, f64::max);
    let [fewest, most_sessions] = [
        all().map(|point| point.0).fold(f64::MAX, f64::min),
        all().map(|point| point.0).fold(0.0, f64::max),
    ];
    if lines.is_empty() || fewest >= most_sessions {
        return svg.text(LEFT - 32.0, 96.0, PALE_INK, "not measured");
    }

    let x = |sessions: f64| {
        LEFT + (RIGHT - LEFT) * (sessions / fewest).ln() / (most_sessions / fewest).ln()
    };
    let tick = tick(most);
    let highest = tick * (most / tick).ceil();
    let y = |cost: f64| BOTTOM - (BOTTOM - TOP) * cost / highest;
    for index in 0..=5 {
        let cost = tick * f64::from(index);
        if cost <= highest {
            svg.line((LEFT, y(cost)), (RIGHT, y(cost)), GRID);
            svg.label((LEFT - 8.0, y(cost)), "end", "400", PALE_INK, &number(cost));
        }
    }
    let mut sessions = fewest;
    while sessions <= most_sessions * 1.01 {
        let text = match sessions {
            thousands if thousands < 1e6 => format!("{}k", number(thousands / 1e3)),
            millions => format!("{}M", number(millions / 1e6)),
        };
        svg.label(
            (x(sessions), BOTTOM + 16.0),
            "middle",
            "400",
            PALE_INK,
            &text,
        );
        sessions *= 10.0;
    }
    svg.label(
        (f64::midpoint(LEFT, RIGHT), BOTTOM + 34.0),
        "middle",
        "400",
        PALE_INK,
        "sessions",
    );

    // From below: every label is at the end of its line, or as far above it as those below need.
    lines.sort_by(|one, other| one.2.total_cmp(&other.2));
    let mut free = f64::MAX;
    for ((name, label, color), points, last) in lines {
        let is_ours = *name == OURS;
        let points: Vec<_> = points
            .iter()
            .map(|(sessions, cost)| (x(*sessions), y(*cost)))
            .collect();
        svg.polyline(&points, if is_ours { 3.0 } else { 2.0 }, color);
        let place = y(last).min(free);
        free = place - 15.0;
        svg.label(
            (RIGHT + 10.0, place),
            "start",
            if is_ours { "600" } else { "400" },
            INK,
            label,
        );
    }
}

/// What is found, if it is.
fn finding(what: &str, ours: Option<f64>, theirs: Option<f64>) -> Option<String> {
    let times = theirs? / ours?;
    (times > 1.0).then(|| {
        format!(
            "{what} {} × less than tower-sessions",
            number((times * 10.0).round() / 10.0)
        )
    })
}

/// A round distance with which there are three to five lines.
fn tick(most: f64) -> f64 {
    let unit = 10_f64.powf(most.log10().floor());
    let tick = [0.25, 0.5, 1.0, 2.0]
        .into_iter()
        .map(|part| unit * part)
        .find(|tick| most / tick <= 5.0);
    tick.unwrap_or(unit * 2.0)
}

fn precise(count: usize) -> f64 {
    u32::try_from(count).expect("small").into()
}

type Point = (f64, f64);

struct Svg(String);

impl Svg {
    fn new() -> Self {
        let mut svg = Self(String::new());
        svg.put(format_args!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" font-family="-apple-system, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif" font-size="12">"#
        ));
        svg.put(format_args!(
            "<title>What a logged-in request costs, and how the cost grows with the sessions</title>"
        ));
        svg.put(format_args!(
            r##"<rect x="0.5" y="0.5" width="{}" height="{}" rx="10" fill="#ffffff" stroke="#d1d9e0"/>"##,
            WIDTH - 1.0,
            HEIGHT - 1.0
        ));
        svg
    }

    fn put(&mut self, element: std::fmt::Arguments<'_>) {
        writeln!(self.0, "{element}").expect("a string takes everything");
    }

    fn title(&mut self, x: f64, text: &str) {
        self.put(format_args!(
            r#"<text x="{x}" y="38" font-size="13" font-weight="600" fill="{INK}">{text}</text>"#
        ));
    }

    fn text(&mut self, x: f64, y: f64, color: &str, text: &str) {
        self.put(format_args!(
            r#"<text x="{x}" y="{y}" fill="{color}">{text}</text>"#
        ));
    }

    /// A text whose middle line is at a height.
    fn label(&mut self, (x, y): Point, anchor: &str, weight: &str, color: &str, text: &str) {
        let base = y + 4.0;
        self.put(format_args!(
            r#"<text x="{x:.1}" y="{base:.1}" text-anchor="{anchor}" font-weight="{weight}" fill="{color}">{text}</text>"#
        ));
    }

    fn rect(&mut self, (x, y): Point, (width, height): Point, color: &str) {
        self.put(format_args!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="2" fill="{color}"/>"#
        ));
    }

    fn line(&mut self, from: Point, to: Point, color: &str) {
        self.put(format_args!(
            r#"<line x1="{:.1}" y1="{:.1}" x2="{:.1}" y2="{:.1}" stroke="{color}"/>"#,
            from.0, from.1, to.0, to.1
        ));
    }

    fn polyline(&mut self, points: &[Point], width: f64, color: &str) {
        let path: Vec<_> = points
            .iter()
            .map(|(x, y)| format!("{x:.1},{y:.1}"))
            .collect();
        self.put(format_args!(
            r#"<polyline points="{}" fill="none" stroke="{color}" stroke-width="{width}" stroke-linejoin="round" stroke-linecap="round"/>"#,
            path.join(" ")
        ));
        for (x, y) in points {
            self.put(format_args!(
                r#"<circle cx="{x:.1}" cy="{y:.1}" r="{width}" fill="{color}"/>"#
            ));
        }
    }

    fn finish(mut self) -> String {
        self.0 += "</svg>\n";
        self.0
    }
}
