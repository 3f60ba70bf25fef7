//! One section of the report: printed, and stored for `report.py`, which renders its tables.

use std::{env, fs, path::Path};

/// Whether everything runs only once, as a smoke test (`--test`).
pub fn is_smoke() -> bool {
    env::args().any(|argument| argument == "--test")
}

/// Lines of tab-separated fields.
pub struct Report {
    name: &'static str,
    lines: String,
}

impl Report {
    pub fn new(name: &'static str, title: &str) -> Self {
        let mut report = Self {
            name,
            lines: String::new(),
        };
        report.line(&["title", title]);
        report
    }

    pub fn text(&mut self, paragraph: &str) {
        self.line(&["text", paragraph]);
    }

    /// Starts a table. `first` is the heading of its first column.
    pub fn table(&mut self, first: &str, paragraph: &str) {
        self.text(paragraph);
        self.line(&["table", first]);
    }

    /// Adds a row to the table. `NAN` is a missing figure.
    pub fn row(&mut self, name: &str, cells: &[(&str, f64)]) {
        let cells = cells
            .iter()
            .flat_map(|(column, figure)| [(*column).to_owned(), figure.to_string()]);
        let fields: Vec<_> = ["row".to_owned(), name.to_owned()]
            .into_iter()
            .chain(cells)
            .collect();
        self.line(&fields);
    }

    /// Adds columns to the table: the figures of `column` divided by those of each of these rows.
    pub fn ratios(&mut self, column: &str, rows: &[&str]) {
        self.line(&[&["ratios", column], rows].concat());
    }

    /// Writes the section into the directory named by `REPORT`.
    pub fn finish(self) {
        if let Some(directory) = env::var_os("REPORT") {
            fs::create_dir_all(&directory).expect("the directory of the report");
            let file = Path::new(&directory).join(self.name).with_extension("tsv");
            fs::write(file, self.lines).expect("a file of the report");
        }
    }

    fn line(&mut self, fields: &[impl AsRef<str>]) {
        let line = fields
            .iter()
            .map(AsRef::as_ref)
            .collect::<Vec<_>>()
            .join("\t");
        println!("{line}");
        self.lines += &(line + "\n");
    }
}
