//! What the figures have to be.

use crate::figures::{Figures, OURS};

/// Where the bound is.
enum Bound {
    AtMost(f64),
    AtLeast(f64),
}
use Bound::{AtLeast, AtMost};

/// How figure and bound are written.
enum Form {
    /// As they are, with a unit.
    Plain(&'static str),
    /// `1/17`.
    Part,
    /// `1.25 ×`.
    Times,
}
use Form::{Part, Plain, Times};

struct Goal {
    words: &'static str,
    figure: Option<f64>,
    bound: Bound,
    form: Form,
}

impl Goal {
    fn row(&self) -> Vec<String> {
        let (sign, bound) = match self.bound {
            AtMost(bound) => ("≤", bound),
            AtLeast(bound) => ("≥", bound),
        };
        let is_reached = self.figure.map(|figure| match self.bound {
            AtMost(bound) => figure <= bound,
            AtLeast(bound) => figure >= bound,
        });
        let reached = is_reached.map_or(
            "not measured",
            |is_reached| if is_reached { "yes" } else { "**no**" },
        );
        vec![
            self.words.to_owned(),
            format!("{sign} {}", self.written(bound)),
            self.figure
                .map_or_else(|| "–".to_owned(), |figure| self.written(figure)),
            reached.to_owned(),
        ]
    }

    fn written(&self, value: f64) -> String {
        match self.form {
            Plain("") => number(value),
            Plain(unit) => format!("{} {unit}", number(value)),
            Part => format!("1/{}", number(1.0 / value)),
            Times => format!("{} ×", number(value)),
        }
    }
}

/// Three digits are known, at most.
pub(crate) fn number(value: f64) -> String {
    let text = match value.abs() {
        large if large >= 99.95 => return with_commas(value),
        medium if medium >= 9.995 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn with_commas(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.char_indices() {
        let left = digits.len() - index;
        if left % 3 == 0 && text.ends_with(|last: char| last.is_ascii_digit()) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// All goals, a row each.
pub(crate) fn rows(figures: &Figures) -> Vec<Vec<String>> {
    let groups = [
        request(figures),
        token(figures),
        server(figures),
        login(figures),
    ];
    groups.iter().flatten().map(Goal::row).collect()
}

fn goal(words: &'static str, figure: Option<f64>, bound: Bound, form: Form) -> Goal {
    Goal {
        words,
        figure,
        bound,
        form,
    }
}

fn request(figures: &Figures) -> Vec<Goal> {
    let of = |section: &str, name: &str, what: &str| format!("{section}/{name}{what}");
    let ours = |section: &str, what: &str, other: &str| {
        figures.ratio(&of(section, OURS, what), &of(section, other, what))
    };
    let allocations = |name| figures.get(&of("requests", name, "/allocations"));
    let over_insertion = allocations(OURS)
        .zip(allocations("insert by hand"))
        .map(|(ours, least)| ours - least);
    let stranger = |visitor: &str| figures.get(&format!("authenticate/login, {visitor}/hot"));
    vec![
        goal(
            "request: allocations beyond those of the insertion",
            over_insertion,
            AtMost(0.0),
            Plain(""),
        ),
        goal(
            "request: instructions ÷ tower-sessions",
            ours("peer_instructions", "", "tower-sessions"),
            AtMost(1.0 / 17.0),
            Part,
        ),
        goal(
            "request: instructions ÷ axum-login",
            ours("peer_instructions", "", "axum-login"),
            AtMost(1.0 / 20.0),
            Part,
        ),
        goal(
            "request, cold ÷ tower-sessions",
            ours("requests", "/cold", "tower-sessions"),
            AtMost(1.0 / 5.0),
            Part,
        ),
        goal(
            "request, cold ÷ limit",
            ours("requests", "/cold", "limit"),
            AtMost(1.25),
            Times,
        ),
        goal(
            "request, cold, 1,000,000 sessions ÷ tower-sessions",
            ours("growth", "/1000000", "tower-sessions"),
            AtMost(1.0 / 3.5),
            Part,
        ),
        goal(
            "session: memory beside the identity",
            figures.get("authenticate/heap"),
            AtMost(300.0),
            Plain("B"),
        ),
        goal(
            "request: two threads at once ÷ one",
            figures.get(&of("authenticate/workers", OURS, "")),
            AtMost(1.05),
            Times,
        ),
        goal(
            "request without a cookie: over the bare application",
            stranger("no cookie"),
            AtMost(60.0),
            Plain("ns"),
        ),
        goal(
            "request with foreign cookies: over the bare application",
            stranger("foreign cookies"),
            AtMost(60.0),
            Plain("ns"),
        ),
    ]
}

/// Our token among what it is compared with, the AWS cache, and the SDKs for WeChat.
const TOKEN: &str = "current()";
const AWS: &str = "AWS identity cache";
const SDKS: [&str; 2] = ["wechat-minapp", "wechat-mp-sdk"];
/// Our token among herds, and how long a fetch takes there, in microseconds.
const HERDED: &str = "tower-weika";
const FETCH: f64 = 50_000.0;

fn token(figures: &Figures) -> Vec<Goal> {
    let read = |name: &str, what: &str| figures.get(&format!("tokens/{name}/{what}"));
    let ratio = |what: &str, other: &str| Some(read(TOKEN, what)? / read(other, what)?);
    let sdk = SDKS
        .iter()
        .filter_map(|name| read(name, "1"))
        .reduce(f64::min);
    let herd = |what: &str| figures.get(&format!("herd/{HERDED}/{what}"));
    let fetches = herd("cold/fetches")
        .zip(herd("outage/fetches"))
        .map(|(cold, outage)| cold.max(outage));
    vec![
        goal(
            "token ÷ the AWS identity cache",
            ratio("1", AWS),
            AtMost(1.0 / 15.0),
            Part,
        ),
        goal(
            "token ÷ the fastest WeChat SDK",
            read(TOKEN, "1").zip(sdk).map(|(ours, sdk)| ours / sdk),
            AtMost(1.0 / 5.0),
            Part,
        ),
        goal(
            "token: allocations",
            read(TOKEN, "allocations"),
            AtMost(0.0),
            Plain(""),
        ),
        goal(
            "token: two threads at once ÷ one",
            figures.ratio("access_token/current()/2", "access_token/current()/1"),
            AtMost(1.1),
            Times,
        ),
        goal(
            "token, 10,000 apps ÷ the AWS identity cache",
            ratio("10000", AWS),
            AtMost(1.0 / 6.0),
            Part,
        ),
        goal(
            "token: as a `Service` ÷ directly",
            figures.ratio("access_token/Service/1", "access_token/current()/1"),
            AtMost(3.0),
            Times,
        ),
        goal(
            "token, 10,000 callers at once, cold or in an outage: fetches",
            fetches,
            AtMost(1.0),
            Plain(""),
        ),
        goal(
            "token, 10,000 callers at once: the slowest in 100 ÷ the fetch",
            herd("cold/p99_us").map(|slowest| slowest / FETCH),
            AtMost(1.2),
            Times,
        ),
        goal(
            "token, near its end: the slowest in 100 ÷ the AWS identity cache",
            figures.ratio(
                &format!("herd/{HERDED}/window/p99_us"),
                &format!("herd/{AWS}/window/p99_us"),
            ),
            AtMost(0.1),
            Part,
        ),
    ]
}

fn server(figures: &Figures) -> Vec<Goal> {
    let get = |key: &str| figures.get(&format!("server/{key}"));
    let cpu = get("ours/cpu_us")
        .zip(get("tower-sessions/cpu_us"))
        .map(|(ours, other)| ours / other);
    vec![
        goal(
            "server: requests a second ÷ tower-sessions",
            get("ours ÷ tower-sessions"),
            AtLeast(1.35),
            Times,
        ),
        goal(
            "server: requests a second ÷ axum-login",
            get("ours ÷ axum-login"),
            AtLeast(1.47),
            Times,
        ),
        goal(
            "server: requests a second ÷ no layer",
            get("ours/rps_ratio"),
            AtLeast(0.92),
            Times,
        ),
        goal(
            "server: added processor time ÷ tower-sessions",
            cpu,
            AtMost(1.0 / 6.0),
            Part,
        ),
        goal(
            "server: the slowest in 100 ÷ no layer",
            get("ours/p99_ratio"),
            AtMost(1.2),
            Times,
        ),
    ]
}

/// What a million of strangers may leave behind: less than a byte each.
const FLAT: f64 = 1_000_000.0;

fn login(figures: &Figures) -> Vec<Goal> {
    let get = |key: &str| figures.get(&format!("login/{key}"));
    let both = get("begin_us")
        .zip(get("callback_us"))
        .map(|(begin, callback)| begin + callback);
    let junk = figures
        .under("login/junk/")
        .map(|(_, rate)| rate)
        .reduce(f64::min);
    vec![
        goal(
            "login: processor time of begin and callback",
            both,
            AtMost(100.0),
            Plain("µs"),
        ),
        goal(
            "login, 1,000,000 begun: memory left",
            get("starts/1000000/heap_bytes"),
            AtMost(FLAT),
            Plain("B"),
        ),
        goal(
            "login: junk callbacks refused by one core, a second",
            junk,
            AtLeast(20_000.0),
            Plain(""),
        ),
        goal(
            "login, 10,000 at once: logged in",
            get("herd/logins"),
            AtLeast(10_000.0),
            Plain(""),
        ),
        goal(
            "login, 10,000 at once: token fetches",
            get("herd/token_fetches"),
            AtMost(1.0),
            Plain(""),
        ),
    ]
}
