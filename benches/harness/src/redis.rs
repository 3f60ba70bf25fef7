//! A Redis server that keeps nothing on the disk.

use crate::redis_server::{Options, Redis};

/// Ends when it is dropped.
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
