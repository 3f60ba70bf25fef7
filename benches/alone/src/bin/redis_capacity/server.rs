//! Figures that the server reports about itself.

use std::collections::HashMap;

use harness::redis::Server;

/// Figures of `INFO`; the difference of two belongs to what happened between them.
pub struct Usage {
    /// Bytes.
    pub memory: f64,
    /// Microseconds of the thread that executes commands.
    pub processor: f64,
    /// Calls of clients.
    pub calls: f64,
    /// Commands, also those of scripts.
    pub commands: f64,
}

impl Usage {
    pub fn of(server: &Server) -> Self {
        let info = server.command(&["INFO", "everything"]);
        let fields: HashMap<&str, &str> = info
            .lines()
            .filter_map(|line| line.split_once(':'))
            .collect();
        let number = |name: &str| {
            let value = fields
                .get(name)
                .unwrap_or_else(|| panic!("INFO has {name}"));
            value.parse::<f64>().expect("a number")
        };
        let count = |name: &str| {
            let statistics = fields.get(&*format!("cmdstat_{name}"));
            statistics.map_or(0.0, |it| calls(it))
        };
        let statistics = fields
            .iter()
            .filter(|(name, _)| name.starts_with("cmdstat_"));
        let all: f64 = statistics.map(|(_, it)| calls(it)).sum();
        let (scripts, info) = (count("evalsha") + count("eval"), count("info"));
        Self {
            memory: number("used_memory"),
            processor: 1e6
                * (number("used_cpu_user_main_thread") + number("used_cpu_sys_main_thread")),
            calls: scripts,
            commands: all - scripts - info,
        }
    }
}

/// The number of calls in a line such as `calls=10,usec=24,…`.
fn calls(statistics: &str) -> f64 {
    let first = statistics.split(',').next();
    let calls = first.and_then(|first| first.strip_prefix("calls="));
    calls.and_then(|calls| calls.parse().ok()).expect("calls")
}

/// Returns a key whose name contains this.
pub fn key_with(server: &Server, part: &str) -> String {
    let script = "local cursor, pattern = '0', '*' .. ARGV[1] .. '*' \
                  repeat local found = redis.call('SCAN', cursor, 'MATCH', pattern, 'COUNT', 1000) \
                  if found[2][1] then return found[2][1] end cursor = found[1] until cursor == '0'";
    server.command(&["EVAL", script, "0", part])
}

/// Returns the bytes of a key.
pub fn memory_of(server: &Server, key: &str) -> f64 {
    let reply = server.command(&[
        "EVAL",
        "return tostring(redis.call('MEMORY', 'USAGE', KEYS[1], 'SAMPLES', '0'))",
        "1",
        key,
    ]);
    reply.parse().expect("a number")
}
