//! One section of the report: printed, and kept for `benches/run.sh` to put together.
#![expect(clippy::print_stdout, reason = "the output of these programs")]

use std::fmt::Write;
use std::{env, fs, path::PathBuf};

/// Whether everything is to run once only, to see that it works (`cargo bench -- --test`).
pub(crate) fn is_smoke() -> bool {
    env::args().any(|argument| argument == "--test")
}

/// A section: Markdown for people, figures for the goals and the plot.
pub(crate) struct Section {
    name: &'static str,
    text: String,
    figures: String,
}

impl Section {
    /// `name` is that of the files, `title` the heading.
    pub(crate) fn new(name: &'static str, title: &str) -> Self {
        Self {
            name,
            text: format!("## {title}\n"),
            figures: String::new(),
        }
    }

    /// A paragraph.
    pub(crate) fn text(&mut self, paragraph: &str) {
        self.text += &format!("\n{paragraph}\n");
    }

    pub(crate) fn table(&mut self, header: &[&str], rows: &[Vec<String>]) {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let header: Vec<_> = header.iter().map(|cell| (*cell).to_owned()).collect();
        self.text += "\n";
        self.text += &line(&header);
        self.text += &format!("|{}\n", "---|".repeat(header.len()));
        self.text.extend(rows.iter().map(|row| line(row)));
    }

    /// A figure that a goal or the plot is about. Keys are paths: `request/tower-sessions/cold`.
    pub(crate) fn figure(&mut self, key: &str, value: f64) {
        writeln!(self.figures, "{}/{key}\t{value:.4}", self.name)
            .expect("a string takes everything");
    }

    /// Prints the section; keeps it in the directory that `REPORT` names, unless this is a smoke run.
    pub(crate) fn finish(self) {
        println!("{}", self.text);
        if let Some(directory) = env::var_os("REPORT")
            .map(PathBuf::from)
            .filter(|_| !is_smoke())
        {
            fs::create_dir_all(&directory).expect("the directory of the report");
            for (ending, content) in [("md", &self.text), ("tsv", &self.figures)] {
                fs::write(directory.join(self.name).with_extension(ending), content)
                    .expect("a file of the report");
            }
        }
    }
}
