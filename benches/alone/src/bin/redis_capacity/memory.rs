//! Memory of the server for each session.

use harness::redis::Server;
use harness::{Report, is_smoke};
use tower_weika::identity::Manager;

use crate::server::{Usage, key_with, memory_of};
use crate::user::{connect, full, least, start};

const SESSIONS_OF_A_USER: usize = 2;

pub async fn table(report: &mut Report) {
    let users = if is_smoke() { 50 } else { 5_000 };
    report.table(
        "identity",
        &format!(
            "Memory of the server in bytes: {} sessions of {users} users. In all: the growth of its \
             memory, divided by the sessions, with its tables of keys and the indexes.",
            users * SESSIONS_OF_A_USER,
        ),
    );
    type User = fn(usize) -> Manager;
    let kinds: [(&str, User); 2] = [("identifier only", least), ("full manager", full)];
    for (name, user) in kinds {
        for (encryption, is_encrypted) in [("plain", false), ("encrypted", true)] {
            let server = Server::start();
            let store = connect(&server, is_encrypted).await;
            // The clock and the scripts are there once.
            start(&store, user(users)).await;
            let before = Usage::of(&server);
            for number in (0..users).flat_map(|number| [number; SESSIONS_OF_A_USER]) {
                start(&store, user(number)).await;
            }
            let grown = Usage::of(&server).memory - before.memory;
            let sessions = (users * SESSIONS_OF_A_USER) as f64;
            let [record, index] = [":session:", ":sessions-of:"]
                .map(|kind| memory_of(&server, &key_with(&server, kind)));
            let cells = [
                ("in all, per session", grown / sessions),
                ("record", record),
                ("index of a user", index),
            ];
            report.row(&format!("{name}, {encryption}"), &cells);
        }
    }
}
