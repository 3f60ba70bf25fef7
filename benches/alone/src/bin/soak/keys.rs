//! Number of keys and size of a store.

use rusqlite::{Connection, OpenFlags};

use crate::stores::Store;

/// Keys of a server, or rows of a file.
pub(crate) struct Keys {
    pub(crate) sessions: f64,
    /// Everything else: flows and revocations, which stay for ten minutes, and indexes.
    pub(crate) others: f64,
    pub(crate) mebibytes: f64,
}

impl Keys {
    pub(crate) fn of(store: &Store) -> Self {
        let [sessions, others, bytes] = match store {
            Store::Redis(server) => {
                let script = "local sessions, cursor = 0, '0' \
                              repeat local found = redis.call('SCAN', cursor, 'MATCH', '*:session:*', 'COUNT', 1000) \
                              sessions = sessions + #found[2] cursor = found[1] until cursor == '0' \
                              return tostring(sessions)";
                let sessions = number(&server.command(&["EVAL", script, "0"]));
                let all = number(&server.command(&[
                    "EVAL",
                    "return tostring(redis.call('DBSIZE'))",
                    "0",
                ]));
                let memory = server.command(&["INFO", "memory"]);
                let used = memory
                    .lines()
                    .find_map(|line| line.strip_prefix("used_memory:"));
                [sessions, all - sessions, number(used.expect("used_memory"))]
            }
            Store::Sqlite(folder) => {
                let file = Connection::open_with_flags(
                    folder.database(),
                    OpenFlags::SQLITE_OPEN_READ_ONLY,
                );
                let file = file.expect("a file that an instance has created");
                let count = |tables: &str| -> f64 {
                    let rows = file.query_row(&format!("SELECT {tables}"), [], |row| row.get(0));
                    rows.expect("the tables of the schema")
                };
                let sessions = count("CAST((SELECT COUNT(*) FROM sessions) AS REAL)");
                let others = count(
                    "CAST((SELECT COUNT(*) FROM flows) + (SELECT COUNT(*) FROM revocations) AS REAL)",
                );
                [sessions, others, folder.bytes() as f64]
            }
        };
        Self {
            sessions,
            others,
            mebibytes: bytes / f64::from(1 << 20),
        }
    }
}

fn number(text: &str) -> f64 {
    let number = text.trim().parse();
    number.unwrap_or_else(|_| panic!("not a number: {text}"))
}
