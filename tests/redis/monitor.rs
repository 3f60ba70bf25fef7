//! Recording of all commands that a Redis server executes.

use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::redis_server::{Redis, Value, until};

/// Records every command of every client except `AUTH`, until dropped.
pub(crate) struct Monitor<'a> {
    redis: &'a Redis,
    lines: Arc<Mutex<Vec<String>>>,
    socket: TcpStream,
}

impl Redis {
    /// Starts recording the commands of this server.
    #[track_caller]
    pub(crate) fn monitor(&self) -> Monitor<'_> {
        let mut connection = self.connect().expect("a server that runs");
        assert_eq!(
            connection.call(&["MONITOR"]).expect("a server that runs"),
            Value::from("OK")
        );
        connection.set_timeout(None).expect("a socket");
        let socket = connection.socket().expect("a socket");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&lines);
        thread::spawn(move || {
            while let Ok(line) = connection.read() {
                shared
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(line.text());
            }
        });
        Monitor {
            redis: self,
            lines,
            socket,
        }
    }
}

impl Monitor<'_> {
    /// Returns all commands that the server executed before this call, one line each: time,
    /// database number and client address, then the words in quotes. Commands of scripts are
    /// included.
    #[track_caller]
    pub(crate) fn text(&self) -> String {
        static MARKERS: AtomicU64 = AtomicU64::new(0);

        // A server executes commands in order: when this one is recorded, so are all earlier ones.
        let mark = format!(
            "\"ECHO\" \"monitor-marker-{}\"",
            MARKERS.fetch_add(1, Ordering::Relaxed)
        );
        self.redis.command(
            &mark
                .split(' ')
                .map(|word| word.trim_matches('"'))
                .collect::<Vec<_>>(),
        );
        let mut text = String::new();
        until("the monitor has caught up", || {
            let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(end) = lines.iter().position(|line| line.ends_with(&mark)) else {
                return false;
            };
            let lines = lines[..end]
                .iter()
                .filter(|line| !line.contains("\"monitor-marker-"));
            text = lines.map(|line| line.clone() + "\n").collect();
            true
        });
        text
    }
}

impl Drop for Monitor<'_> {
    fn drop(&mut self) {
        // Stops the thread. Fails if the server has closed the connection already.
        let _ended = self.socket.shutdown(Shutdown::Both);
    }
}
