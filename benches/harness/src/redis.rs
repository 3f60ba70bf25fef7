//! A Redis server without persistence.

use crate::redis_server::{Options, Redis};

/// Stops when dropped.
pub struct Server(Redis);

impl Server {
    pub fn start() -> Self {
        Self(Redis::start_with(&Options {
            arguments: &["--appendonly", "no"],
            ..Options::default()
        }))
    }

    pub fn url(&self) -> String {
        self.0.url()
    }
}
