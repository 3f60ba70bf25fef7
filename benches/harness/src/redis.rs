//! A Redis server.

use crate::redis_server::{Options, Redis};

/// Stops when dropped.
pub struct Server(Redis);

impl Server {
    /// A server without persistence.
    pub fn start() -> Self {
        Self(Redis::start_with(&Options {
            arguments: &["--appendonly", "no"],
            ..Options::default()
        }))
    }

    /// A server that writes its file once a second, as the documentation of the store advises.
    pub fn persistent() -> Self {
        Self(Redis::start_with(&Options {
            arguments: &["--appendfsync", "everysec"],
            ..Options::default()
        }))
    }

    /// Sends one command, and returns the text of the reply.
    pub fn command(&self, words: &[&str]) -> String {
        self.0.command(words).text()
    }

    /// Kills the process, and starts it again with its data.
    pub fn restart(&mut self) {
        self.0.restart();
    }

    pub fn url(&self) -> String {
        self.0.url()
    }
}
