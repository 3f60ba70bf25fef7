//! What the benchmarks have found: the figures that they have kept.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Our layer's name among what it is compared with.
pub(crate) const OURS: &str = "login, live session";

#[derive(Default)]
pub(crate) struct Figures(BTreeMap<String, f64>);

impl Figures {
    /// Those of all sections in `directory`; none, if there is none.
    pub(crate) fn read(directory: &Path) -> Self {
        let files = fs::read_dir(directory)
            .into_iter()
            .flatten()
            .flatten()
            .map(|file| file.path());
        let tables = files.filter(|file| file.extension().is_some_and(|ending| ending == "tsv"));
        let lines: String = tables
            .map(|file| fs::read_to_string(file).expect("a file of the report"))
            .collect();
        let figures = lines.lines().filter_map(|line| {
            let (key, value) = line.split_once('\t')?;
            Some((key.to_owned(), value.parse().expect("a number")))
        });
        Self(figures.collect())
    }

    /// `None`: not measured.
    pub(crate) fn get(&self, key: &str) -> Option<f64> {
        self.0.get(key).copied().filter(|figure| figure.is_finite())
    }

    /// One figure in proportion to another.
    pub(crate) fn ratio(&self, key: &str, to: &str) -> Option<f64> {
        Some(self.get(key)? / self.get(to)?)
    }

    /// All whose keys begin so, with the rest of the key.
    pub(crate) fn under(&self, prefix: &str) -> impl Iterator<Item = (&str, f64)> {
        self.0
            .iter()
            .filter_map(move |(key, value)| Some((key.strip_prefix(prefix)?, *value)))
    }
}
