//! Trace of a run: the last lines for a reader, and a hash of all for the comparison of two runs.

use std::collections::VecDeque;
use std::fmt;

/// The most lines that are kept.
const KEPT: usize = 5_000;

#[derive(Debug)]
pub(crate) struct Trace {
    hash: u64,
    count: u64,
    last: VecDeque<String>,
}

impl Default for Trace {
    fn default() -> Self {
        Self {
            hash: 0xCBF2_9CE4_8422_2325,
            count: 0,
            last: VecDeque::new(),
        }
    }
}

impl Trace {
    pub(crate) fn push(&mut self, at: u64, line: fmt::Arguments<'_>) {
        let line = format!("{at:>7} {line}");
        // FNV-1a.
        for byte in line.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
        self.count += 1;
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn last_lines(&self) -> String {
        let lines: Vec<&str> = self.last.iter().map(String::as_str).collect();
        lines.join("\n")
    }
}
