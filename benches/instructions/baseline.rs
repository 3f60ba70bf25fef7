//! The counts that later ones are compared with: `baseline.txt`, a name and a count in each line.

use std::fmt::Write;
use std::fs;
use std::process::Command;

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/benches/instructions/baseline.txt"
);

/// The operations whose growth has a budget: [`BUDGET`] over all changes together.
const HOT_PATH: [&str; 8] = [
    "authenticate, no cookie",
    "login, no cookie",
    "authenticate, foreign cookies",
    "login, foreign cookies",
    "authenticate, live session",
    "login, live session",
    "live session through a guard",
    "live session from the local cache",
];

/// In per cent. More than this on the hot path is reported, even where it does not fail.
pub(crate) const BUDGET: f64 = 2.0;

/// Counts, and how they were taken.
pub(crate) struct Baseline {
    commit: String,
    toolchain: String,
    counts: Vec<(String, u64)>,
}

/// The result of comparing a count with the baseline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    Within,
    /// More than the budget of the hot path.
    OverBudget,
    /// More than any change of inlining explains.
    OverLimit,
    /// The baseline has no such operation.
    NotInBaseline,
}

impl Baseline {
    pub(crate) fn read() -> Self {
        let text = fs::read_to_string(FILE).expect("a file with the baseline");
        let about = |key: &str| {
            let mut values = text
                .lines()
                .filter_map(|line| line.strip_prefix("# ")?.strip_prefix(key));
            values
                .next()
                .unwrap_or_else(|| panic!("{FILE} has no line `# {key}`"))
                .trim()
                .to_owned()
        };
        let lines = text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty());
        let counts = lines.map(|line| {
            let (name, count) = line.rsplit_once(' ').expect("a name and a count");
            let count = count
                .parse()
                .unwrap_or_else(|_| panic!("{FILE}: {line:?} does not end with a count"));
            (name.trim_end().to_owned(), count)
        });
        Self {
            commit: about("commit:"),
            toolchain: about("toolchain:"),
            counts: counts.collect(),
        }
    }

    pub(crate) fn count(&self, name: &str) -> Option<u64> {
        self.counts
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, count)| *count)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.counts.iter().map(|(name, _)| name.as_str())
    }

    pub(crate) fn origin(&self) -> String {
        format!("commit {}, {}", self.commit, self.toolchain)
    }

    /// Another compiler makes other choices, so its counts say less about the source.
    pub(crate) fn is_of_this_toolchain(&self) -> bool {
        self.toolchain == said("rustc", &["--version"])
    }

    pub(crate) fn verdict(&self, name: &str, count: u64) -> Verdict {
        let Some(expected) = self.count(name) else {
            return Verdict::NotInBaseline;
        };
        let is_hot = HOT_PATH.contains(&name);
        if count > expected + margin(expected, is_hot && self.is_of_this_toolchain()) {
            Verdict::OverLimit
        } else if is_hot && change(count, expected) > BUDGET {
            Verdict::OverBudget
        } else {
            Verdict::Within
        }
    }
}

/// The growth that does not fail. The same source has the same counts, and unrelated changes hardly move them; but when
/// the compiler does change its mind about inlining one function, that has been seen to cost 48 instructions.
fn margin(expected: u64, is_strict: bool) -> u64 {
    if is_strict {
        (expected / 20).max(50)
    } else {
        (expected / 10).max(120)
    }
}

/// The growth in per cent.
pub(crate) fn change(count: u64, expected: u64) -> f64 {
    (count as f64 / expected as f64 - 1.0) * 100.0
}

/// Makes these counts the baseline.
pub(crate) fn write(counts: &[(String, u64)]) {
    let mut text = format!(
        "# Instructions of each operation, counted by callgrind; of a request: over the bare application.\n\
         # The baseline of `benches/run.sh --test instructions`.\n\
         # commit: {} (the last that changed src)\n\
         # toolchain: {}\n\
         # counter: {}, {}\n\
         # command: cargo bench --bench instructions -- --write-baseline\n",
        said("git", &["log", "-1", "--format=%h", "--", "src"]),
        said("rustc", &["--version"]),
        said("valgrind", &["--version"]),
        said("uname", &["-m"]),
    );
    for (name, count) in counts {
        writeln!(text, "{}", line(name, *count)).expect("a string takes everything");
    }
    fs::write(FILE, text).expect("the baseline can be written");
}

/// A line of the file.
pub(crate) fn line(name: &str, count: u64) -> String {
    format!("{name:<45} {count:>8}")
}

/// The output of a program.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map_or_else(
        |_| "?".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}
