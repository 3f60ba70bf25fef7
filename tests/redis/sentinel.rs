//! A master, a replica, and a Redis Sentinel that promotes the replica on failover.

use crate::redis_server::{Options, Redis, Value, until};

/// Stops all servers when dropped.
pub(crate) struct Sentinel {
    /// The first master.
    pub(crate) master: Redis,
    /// The first replica.
    pub(crate) replica: Redis,
    pub(crate) sentinel: Redis,
}

impl Sentinel {
    /// The name of the master group.
    pub(crate) const NAME: &str = "main";

    /// Returns when the replica follows and the sentinel knows both.
    #[track_caller]
    pub(crate) fn start() -> Self {
        Self::start_with(None, None)
    }

    /// With one password for the servers and one for the sentinel.
    #[track_caller]
    pub(crate) fn start_with(password: Option<&str>, of_sentinel: Option<&str>) -> Self {
        let options = Options {
            password,
            ..Options::default()
        };
        let master = Redis::start_with(&Options {
            arguments: &["--repl-diskless-sync-delay", "0"],
            ..options
        });
        let port = master.port().to_string();
        let replica = Redis::start_with(&Options {
            arguments: &["--replicaof", "127.0.0.1", &port],
            ..options
        });
        until("the replica follows", || {
            has_line(&replica, "replication", "master_link_status:up")
        });
        until("the master streams its writes to the replica", || {
            master
                .command(&["INFO", "replication"])
                .text()
                .contains(",state=online,")
        });

        let name = Self::NAME;
        let mut settings = format!(
            "sentinel monitor {name} 127.0.0.1 {port} 1\n\
             sentinel down-after-milliseconds {name} 500\n\
             sentinel failover-timeout {name} 3000\n"
        );
        if let Some(password) = password {
            settings += &format!("sentinel auth-pass {name} {password}\n");
        }
        if let Some(password) = of_sentinel {
            settings += &format!("requirepass {password}\n");
        }
        let sentinel = Redis::launch(&settings, &["--sentinel"], of_sentinel);
        let known =
            format!("master0:name={name},status=ok,address=127.0.0.1:{port},slaves=1,sentinels=1");
        until("the sentinel knows both", || {
            has_line(&sentinel, "sentinel", &known)
        });
        Self {
            master,
            replica,
            sentinel,
        }
    }

    /// The URL of the sentinel, for a client.
    pub(crate) fn url(&self) -> String {
        self.sentinel.url()
    }

    /// Kills the master, and returns when the replica is master and the sentinel reports it. If the
    /// old master is restarted, it acts as a master until the sentinel notices, which can take half
    /// a minute.
    #[track_caller]
    pub(crate) fn failover_by_killing_master(&mut self) {
        self.master.kill();
        until("the replica is master", || {
            has_line(&self.replica, "replication", "role:master")
        });
        let expected = Value::Array(vec![
            "127.0.0.1".into(),
            self.replica.port().to_string().as_str().into(),
        ]);
        until("the sentinel reports it", || {
            self.sentinel
                .command(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", Self::NAME])
                == expected
        });
    }
}

/// Whether a section of `INFO` has this line.
fn has_line(redis: &Redis, section: &str, line: &str) -> bool {
    // A sentinel disconnects all clients of the new master, which may include this one.
    let reply = redis
        .connect()
        .and_then(|mut connection| connection.call(&["INFO", section]));
    reply.is_ok_and(|about| about.text().lines().any(|is| is == line))
}
