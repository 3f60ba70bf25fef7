//! A Redis Cluster of several masters.

use crate::redis_server::{Options, Redis, Value, until};

const SLOTS: usize = 16_384;

/// Stops all nodes when dropped.
pub(crate) struct Cluster {
    /// Each node has an equal share of the slots, in this order.
    pub(crate) nodes: Vec<Redis>,
}

impl Cluster {
    /// Returns when all `count` nodes agree (at least three, says Redis, if one may fail).
    #[track_caller]
    pub(crate) fn start(count: usize) -> Self {
        let options = Options {
            arguments: &[
                "--cluster-enabled",
                "yes",
                "--cluster-config-file",
                "nodes.conf",
                "--cluster-node-timeout",
                "2000",
                "--cluster-announce-ip",
                "127.0.0.1",
            ],
            ..Options::default()
        };
        let nodes: Vec<_> = (0..count).map(|_| Redis::start_with(&options)).collect();
        let ok = Value::from("OK");
        for (number, node) in nodes.iter().enumerate() {
            let (first, last) = (SLOTS * number / count, SLOTS * (number + 1) / count - 1);
            let share = [
                "CLUSTER",
                "ADDSLOTSRANGE",
                &first.to_string(),
                &last.to_string(),
            ];
            assert_eq!(node.command(&share), ok);
            // One after the other, or two nodes may claim the same epoch.
            let epoch = ["CLUSTER", "SET-CONFIG-EPOCH", &(number + 1).to_string()];
            assert_eq!(node.command(&epoch), ok);
        }
        for node in &nodes[1..] {
            assert_eq!(
                nodes[0].command(&["CLUSTER", "MEET", "127.0.0.1", &node.port().to_string()]),
                ok
            );
        }
        let cluster = Self { nodes };
        cluster.wait_until_ok();
        cluster
    }

    /// The addresses of all nodes, for a client.
    pub(crate) fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(Redis::url).collect()
    }

    /// Also needed after a node was restarted: it responds before it takes part again.
    #[track_caller]
    pub(crate) fn wait_until_ok(&self) {
        let known = format!("cluster_known_nodes:{}", self.nodes.len());
        for node in &self.nodes {
            until(
                &format!("the node on {} reports cluster_state:ok", node.port()),
                || {
                    let about = node.command(&["CLUSTER", "INFO"]).text();
                    ["cluster_state:ok", "cluster_slots_ok:16384", &known]
                        .iter()
                        .all(|line| about.lines().any(|is| is == *line))
                },
            );
        }
    }

    /// Returns the node that serves the slot of this key.
    #[track_caller]
    pub(crate) fn node_of(&self, key: &str) -> &Redis {
        match self.nodes[0].command(&["CLUSTER", "KEYSLOT", key]) {
            Value::Int(slot) => {
                let slot = usize::try_from(slot).expect("a slot");
                let number =
                    (0..self.nodes.len()).rfind(|number| SLOTS * number / self.nodes.len() <= slot);
                &self.nodes[number.expect("the first begins with slot 0")]
            }
            other => panic!("CLUSTER KEYSLOT: {other:?}"),
        }
    }
}
